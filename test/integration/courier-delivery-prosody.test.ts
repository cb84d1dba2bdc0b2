import { courierDeliverySuite } from '../support/courier-delivery-suite.ts'

courierDeliverySuite('prosody')
