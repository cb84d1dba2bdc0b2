import { startProsody } from '../../deploy/local/prosody.ts'
import { controlSuite } from '../support/control-suite.ts'

controlSuite('Prosody', startProsody, 'one stands by')
