import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../../shared/bytestream/failure.ts'
import type { CourierConfig } from '../config.ts'

export type Verdict = 'clean' | 'infected'

/** Lets a scanner judge a file. Throws `unavailable` when it gives no verdict in time. */
export type Scan = (file: AsyncIterable<Buffer>) => Promise<Verdict>

type ScanOptions = Pick<CourierConfig, 'scanCommand' | 'scanUrl' | 'scanTimeoutMs'>

/** The scan that the options ask for; undefined when they ask for none. */
export function openScan({ scanCommand, scanUrl, scanTimeoutMs }: ScanOptions): Scan | undefined {
  if (scanCommand !== undefined && scanUrl !== undefined) {
    throw new Failure('malformed', 'Cannot scan twice: give COURIER_SCAN_COMMAND or COURIER_SCAN_URL, not both')
  }
  if (scanCommand !== undefined) return (file) => judged(() => byCommand(scanCommand, file, scanTimeoutMs))
  if (scanUrl !== undefined) return (file) => judged(() => byHttp(scanUrl, file, scanTimeoutMs))
  return undefined
}

async function judged(judge: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await judge()
  } catch (cause) {
    if (cause instanceof Failure && cause.code !== 'unavailable') throw cause
    throw new Failure('unavailable', 'Cannot scan a file: the scanner gave no verdict', { cause })
  }
}

/** Exit codes as of clamdscan: 0 is clean, 1 is infected, anything else no verdict. */
async function byCommand(command: string, file: AsyncIterable<Buffer>, timeoutMs: number): Promise<Verdict> {
  const scanner = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'ignore', 'ignore'] })
  const exited = once(scanner, 'exit', { signal: AbortSignal.timeout(timeoutMs) })
  // It may have seen enough before the end of the file.
  const fed = pipeline(Readable.from(file), scanner.stdin).catch(() => {})
  try {
    const [code, signal] = await exited
    if (code === 0) return 'clean'
    if (code === 1) return 'infected'
    throw new Failure('unavailable', `The scan command ended with ${signal ?? `exit code ${code}`}`)
  } finally {
    scanner.kill('SIGKILL')
    scanner.stdin.destroy()
    await fed
  }
}

/** A POST of the bytes: 2xx is clean, 406 is infected, anything else no verdict. */
async function byHttp(url: string, file: AsyncIterable<Buffer>, timeoutMs: number): Promise<Verdict> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Readable.toWeb(Readable.from(file)),
    duplex: 'half',
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  })
  await response.body?.cancel()
  if (response.ok) return 'clean'
  if (response.status === 406) return 'infected'
  throw new Failure('unavailable', `The scanner answered ${response.status}`)
}
