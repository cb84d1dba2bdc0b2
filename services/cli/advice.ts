import type { ProbeFailure, ProbeStage } from '../shared/transfer/probe.ts'
import { StanzaError, type StanzaErrorCondition } from '../shared/xmpp/stanza-error.ts'

const byStage: Readonly<Record<ProbeStage, string>> = {
  discovery:
    'Is the component connected to the server? Is the name right? Control’s log and /readyz say whether it is connected.',
  address:
    'Control answers but tells no address. Is CONTROL_STREAMHOSTS set, or has a relay announced its own address?',
  tcp: 'Nothing answers at the advertised address, from here. Is the relay running? Do DNS, load balancer and firewall lead to it?',
  greeting: 'Something else than a SOCKS5 server answers there, or a load balancer accepts without a relay behind it.',
  connect: 'The relay was reached and did not take the connection. Its log says why.',
  activation: 'Both sides reached a relay and could not be joined. Control’s log has the activation.',
  bytes:
    'The stream was activated but does not carry bytes as it should. Does something between time out or inspect it?',
}

const byCondition: Partial<Record<ProbeStage, Partial<Record<StanzaErrorCondition, string>>>> = {
  discovery: {
    'remote-server-not-found':
      'The server knows no such name and tried to reach it as another domain. Is the component connected?',
    'remote-server-timeout': 'The server knows the component, but it is not connected now.',
    'service-unavailable': 'The server knows the component, but it is not connected now.',
  },
  address: {
    forbidden: 'Your domain may not use this proxy. CONTROL_ALLOW and CONTROL_DENY decide.',
    'not-allowed': 'No relay is ready to serve. Look at the relays’ /readyz.',
  },
  activation: {
    'item-not-found':
      'Control knows neither connection: does the address lead to relays of this deployment, with the same registry?',
    'not-allowed': 'Control knows one connection only: does the address lead to relays with different registries?',
    forbidden: 'Your domain may not use this proxy. CONTROL_ALLOW and CONTROL_DENY decide.',
    'resource-constraint': 'A limit was reached. Try later, or raise it.',
    'internal-server-error':
      'A relay or its trunk could not be reached: can the pods reach one another’s RPC and trunk ports?',
  },
}

const byReply: Readonly<Record<number, string>> = {
  1: 'The relay is at fault: usually it cannot reach the registry.',
  2: 'The relay refused: it drains, is full, or has two connections for this stream already.',
}

/** What an operator should look at after a probe failed. */
export function adviseOn({ stage, cause, reply }: ProbeFailure): string {
  const condition = cause instanceof StanzaError ? byCondition[stage]?.[cause.condition] : undefined
  return condition ?? (reply !== undefined ? byReply[reply] : undefined) ?? byStage[stage]
}
