import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export interface RunOptions {
  /** What the program reads on its standard input. Default: nothing. */
  readonly input?: string
  /** Default 180 s. */
  readonly timeoutMs?: number
}

/** Runs a program to its end and returns what it wrote. Throws, with its output, when it fails or takes too long. */
export async function runProgram(
  [command = '', ...args]: readonly string[],
  { input = '', timeoutMs = 180_000 }: RunOptions = {},
): Promise<string> {
  const child = spawn(command, args, { timeout: timeoutMs })
  // A program that reads nothing may be gone before it was told anything.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  if (code === 0) return stdout
  const how = signal ? `ended by ${signal}, after at most ${timeoutMs} ms` : `exit code ${code}`
  throw new Error(`Cannot run \`${[command, ...args].join(' ')}\`: ${how}\n${stdout}${stderr}`.trimEnd())
}
