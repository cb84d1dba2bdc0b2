import { courierDeliveryCrashSuite } from '../support/courier-delivery-crash-suite.ts'

courierDeliveryCrashSuite()
