import { type SubjectKind, subjectKind } from './subject.ts'
import { openComponent, openForms } from './subjects/component.ts'
import { openListener } from './subjects/listener.ts'
import { openNames } from './subjects/names.ts'
import { openOptions } from './subjects/options.ts'
import { openProxyHeader } from './subjects/proxy-header.ts'
import { openRecords } from './subjects/records.ts'
import { openRedis } from './subjects/redis.ts'
import { openRpcMessages } from './subjects/rpc-messages.ts'
import { openRpcWire } from './subjects/rpc-wire.ts'
import { openSocks5 } from './subjects/socks5.ts'
import { openTrunk } from './subjects/trunk.ts'

/** All that takes input from strangers, from clients, servers, stores and operators. */
export const subjects: readonly SubjectKind[] = [
  subjectKind('socks5', 'the SOCKS5 parser', { share: 310, open: openSocks5 }),
  subjectKind('proxy-header', 'the PROXY parser', { share: 150, open: openProxyHeader }),
  subjectKind('listener', 'PROXY and SOCKS5 over real sockets', { share: 10, open: openListener }),
  subjectKind('trunk', 'the preamble of a trunk', { share: 20, open: openTrunk }),
  subjectKind('component', 'every IQ handler of control', { share: 200, open: openComponent }),
  subjectKind('forms', 'the forms of ad-hoc commands', { share: 60, open: openForms }),
  subjectKind('names', 'JIDs and hosts', { share: 90, open: openNames }),
  subjectKind('records', 'what is read back from the registry', { share: 100, open: openRecords }),
  subjectKind('redis', 'the registry over a Redis of any contents', { share: 5, open: openRedis }),
  subjectKind('options', 'the options of both services', { share: 30, open: openOptions }),
  subjectKind('rpc-messages', 'gRPC messages to both services', { share: 20, open: openRpcMessages }),
  subjectKind('rpc-wire', 'bytes on gRPC ports', { share: 5, open: openRpcWire }),
]
