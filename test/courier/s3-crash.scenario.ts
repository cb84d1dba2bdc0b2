import { after, before } from 'node:test'
import { type S3Server, startS3 } from '../../deploy/local/s3.ts'
import { courierDeliveryCrashSuite } from '../support/courier-delivery-crash-suite.ts'
import { courierIntakeCrashSuite } from '../support/courier-intake-crash-suite.ts'
import type { ObjectStore } from '../support/courier-storage.ts'

let server: S3Server
before(async () => {
  server = await startS3()
})
after(() => server.stop())

let prefixes = 0
/** A place of its own in the store. */
function newStore(): ObjectStore {
  prefixes += 1
  return {
    blobsUrl: `s3://${server.bucket}/courier-${prefixes}?endpoint=${encodeURIComponent(server.endpoint)}`,
    s3AccessKeyId: server.credentials.accessKeyId,
    s3SecretAccessKey: server.credentials.secretAccessKey,
  }
}

// What was put stays on the replica's disk until the store has answered.
courierIntakeCrashSuite({ on: 's3', newStore, resumable: ['parcel-written', 'parcel-synced', 'parcel-put'] })
courierDeliveryCrashSuite({ on: 's3', newStore })
