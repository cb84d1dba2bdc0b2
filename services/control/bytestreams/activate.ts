import { type Digest, digestAsTyped, digestOf } from '../../shared/bytestream/digest.ts'
import { asFailure, Failure, type FailureCode } from '../../shared/bytestream/failure.ts'
import { formatBareJid, formatJid, type Jid, parseJid } from '../../shared/bytestream/jid.ts'
import { type Room, roomKey } from '../../shared/bytestream/room.ts'
import type { Admission } from '../../shared/component/admission.ts'
import type { Clock } from '../../shared/runtime/clock.ts'
import { StanzaError } from '../../shared/xmpp/stanza-error.ts'
import { attribute, ns } from '../../shared/xmpp/xml.ts'
import type { IqRequest, IqRoute } from '../component/router.ts'
import type { Directory } from '../directory.ts'
import type { Activated, ActivatedOutcome, Activation, Activator } from './activator.ts'
import type { LimitName, Quotas } from './quotas.ts'
import { type StreamhostOptions, streamhostNames } from './streamhost.ts'

/** How an activation was answered. */
export const activationOutcomes = [
  'joined',
  'repeated',
  'malformed',
  'forbidden',
  'not-found',
  'not-ready',
  'taken',
  'over-limit',
  'unavailable',
  'internal',
] as const satisfies readonly (ActivatedOutcome | FailureCode)[]
export type ActivationOutcome = (typeof activationOutcomes)[number]

/** An activation that has been answered. What it did not get to is absent. */
export interface AnsweredActivation {
  readonly outcome: ActivationOutcome
  readonly requester: Jid
  readonly target?: Jid
  readonly digest?: Digest
  readonly durationMs: number
  readonly error?: unknown
}

export interface ActivateOptions extends StreamhostOptions {
  /** Activations of one bare JID that may be under way at once. */
  readonly activationsPerRequester: number
}

export interface ActivateParts {
  readonly activator: Pick<Activator, 'activate'>
  readonly quotas: Pick<Quotas, 'admit'>
  readonly directory: Directory
  readonly admits: Admission
  readonly clock: Clock
  readonly events: {
    activationAnswered(activation: AnsweredActivation): void
    limitReached(limit: LimitName): void
  }
}

interface Asked {
  readonly target: Jid
  readonly rooms: readonly [Room, ...Room[]]
}

const longestSidBytes = 1023

/** Answers activations (XEP-0065 §6.3.5): checks who asks and what for, and leaves the rest to the activator. */
export function activateRoute(
  { activator, quotas, directory, admits, clock, events }: ActivateParts,
  options: ActivateOptions,
): IqRoute {
  const underWay = new Map<string, number>()

  return {
    kind: 'activate',
    type: 'set',
    name: 'query',
    namespace: ns.bytestreams,
    async handle(request) {
      const startedMs = clock.now()
      const { requester } = request
      let asked: Asked | undefined
      const told = (outcome: ActivationOutcome, error?: unknown) =>
        events.activationAnswered({
          outcome,
          requester,
          durationMs: clock.now() - startedMs,
          ...(asked && { target: asked.target, digest: asked.rooms[0].digest }),
          ...(error !== undefined && { error }),
        })
      try {
        if (!admits(requester)) throw new Failure('forbidden', 'Cannot activate: you may not use this proxy')
        asked = readActivation(request, streamhostNames(directory, options))
        const activation = { rooms: asked.rooms, requester: request.from, target: formatJid(asked.target) }
        const { outcome } = await limited(requester, () => activate(requester, activation))
        told(outcome)
        return undefined
      } catch (error) {
        told(error instanceof StanzaError ? 'malformed' : asFailure(error, 'Cannot activate').code, error)
        throw error
      }
    },
  }

  /** Activates what the requester's quotas allow. */
  async function activate(requester: Jid, activation: Activation): Promise<Activated> {
    const admitted = await quotas.admit(requester, roomKey(activation.rooms[0]))
    try {
      const activated = await activator.activate({ ...activation, accounts: admitted.accounts })
      if (activated.outcome === 'repeated') admitted.leave()
      return activated
    } catch (error) {
      admitted.leave()
      if (error instanceof Failure && error.code === 'over-limit') events.limitReached('relay-bytestreams')
      throw error
    }
  }

  async function limited<T>(requester: Jid, task: () => Promise<T>): Promise<T> {
    const key = formatBareJid(requester)
    const count = underWay.get(key) ?? 0
    if (count >= options.activationsPerRequester) {
      events.limitReached('requester-activations')
      throw new Failure(
        'over-limit',
        `Cannot activate: ${count} activations of yours are under way, as many as may be; try again when one is answered`,
      )
    }
    underWay.set(key, count + 1)
    try {
      return await task()
    } finally {
      const left = (underWay.get(key) ?? 1) - 1
      if (left > 0) underWay.set(key, left)
      else underWay.delete(key)
    }
  }
}

function readActivation({ payload, requester, from, resource }: IqRequest, names: readonly string[]): Asked {
  const sid = attribute(payload, 'sid') ?? ''
  const activates = payload.getChildElements().filter((child) => child.is('activate', ns.bytestreams))
  const [activate] = activates
  if (sid === '') throw new Failure('malformed', 'Cannot activate: the query has no sid')
  if (Buffer.byteLength(sid) > longestSidBytes) {
    throw new Failure('malformed', `Cannot activate: the sid is longer than ${longestSidBytes} bytes`)
  }
  if (!activate || activates.length > 1) {
    throw new Failure('malformed', 'Cannot activate: the query must hold one activate element')
  }
  const typed = activate.text().trim()
  const target = readTarget(typed)
  const room: Room = { digest: digestOf(sid, requester, target), streamhost: resource }
  // Some clients hash what their user typed.
  const digests = [room.digest, digestAsTyped(sid, from, typed)]
  // Of several addresses Pidgin takes the first and slixmpp the last, and both believe it to be the component's own.
  const streamhosts = resource === '' ? [resource, ...names] : [resource]
  const rooms = streamhosts.flatMap((streamhost) => digests.map((digest) => ({ digest, streamhost })))
  const others = new Map(rooms.map((other) => [roomKey(other), other]))
  others.delete(roomKey(room))
  return { target, rooms: [room, ...others.values()] }
}

function readTarget(typed: string): Jid {
  try {
    return parseJid(typed)
  } catch (error) {
    throw new StanzaError({ condition: 'jid-malformed', text: asFailure(error, 'Cannot activate').message })
  }
}
