import { courierIntakeCrashSuite } from '../support/courier-intake-crash-suite.ts'

courierIntakeCrashSuite({ on: 'disk', resumable: ['parcel-written', 'parcel-synced'] })
