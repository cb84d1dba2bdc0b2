import type { LoadTarget } from '../load.ts'

/** Something that carries bytes between two connections, and can be measured doing so. */
export interface Subject {
  /** As tables and charts call it. */
  readonly name: string
  /** Starts it afresh, or what of it holds kernel memory that another subject would miss. The caller disposes of it. */
  start(settings?: SubjectSettings): Promise<RunningSubject>
}

/** What a figure may need of a subject. */
export interface SubjectSettings {
  /** How long half-connections can wait unactivated, where that can be set. */
  readonly waitingMs?: number
}

/** A subject at work. */
export interface RunningSubject extends AsyncDisposable {
  /** The processes whose CPU and memory count: those that carry the bytes, all of them and no others. */
  readonly pids: readonly number[]
  /** Where the load reaches it. */
  readonly target: LoadTarget
  /** For a proxy of XEP-0065: who asks for activations, in turns. None: it joins connections as they come. */
  readonly requesters: readonly Activator[]
}

/** An XMPP account that asks a proxy to join the two halves of a bytestream. */
export interface Activator {
  /** Its full JID. */
  readonly jid: string
  /** Resolves with the proxy's answer: `result`, or the condition and type of an error. */
  activate(sid: string, target: string): Promise<string>
}
