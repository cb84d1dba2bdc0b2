import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { digestAsTyped } from '../../services/shared/bytestream/digest.ts'
import { Load } from './load.ts'
import type { Activator, RunningSubject } from './subjects/subject.ts'
import type { Workshop } from './workshop.ts'

/** Streams to open through a subject. */
export interface StreamsOptions {
  /** The load to put on them. */
  readonly program: 'pump' | 'ping' | 'paced'
  /** That send as fast as they can. */
  readonly fast: number
  /** That send `slowBytesPerSecond` each; `paced` has each of these bytes answered. Default: none. */
  readonly slow?: number
  readonly slowBytesPerSecond?: number
}

/** Far below the number of activations that a proxy may refuse one requester at once. */
const ACTIVATIONS_AT_ONCE = 8
const target = 'bob@bench.test/load'

/** Connects both ends of every stream and has them activated: ready for bytes. The caller disposes of the load. */
export async function openStreams(workshop: Workshop, subject: RunningSubject, options: StreamsOptions): Promise<Load> {
  const { load, activations } = await connectStreams(workshop, subject, options)
  try {
    await Promise.all(Array.from({ length: ACTIVATIONS_AT_ONCE }, () => inTurn(activations)))
    return load
  } catch (error) {
    await load[Symbol.asyncDispose]()
    throw error
  }
}

/** Streams whose ends are connected, with the activations that they still need: each is a call to make once. */
export interface Connected {
  readonly load: Load
  readonly activations: (() => Promise<void>)[]
}

/** Connects both ends of every stream. The caller disposes of the load. */
export async function connectStreams(
  { folder, programs }: Workshop,
  { target: address, requesters }: RunningSubject,
  { program, fast, slow = 0, slowBytesPerSecond }: StreamsOptions,
): Promise<Connected> {
  const settings = program === 'ping' ? {} : { fast, slow, 'slow-rate': slowBytesPerSecond }
  if (requesters.length === 0) {
    return { load: await Load.start(programs.load, program, address, settings), activations: [] }
  }
  const turns = Array.from({ length: fast + slow }, (_, i) => requesters[i % requesters.length])
  const bytestreams = turns.filter((each) => each !== undefined).map((requester) => ({ sid: randomUUID(), requester }))
  const digests = bytestreams.map(({ sid, requester }) => digestAsTyped(sid, requester.jid, target))
  const digestFile = folder.file(`digests-${randomUUID()}`)
  await writeFile(digestFile, digests.map((digest) => `${digest}\n`).join(''))
  try {
    const load = await Load.start(programs.load, program, { ...address, digestFile }, settings)
    return {
      load,
      activations: bytestreams.map(
        ({ sid, requester }) =>
          () =>
            activate(requester, sid),
      ),
    }
  } finally {
    await rm(digestFile)
  }
}

async function activate(requester: Activator, sid: string): Promise<void> {
  const answer = await requester.activate(sid, target)
  if (answer !== 'result') throw new Error(`Cannot activate a stream of the load: ${answer}`)
}

async function inTurn(calls: (() => Promise<void>)[]): Promise<void> {
  for (let call = calls.shift(); call; call = calls.shift()) await call()
}
