import { describe, it } from 'node:test'
import { longCases } from './cases.ts'
import { exploreOnThread } from './explorer-thread.ts'

describe('Pairing and activation, in every order in which messages can arrive', () => {
  for (const [what, given] of longCases) {
    it(`joins whom it should and never gets stuck: ${what}`, async (test) => {
      const begun = performance.now()
      const { states, ends } = await exploreOnThread(given, {
        tell: (soFar) =>
          console.log(`${what}: ${soFar.states} states after ${Math.round((performance.now() - begun) / 1000)} s`),
      })
      test.diagnostic(`${states} states, ${ends} of them at rest`)
    })
  }
})
