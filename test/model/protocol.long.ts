import { describe, it } from 'node:test'
import { longCases } from './cases.ts'
import { exploreCase } from './explorer-thread.ts'

describe('Pairing and activation, in every order in which messages can arrive', () => {
  for (const [what] of longCases) {
    it(`joins whom it should and never gets stuck: ${what}`, async (test) => {
      const { states, ends } = await exploreCase(what)
      test.diagnostic(`${states} states, ${ends} of them at rest`)
    })
  }
})
