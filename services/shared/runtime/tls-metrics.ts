import { Gauge } from 'prom-client'
import type { Metrics } from './metrics.ts'
import type { TlsIdentity } from './tls-identity.ts'

/** Registers until when the certificate of a service is good, read at every scrape: it may have been renewed. */
export function exposeTlsIdentity(identity: TlsIdentity | undefined, metrics: Metrics): void {
  new Gauge({
    name: 'splice65_tls_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that this service shows to others ends, in seconds since 1970; 0 without one.',
    registers: [metrics],
    collect() {
      this.set(identity ? identity.validUntilMs / 1_000 : 0)
    },
  })
}
