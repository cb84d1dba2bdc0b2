import { startEjabberd } from './ejabberd.ts'
import { describeXmppServer } from './xmpp-server.contract.ts'

describeXmppServer('startEjabberd()', startEjabberd)
