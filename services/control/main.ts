import { run } from '../shared/runtime/run.ts'
import { controlOptions } from './config.ts'
import { startControl } from './wire.ts'

await run('control', controlOptions, startControl)
