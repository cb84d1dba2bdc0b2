import { asFailure, Failure } from '../../shared/bytestream/failure.ts'
import { DialFailure } from '../../shared/transfer/socks5-client.ts'
import type { SelfTestReason } from './report.ts'

/** What a bytestream of the self-test was about when it failed. */
export type SelfTestStage = 'dial' | 'activation' | 'bytes'

/** Bytes that did not go through an advertised address, and why. `reply` is the SOCKS5 reply where there was one. */
export class SelfTestFailure extends Failure {
  readonly reason: SelfTestReason
  readonly reply?: number

  constructor(reason: SelfTestReason, message: string, options: { cause?: unknown; reply?: number | undefined } = {}) {
    super('unavailable', message, { cause: options.cause })
    this.reason = reason
    if (options.reply !== undefined) this.reply = options.reply
  }
}

/** Names what went wrong at a stage. */
export function asSelfTestFailure(stage: SelfTestStage, error: unknown): SelfTestFailure {
  if (error instanceof SelfTestFailure) return error
  const { message } = asFailure(error, 'The self-test broke')
  if (isTimeout(error) || (error instanceof DialFailure && isTimeout(error.cause)))
    return new SelfTestFailure('timeout', `No end in time: ${told[stage]}`, { cause: error })
  if (stage === 'activation') return new SelfTestFailure('not-activated', message, { cause: error })
  if (stage === 'bytes') return new SelfTestFailure('bytes', `The bytestream broke: ${message}`, { cause: error })
  const reply = error instanceof DialFailure ? error.reply : undefined
  return new SelfTestFailure(reasonOfDial(error), message, { cause: error, reply })
}

const told: Record<SelfTestStage, string> = {
  dial: 'connecting took too long',
  activation: 'the activation took too long',
  bytes: 'the bytes did not all come through',
}

const reasonOfCode: Readonly<Record<string, SelfTestReason>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
}

function reasonOfDial(error: unknown): SelfTestReason {
  if (!(error instanceof DialFailure)) return 'unreachable'
  if (error.reply !== undefined) return 'socks-reply'
  if (error.stage !== 'tcp') return 'not-socks5'
  const code = (error.cause as { code?: unknown } | undefined)?.code
  return (typeof code === 'string' && reasonOfCode[code]) || 'unreachable'
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}
