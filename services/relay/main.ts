import { run } from '../shared/runtime/run.ts'
import { relayOptions } from './config.ts'
import { startRelay } from './wire.ts'

await run('relay', relayOptions, startRelay)
