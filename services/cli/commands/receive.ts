import { Command, InvalidArgumentError } from 'commander'
import { formatBareJid, formatJid, type Jid, parseJid } from '../../shared/bytestream/jid.ts'
import { oobFeatures, startOobReceiver } from '../../shared/transfer/oob-receiver.ts'
import { type ReceiverParts, receiverFeatures, startReceiver } from '../../shared/transfer/receiver.ts'
import { answerDiscovery } from '../../shared/xmpp/discovery.ts'
import {
  type AccountFlags,
  collect,
  collectJid,
  login,
  parseJidArgument,
  perform,
  RECEIVER_RESOURCE,
  type ReportFlags,
  type Surroundings,
  withAccount,
  withReport,
} from '../command.ts'
import { agreeWithCourier, discoverCourier, originOf } from '../courier.ts'

const ANYONE = 'any'

interface ReceiveFlags extends AccountFlags, ReportFlags {
  into: string
  from: string[]
  once?: boolean
  proxy?: string[]
  direct: boolean
  address?: string[]
  maxSize?: number
  courier?: Jid | true
}

export function receiveCommand(surroundings: Surroundings): Command {
  const command = new Command('receive')
    .description('receive files, by Jingle and by SI, until interrupted')
    .requiredOption('--into <folder>', 'where files go; nothing there is overwritten')
    .requiredOption(
      '--from <jid>',
      'whose files to take: a bare JID, a domain or "any"; may be repeated',
      collectSender,
    )
    .option(
      '--courier [jid]',
      'take what a courier has kept for this account, too, and let it see when the account is online; default: the one that the server lists',
      parseJidArgument,
    )
    .option('--once', 'end after one file')
    .option(
      '--proxy <jid>',
      'a proxy to offer in return instead of those the server lists; may be repeated',
      collectJid,
    )
    .option('--no-direct', 'do not offer our own addresses in return')
    .option('--address <ip>', 'the address of ours to offer in return instead of all; may be repeated', collect)
    .option('--max-size <bytes>', 'decline larger files', parseSize)
  return withReport(withAccount(command)).action((flags: ReceiveFlags) => receive(surroundings, flags))
}

async function receive(surroundings: Surroundings, flags: ReceiveFlags): Promise<void> {
  const { signal } = surroundings
  await perform(surroundings, flags, async (reporter, cleanup) => {
    const allowed = new Set(flags.from)
    const session = await login(surroundings, flags, RECEIVER_RESOURCE, reporter.warn, cleanup)
    const courier =
      flags.courier === true ? await discoverCourier(session, signal) : flags.courier && formatJid(flags.courier)
    const first = Promise.withResolvers<void>()
    const parts: ReceiverParts = {
      session,
      decide(peer) {
        const origin = originOf(peer, courier)
        if (allowed.has(ANYONE) || allowed.has(origin) || allowed.has(parseJid(origin).domain)) return true
        reporter.warn(`Declined a file from ${peer}: not among --from`)
        return 'Files are taken from chosen senders only'
      },
      watch: reporter.transfer,
      onTransfer(_peer, done) {
        done.then((file) => {
          reporter.done(file)
          first.resolve()
        }, reporter.failed)
      },
    }
    const options = { into: flags.into, ...(flags.maxSize !== undefined && { maxBytes: flags.maxSize }) }
    const inReturn = { direct: flags.direct && (flags.address ?? true), ...(flags.proxy && { proxies: flags.proxy }) }
    cleanup.defer(startReceiver(parts, { ...options, ...inReturn }))
    cleanup.defer(startOobReceiver(parts, options))
    answerDiscovery(session, {
      identities: [{ category: 'client', type: 'console', name: 'splice65' }],
      features: new Set([...receiverFeatures, ...oobFeatures]),
    })
    if (courier !== undefined) cleanup.defer(await agreeWithCourier(session, courier))
    reporter.ready(formatJid(session.jid))
    await Promise.race([untilAborted(signal), ...(flags.once ? [first.promise] : [])])
  })
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function collectSender(text: string, earlier?: string[]): string[] {
  return collect(text === ANYONE ? text : formatBareJid(parseJidArgument(text)), earlier)
}

function parseSize(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a number of bytes')
  return Number(text)
}
