/**
 * Given to the test runner by `--import`: a test file whose process is still alive so long after its last test fails, and
 * says what keeps it (`?graceMs=`, default 30 s). The runner's own timeout is for tests, not for files: without this, one
 * server that nobody closed keeps the whole run waiting for ever. With `--test-force-exit` the last reports of a file are
 * lost whenever the process is faster than its pipe.
 */
import { isMainThread } from 'node:worker_threads'

const graceMs = Number(new URL(import.meta.url).searchParams.get('graceMs') ?? 30_000)

// The runner itself reads this file too, and so does every worker thread.
if (process.env.NODE_TEST_CONTEXT !== undefined && isMainThread) {
  const { after } = await import('node:test')
  after(() => void setTimeout(fail, graceMs).unref())
}

function fail(): void {
  const kept = [...new Set(process.getActiveResourcesInfo())].join(', ')
  process.stderr.write(`${process.argv[1]} is still alive ${graceMs} ms after its last test; it holds ${kept}\n`)
  process.exit(1)
}
