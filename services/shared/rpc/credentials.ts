import { ChannelCredentials, experimental, ServerCredentials } from '@grpc/grpc-js'
import type { TlsIdentity } from '../runtime/tls-identity.ts'

/** What a server shows and demands: with an identity mutual TLS, without one nothing. */
export function serverCredentials(identity: TlsIdentity | undefined): ServerCredentials {
  if (!identity) return ServerCredentials.createInsecure()
  const provider = providerOf(identity)
  return experimental.createCertificateProviderServerCredentials(provider, provider, true)
}

/**
 * What a client shows and demands: with an identity mutual TLS, without one nothing. A relay is dialled at the address
 * of its pod, which no certificate names: to be of the same authority is what counts, and that authority is ours alone.
 */
export function channelCredentials(identity: TlsIdentity | undefined): ChannelCredentials {
  if (!identity) return ChannelCredentials.createInsecure()
  const provider = providerOf(identity)
  return experimental.createCertificateProviderChannelCredentials(provider, provider, {
    checkServerIdentity: () => undefined,
  })
}

/** The identity in gRPC's terms: who listens is told what there is, and then whatever is new. */
function providerOf(identity: TlsIdentity): experimental.CertificateProvider {
  const listening = new Map<unknown, () => void>()
  const listen = <T>(listener: (update: T) => void, read: () => T): void => {
    const tell = () => listener(read())
    listening.set(listener, identity.onChange(tell))
    // Not at once: gRPC listens before it is ready to hear.
    queueMicrotask(tell)
  }
  const leave = (listener: unknown): void => {
    listening.get(listener)?.()
    listening.delete(listener)
  }
  return {
    addCaCertificateListener: (listener) => listen(listener, () => ({ caCertificate: identity.current.ca })),
    addIdentityCertificateListener: (listener) =>
      listen(listener, () => ({ certificate: identity.current.cert, privateKey: identity.current.key })),
    removeCaCertificateListener: leave,
    removeIdentityCertificateListener: leave,
  }
}
