import { run } from '../shared/runtime/run.ts'
import { courierOptions } from './config.ts'
import { startCourier } from './wire.ts'

await run('courier', courierOptions, startCourier)
