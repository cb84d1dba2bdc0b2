import { z } from 'zod'
import { controlOptions } from '../../services/control/config.ts'
import { courierOptions } from '../../services/courier/config.ts'
import { relayOptions } from '../../services/relay/config.ts'
import type { JsonSchema } from './json-schema.ts'

/** The services that the chart runs, and their options. */
const services = { control: controlOptions, courier: courierOptions, relay: relayOptions }

/** Options that other values of the chart decide; a user who set them too would set them against it. */
export const decidedByChart: Readonly<Record<keyof typeof services, ReadonlySet<string>>> = {
  control: new Set([
    ...['pod', 'healthHost', 'healthPort', 'registryUrl'],
    ...['componentDomain', 'componentHost', 'componentPort', 'componentSecret'],
    ...['streamhosts', 'streamhostMode'],
    ...['rpcHost', 'rpcPort', 'rpcToken', 'tlsCertFile', 'tlsKeyFile', 'tlsCaFile'],
  ]),
  courier: new Set([
    ...['pod', 'healthHost', 'healthPort', 'httpHost', 'httpPort', 'publicUrl', 'uploadSecret'],
    ...['componentDomain', 'componentHost', 'componentPort', 'componentSecret', 'proxies'],
    ...['dataFolder', 'databaseUrl', 'blobsUrl', 's3AccessKeyId', 's3SecretAccessKey'],
  ]),
  relay: new Set([
    ...['pod', 'healthHost', 'healthPort', 'registryUrl'],
    ...['listen', 'ownListen', 'proxyListen', 'proxyTrusted'],
    ...['publicAddressFrom', 'publicHost', 'publicPort', 'publicService', 'nodeName', 'namespace'],
    ...['advertiseHost', 'rpcHost', 'rpcPort', 'rpcToken', 'tlsCertFile', 'tlsKeyFile', 'tlsCaFile'],
    ...['trunkHost', 'trunkPort', 'trunkTls'],
    ...['drainDelayMs', 'drainTimeoutMs', 'drainSpreadMs'],
  ]),
}

/** The options of a service that a user of the chart may set, as JSON Schema. */
export function schemaOfOptions(service: keyof typeof services): JsonSchema {
  const open = Object.entries(services[service].shape).filter(([name]) => !decidedByChart[service].has(name))
  // What an option is once it was read: a number is a number here, not the text that the environment has.
  const schema = z.toJSONSchema(z.object(Object.fromEntries(open)), {
    target: 'draft-7',
    io: 'output',
    unrepresentable: 'any',
  })
  return {
    type: 'object',
    properties: { ...schema.properties } as Record<string, JsonSchema>,
    additionalProperties: false,
  }
}
