import { randomBytes } from 'node:crypto'
import { Command, InvalidArgumentError, Option } from 'commander'
import { formatBareJid, formatJid, type Jid } from '../../shared/bytestream/jid.ts'
import type { Method } from '../../shared/transfer/events.ts'
import { refuseUnknownSessions } from '../../shared/transfer/jingle/jingle-session.ts'
import { offerUrl } from '../../shared/transfer/oob-sender.ts'
import { sendFile } from '../../shared/transfer/sender.ts'
import { openSourceFile } from '../../shared/transfer/source-file.ts'
import { answerDiscovery, discoverInfo } from '../../shared/xmpp/discovery.ts'
import { ns } from '../../shared/xmpp/xml.ts'
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
import { addressAt, discoverCourier, findStored } from '../courier.ts'

interface SendFlags extends AccountFlags, ReportFlags {
  to: Jid
  method: Method | 'auto'
  protocol: 'auto' | 'jingle' | 'si'
  proxy?: string[]
  direct: boolean
  address?: string[]
  description?: string
  offline?: boolean
  courier?: Jid
}

export function sendCommand(surroundings: Surroundings): Command {
  const command = new Command('send')
    .description('send a file')
    .argument('<file>', 'a file, or an http or https URL to pass on')
    .requiredOption(
      '--to <jid>',
      `the receiver; a bare JID means its resource "${RECEIVER_RESOURCE}"`,
      parseJidArgument,
    )
    .addOption(
      new Option('--method <method>', 'how the bytes travel').choices(['auto', 's5b', 'ibb', 'oob']).default('auto'),
    )
    .addOption(
      new Option('--protocol <protocol>', 'how it is offered; auto: by Jingle where the receiver has it, else by SI')
        .choices(['auto', 'jingle', 'si'])
        .default('auto'),
    )
    .option('--proxy <jid>', 'a proxy to use instead of those the server lists; may be repeated', collectJid)
    .option('--no-direct', 'do not offer our own addresses')
    .option('--address <ip>', 'the address of ours to offer instead of all; may be repeated', collect)
    .option('--description <text>', 'a line for the receiver')
    .option('--offline', 'leave it with the courier, which hands it over when the receiver comes')
    .option('--courier <jid>', 'the courier; default: the one that the server lists', parseJidArgument)
  return withReport(withAccount(command)).action((file: string, flags: SendFlags) => send(surroundings, file, flags))
}

async function send(surroundings: Surroundings, path: string, flags: SendFlags): Promise<void> {
  await perform(surroundings, flags, async (reporter, cleanup) => {
    const isUrl = /^https?:\/\//i.test(path)
    if (flags.offline && flags.protocol === 'si') {
      throw new InvalidArgumentError('By SI nobody says that all is stored: send it without --protocol si')
    }
    if (isUrl && flags.offline) throw new InvalidArgumentError('A URL needs no courier: send it without --offline')
    const file = isUrl ? undefined : cleanup.adopt(await openSourceFile(path), (source) => source.close())
    // A resource of its own, so that sending does not push a receiver of the same account out.
    const resource = `splice65-${randomBytes(4).toString('hex')}`
    const session = await login(surroundings, flags, resource, reporter.warn, cleanup)
    refuseUnknownSessions(session)
    answerDiscovery(session, { identities: [{ category: 'client', type: 'console' }], features: new Set() })
    reporter.ready(formatJid(session.jid))
    const courier = flags.offline
      ? flags.courier
        ? formatJid(flags.courier)
        : await discoverCourier(session, surroundings.signal)
      : undefined
    const to = receiverOf(flags.to, courier)
    const common = {
      to,
      signal: surroundings.signal,
      ...(flags.description && { description: flags.description }),
    }
    if (!file) {
      const { features } = await discoverInfo(session, to, { signal: surroundings.signal })
      const asIq = features.has(ns.oobIq)
      await offerUrl(session, path, { ...common, asIq })
      reporter.passedOn(path, to, asIq)
      return
    }
    const summary = await sendFile(
      { session, file, tell: reporter.transfer() },
      {
        ...common,
        method: flags.method,
        // The courier's success comes by Jingle, when everything is durable and committed; SI has none.
        protocol: courier === undefined ? flags.protocol : 'jingle',
        // A courier dials no address that a client names.
        direct: courier === undefined && flags.direct && (flags.address ?? true),
        ...(flags.proxy && { proxies: flags.proxy }),
      },
    )
    if (courier !== undefined) {
      const [receiver, { sha256 }] = [formatBareJid(flags.to), summary]
      const { signal } = surroundings
      reporter.stored(receiver, await findStored(session, courier, { to: receiver, sha256, signal }))
    }
    reporter.done(summary)
  })
}

/** The full JID that a file is offered to: at the courier, or the resource that receives. */
function receiverOf(to: Jid, courier: string | undefined): string {
  if (courier !== undefined) return addressAt(courier, formatBareJid(to))
  return formatJid(to.resource ? to : { ...to, resource: RECEIVER_RESOURCE })
}
