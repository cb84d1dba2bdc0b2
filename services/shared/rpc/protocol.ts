import { fileURLToPath } from 'node:url'
import { loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { ProtoGrpcType } from './generated/relay.ts'

const protos = fileURLToPath(new URL('../../../proto', import.meta.url))

const definition = loadSync('splice65/relay/v1/relay.proto', {
  includeDirs: [protos],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
})

/** The relay's gRPC service: its definition for servers and the constructor of its clients. */
export const RelayService = (loadPackageDefinition(definition) as unknown as ProtoGrpcType).splice65.relay.v1.Relay
