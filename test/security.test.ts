import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'

const root = `${import.meta.dirname}/..`

/** What an invariant stands on: a file, and a test in it by name. */
interface NamedTest {
  readonly file: string
  readonly name: string
}

/** The tests that the page names as `file` › *name*, several of one file after one another. */
function namedTests(page: string): NamedTest[] {
  return [...page.matchAll(/`([^`\s]+\.ts)` › ((?:\*[^*]+\*(?:, )?)+)/g)].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/\*([^*]+)\*/g)].map(([, name = '']) => ({ file, name })),
  )
}

describe('SECURITY.md', () => {
  it('names a test that exists with every invariant', async () => {
    const page = await readFile(`${root}/SECURITY.md`, 'utf8')
    const [, invariants = ''] = /\n## Invariants\n([\s\S]*?)\n## /.exec(page) ?? []
    const stated = invariants.split('\n').filter((line) => line.startsWith('- '))
    assert.ok(stated.length >= 30, `${stated.length} invariants`)
    for (const line of stated) {
      const tests = namedTests(line)
      assert.ok(tests.length > 0, `no test is named: ${line}`)
      for (const { file, name } of tests) {
        const text = await readFile(`${root}/${file}`, 'utf8')
        const declared = ["'", '"', '`'].some((quote) => text.includes(`it(${quote}${name}${quote}`))
        assert.ok(declared, `${file} has no test ‘${name}’`)
      }
    }
  })
})
