import { z } from 'zod'
import { secret } from '../runtime/options.ts'
import { areTokens, tokensWanted } from './tokens.ts'

/** The options by which control and relays know one another on gRPC: the same for both. */
export const peerOptions = {
  rpcToken: secret(
    z
      .string()
      .refine(areTokens, tokensWanted)
      .optional()
      .describe(
        'Token shared by control, relays and operators; of several, a line each, the first is shown and all are accepted. May be left out only where gRPC listens on loopback.',
      ),
  ),
  tlsCertFile: z
    .string()
    .optional()
    .describe(
      'Certificate of this pod, PEM: gRPC is then mutual TLS. Needs the next two; replaced files are taken up.',
    ),
  tlsKeyFile: z.string().optional().describe('Private key of that certificate, PEM.'),
  tlsCaFile: z.string().optional().describe('The authority that control and relays share, PEM.'),
}
