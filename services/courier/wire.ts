import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Jid } from '../shared/bytestream/jid.ts'
import { IqBudget } from '../shared/component/iq-budget.ts'
import { ComponentLink, type LinkState } from '../shared/component/link.ts'
import { type Clock, systemClock } from '../shared/runtime/clock.ts'
import { serveHealth } from '../shared/runtime/health.ts'
import { createLog, type Logger } from '../shared/runtime/log.ts'
import { createMetrics, type Metrics } from '../shared/runtime/metrics.ts'
import type { Running } from '../shared/runtime/run.ts'
import { watchSecret } from '../shared/runtime/watched-secret.ts'
import { createSwitchboard } from './addresses/switchboard.ts'
import { createAdmissions } from './admissions.ts'
import { commandAbility } from './commands/commands.ts'
import { Seat } from './component/seat.ts'
import { type CourierConfig, courierOptions } from './config.ts'
import { startDispatch } from './delivery/dispatch.ts'
import { Dependencies } from './dependencies.ts'
import { createCourierEvents } from './events.ts'
import { serveHttp } from './http/server.ts'
import { slotAbility } from './http/slots.ts'
import { startStreamIntake } from './intake/stream-intake.ts'
import type { Parcel } from './parcels/parcel.ts'
import { createReception } from './parcels/parcel-reception.ts'
import type { Reception } from './parcels/reception.ts'
import { Retention } from './parcels/retention.ts'
import { openScan } from './parcels/scan.ts'
import { OwnPresence } from './presence/own-presence.ts'
import { UserPresence } from './presence/user-presence.ts'
import { openRecords } from './records/open.ts'
import type { Records } from './records/records.ts'
import type { BlobStore } from './store/blobs.ts'
import { openBlobs } from './store/open.ts'
import { openVerifiedBlob } from './store/verified-blob.ts'

/** Parts of the courier that can be given instead of built. What is given stays its giver's to close. */
export interface CourierParts {
  readonly log: Logger
  readonly metrics: Metrics
  readonly clock: Clock
  readonly random: () => number
  readonly records: Records
  readonly blobs: BlobStore
}

/** A courier that runs. */
export interface RunningCourier extends Running {
  readonly addresses: { readonly health: AddressInfo; readonly http: AddressInfo }
  /** How it stands with the XMPP server. */
  readonly component: { readonly state: LinkState }
  /** The door by which parcels come in. */
  readonly reception: Reception
}

/** A part that lives by the component stream. */
interface Attached {
  connected?(): void
  disconnected(cause: unknown): void
}

/** Builds a courier and starts it; it goes on connecting to the XMPP server for as long as that takes. */
export async function startCourier(config: CourierConfig, given: Partial<CourierParts> = {}): Promise<RunningCourier> {
  const { clock = systemClock, random = Math.random } = given
  const log = given.log ?? createLog('courier', config)
  const metrics = given.metrics ?? createMetrics('courier')
  const events = createCourierEvents({ log, metrics })

  // What is opened here closes in reverse order: when the courier stops, or at once when it cannot start.
  await using opened = new AsyncDisposableStack()
  const watch = <K extends 'componentSecret' | 'uploadSecret'>(option: K) =>
    opened.use(watchSecret({ log }, { service: 'courier', schema: courierOptions, config, option }))
  const componentSecret = watch('componentSecret')
  const uploadSecret = watch('uploadSecret')
  // Asked for secrets whenever they are needed: their files may have others by then.
  const live: CourierConfig = {
    ...config,
    get componentSecret() {
      return componentSecret.current
    },
    get uploadSecret() {
      return uploadSecret.current
    },
  }
  const records = given.records ?? opened.adopt(await openRecords(config), (it) => it.close())
  const blobs = given.blobs ?? opened.adopt(await openBlobs(config), (it) => it.close())
  const holder = `${config.pod}/${randomUUID()}`
  const reception = createReception({ records, blobs, scan: openScan(config), events, clock }, { ...config, holder })
  const retention = opened.adopt(new Retention({ records, blobs, events, clock }, config), (it) => it.stop())
  const dependencies = opened.adopt(new Dependencies({ records, blobs, events, clock }), (it) => it.stop())

  const switchboard = createSwitchboard(
    { send: (stanza) => seat.send(stanza), budget: new IqBudget({ clock }, config), events },
    config,
  )
  const openLink = (onState: (state: LinkState) => void) =>
    new ComponentLink({ answer: switchboard.receive, events, onState, clock, random }, live)
  /** What must know whether we are connected. */
  const attached: Attached[] = [switchboard]
  const onState = (state: LinkState) => {
    for (const part of attached) {
      if (state === 'connected') part.connected?.()
      else part.disconnected(new Error(`the component is ${state}`))
    }
  }
  const seat = opened.adopt(new Seat({ records, openLink, onState, clock, events }, { ...config, holder }), (it) =>
    it.stop(),
  )
  events.watchLink(seat)
  const admits = createAdmissions(config)
  const serves = (jid: Jid) => admits.sender(jid) || admits.recipient(jid)
  const presence = opened.adopt(
    new UserPresence({ switchboard, records, mayReceive: admits.recipient, clock, events }, config),
    (it) => it.stop(),
  )
  const ownPresence = opened.adopt(
    new OwnPresence({ switchboard, records, mayFollow: serves, clock, events }, config),
    (it) => it.stop(),
  )
  const dispatch = opened.adopt(
    startDispatch({ records, presence, reception, switchboard, blobs, events, clock, random }, { ...config, holder }),
    (it) => it.stop(),
  )
  attached.push(presence, ownPresence, dispatch)
  opened.defer(startStreamIntake({ switchboard, reception, admits, clock, events }, config))
  switchboard.enable('service', commandAbility({ records, serves, events }, live))
  switchboard.enable('service', slotAbility({ reception, admits: admits.sender, events }, live))
  const open = (parcel: Parcel) => openVerifiedBlob({ records, blobs, events }, parcel)
  const http = opened.adopt(await serveHttp({ reception, records, open, clock, events }, live), (it) => it.stop())
  events.watchHttp(http)
  let stopping = false
  const ready = () => {
    if (stopping) return 'stopping'
    if (seat.state !== 'connected' && seat.state !== 'standby') return seat.state
    return dependencies.missing
  }
  const health = opened.adopt(await serveHealth({ metrics, ready }, config), (it) => it.stop())
  opened.defer(componentSecret.onChange(() => seat.retry()))
  seat.start()
  retention.start()
  dependencies.start()

  const running = opened.move()
  return {
    addresses: { health: health.address, http: http.address },
    component: seat,
    reception,
    async drain(signal) {
      stopping = true
      const over = AbortSignal.any([signal, AbortSignal.timeout(config.drainTimeoutMs)])
      // Load balancers send clients here until they know.
      await delay(config.drainDelayMs, undefined, { signal: over }).catch(() => {})
      await http.drain(over)
    },
    stop: () => running.disposeAsync(),
  }
}
