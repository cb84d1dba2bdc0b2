import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Registry } from 'prom-client'
import { temporaryFolder } from '../../../deploy/local/folder.ts'
import { createAuthority } from '../../../test/support/certificates.ts'
import { recordingLog } from '../../../test/support/recording-log.ts'
import { openTlsIdentity } from './tls-identity.ts'
import { exposeTlsIdentity } from './tls-metrics.ts'

const daySeconds = 86_400

async function expiry(metrics: Registry): Promise<number | undefined> {
  const metric = await metrics.getSingleMetric('splice65_tls_certificate_expiry_timestamp_seconds')?.get()
  return metric?.values[0]?.value
}

describe('exposeTlsIdentity()', () => {
  it('shows when the certificate ends', async () => {
    await using folder = temporaryFolder('identity')
    const { log } = recordingLog()
    using identity = openTlsIdentity('relay', await (await createAuthority(folder)).issue('pod'), { log })
    const metrics = new Registry()
    exposeTlsIdentity(identity, metrics)
    const leftSeconds = ((await expiry(metrics)) ?? 0) - Date.now() / 1_000
    assert.ok(leftSeconds > daySeconds - 60 && leftSeconds <= daySeconds, `${leftSeconds} s left of a day`)
  })

  it('shows 0 where there is none', async () => {
    const metrics = new Registry()
    exposeTlsIdentity(undefined, metrics)
    assert.equal(await expiry(metrics), 0)
  })
})
