import { startEjabberd } from '../../deploy/local/ejabberd.ts'
import { controlSuite } from '../support/control-suite.ts'

controlSuite('ejabberd', startEjabberd, 'both are connected')
