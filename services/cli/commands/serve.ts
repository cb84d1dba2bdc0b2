import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { z } from 'zod'
import { controlOptions } from '../../control/config.ts'
import { startControl } from '../../control/wire.ts'
import { relayOptions } from '../../relay/config.ts'
import { startRelay } from '../../relay/wire.ts'
import { createMemoryRegistry } from '../../shared/registry/memory.ts'
import { type Environment, readOptions } from '../../shared/runtime/options.ts'
import { type Running, run } from '../../shared/runtime/run.ts'
import type { Surroundings } from '../command.ts'

interface ServeFlags {
  domain?: string
  server?: string
  secretFile?: string
  listen?: string
  advertise?: string
  tokenFile?: string
}

export function serveCommand({ env }: Surroundings): Command {
  return new Command('serve')
    .description('run the proxy on this machine: control and one relay in one process, without Redis')
    .option('--domain <domain>', 'the component’s name on the XMPP server (CONTROL_COMPONENT_DOMAIN)')
    .option('--server <host:port>', 'where the server takes components (CONTROL_COMPONENT_HOST, _PORT)')
    .option('--secret-file <file>', 'file with the component’s secret (CONTROL_COMPONENT_SECRET_FILE)')
    .option('--listen <host:port>', 'where clients are served (RELAY_LISTEN)')
    .option('--advertise <host:port>', 'the address clients are told (CONTROL_STREAMHOSTS)')
    .option('--token-file <file>', 'file with the token for ls, top, end, drain, selftest (CONTROL_RPC_TOKEN_FILE)')
    .addHelpText('after', '\nEvery other option of control and relay can be set in the environment.')
    .action((flags: ServeFlags) => run('serve', z.object({}), () => startBoth(environmentOf(env, flags))))
}

/** Control and a relay that share a registry in memory. */
async function startBoth(env: Environment): Promise<Running> {
  const controlConfig = readOptions('control', controlOptions, env)
  const { rpcToken, secretFiles } = controlConfig
  // One token, from one place.
  const relayConfig = { ...readOptions('relay', relayOptions, env), rpcToken, secretFiles }
  await using opened = new AsyncDisposableStack()
  const registry = opened.adopt(createMemoryRegistry(), (it) => it.close())
  const relay = opened.adopt(await startRelay(relayConfig, { registry }), (it) => it.stop())
  const control = opened.adopt(await startControl(controlConfig, { registry }), (it) => it.stop())
  const running = opened.move()
  return {
    async drain(signal) {
      // Control stays until the last waiting half has been activated or has gone.
      await relay.drain(signal)
      await control.drain(signal)
    },
    stop: () => running.disposeAsync(),
  }
}

/**
 * The environment with what the flags say, and with gRPC and trunk of the relay kept on loopback. Without a token of the
 * operator's there is one that nobody knows. No balancer stands before this relay, so its drain waits for none.
 */
function environmentOf(env: Environment, flags: ServeFlags): Environment {
  const hasToken = flags.tokenFile || env.CONTROL_RPC_TOKEN || env.CONTROL_RPC_TOKEN_FILE
  const server = flags.server && /^(.*?)(?::(\d+))?$/.exec(flags.server)
  const given = {
    CONTROL_COMPONENT_DOMAIN: flags.domain,
    CONTROL_COMPONENT_HOST: server ? server[1] : undefined,
    CONTROL_COMPONENT_PORT: server ? server[2] : undefined,
    CONTROL_COMPONENT_SECRET_FILE: flags.secretFile,
    CONTROL_STREAMHOSTS: flags.advertise,
    CONTROL_RPC_TOKEN_FILE: flags.tokenFile,
    RELAY_LISTEN: flags.listen,
  }
  return {
    RELAY_DRAIN_DELAY_MS: '0',
    ...env,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(!hasToken && { CONTROL_RPC_TOKEN: randomBytes(32).toString('hex') }),
    RELAY_ADVERTISE_HOST: '127.0.0.1',
    RELAY_RPC_HOST: '127.0.0.1',
    RELAY_RPC_PORT: '0',
    RELAY_TRUNK_HOST: '127.0.0.1',
    RELAY_TRUNK_PORT: '0',
  }
}
