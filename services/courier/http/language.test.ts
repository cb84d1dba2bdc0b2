import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { languageFor } from './language.ts'

describe('languageFor()', () => {
  for (const [header, tag] of [
    [undefined, 'en'],
    ['', 'en'],
    ['fr', 'en'],
    ['de', 'de'],
    ['de-AT,de;q=0.9,en;q=0.8', 'de'],
    ['en-US,en;q=0.9,de;q=0.8', 'en'],
    ['fr-CH, fr;q=0.9, de;q=0.7, en;q=0.5', 'de'],
    ['en;q=0.1, DE;q=0.2', 'de'],
    ['de;q=0', 'en'],
    ['de;q=x', 'en'],
  ] as const) {
    it(`is ${tag} for ${JSON.stringify(header)}`, () => assert.equal(languageFor(header).tag, tag))
  }
})
