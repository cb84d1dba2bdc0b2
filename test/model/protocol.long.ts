import { describe, it } from 'node:test'
import { longCases } from './cases.ts'
import { explore } from './explorer.ts'

describe('Pairing and activation, in every order in which messages can arrive', () => {
  for (const [what, given] of longCases) {
    it(`joins whom it should and never gets stuck: ${what}`, async (test) => {
      const { states, ends } = await explore(given)
      test.diagnostic(`${states} states, ${ends} of them at rest`)
    })
  }
})
