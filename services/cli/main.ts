#!/usr/bin/env node
// Nothing is loaded before somebody listens: for the first process of a container a signal without a listener is lost.
const interruption = new AbortController()
process.once('SIGINT', () => interruption.abort(new Error('interrupted')))
process.once('SIGTERM', () => interruption.abort(new Error('interrupted')))

const { runProgram } = await import('./program.ts')
const { systemClock } = await import('../shared/runtime/clock.ts')

const exitCode = await runProgram(process.argv, {
  stdout: process.stdout,
  stderr: process.stderr,
  terminal: { input: process.stdin, output: process.stdout },
  env: process.env,
  clock: systemClock,
  signal: interruption.signal,
})
if (exitCode !== undefined) process.exitCode = exitCode
