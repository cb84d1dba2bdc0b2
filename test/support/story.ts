import assert from 'node:assert/strict'
import type { RelayProcess } from '../../deploy/local/fleet.ts'
import type { LogLine } from '../../deploy/local/service.ts'
import { abbreviate, type Digest } from '../../services/shared/bytestream/digest.ts'

const timeoutMs = 60_000

/**
 * The info line in which the owning relay tells how a bytestream ended. Fails when the relays together tell more than
 * this one. Without a digest it must be their only bytestream.
 */
export async function storyOf(relays: readonly RelayProcess[], digest?: Digest): Promise<LogLine> {
  const ofIt = (line: LogLine) => digest === undefined || line.digest === abbreviate(digest)
  const told = await firstOf(relays, (line) => line.msg === 'bytestream ended' && ofIt(line))
  // A relay that carried the other half has told nothing by then, or never will.
  const peer = relays.filter(({ name }) => name === told.peer)
  if (peer.length > 0) await firstOf(peer, (line) => line.msg === 'leg ended' && ofIt(line))
  const stories = relays.flatMap((relay) => relay.lines()).filter((line) => isStory(line) && ofIt(line))
  assert.deepEqual(stories, [told], 'one info line tells of the bytestream')
  return told
}

/** The first log line of any of these relays that satisfies, written already or within a minute. */
export function firstOf(relays: readonly RelayProcess[], satisfies: (line: LogLine) => boolean): Promise<LogLine> {
  const signal = AbortSignal.timeout(timeoutMs)
  return Promise.any(relays.map((relay) => relay.waitForLine(satisfies, signal)))
}

function isStory(line: LogLine): boolean {
  return line.level === 'info' && 'digest' in line
}
