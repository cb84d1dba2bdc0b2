import { startProsody } from './prosody.ts'
import { describeXmppServer } from './xmpp-server.contract.ts'

describeXmppServer('startProsody()', startProsody)
