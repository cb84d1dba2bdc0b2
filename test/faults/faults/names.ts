import type { Expectation, Family, Phase } from '../case.ts'
import { type NameServer, startNameServer } from '../name-server.ts'
import type { Stage } from '../stage.ts'

const told: Pick<Expectation, 'operator' | 'heals'> = {
  operator: { by: 'relay', log: 'registry cannot be reached' },
  heals: 'Redis is found again when its name is; relays know one another by address',
}
const at: Partial<Record<Phase, Expectation>> = {
  handshake: { clients: 'accepted, joined, exact', ...told },
  waiting: { clients: 'joined, exact', ...told },
  transfer: { clients: 'exact', ...told },
}

/** Nobody can look a name up, just when Redis, which has one, must be found anew. */
export const nameFaults: Family = {
  name: 'dns',
  about: 'The name server answers nothing, and connections to Redis, which is known by a name, are cut.',
  faults: [{ fault: 'gone', needs: 'namespace', prepare: nameRedis, strike: silence, at }],
}

const servers = new WeakMap<Stage, NameServer>()

/** Gives both relays a Redis that is known by a name. */
async function nameRedis(stage: Stage): Promise<void> {
  const server = await startNameServer()
  servers.set(stage, server)
  stage.afterwards(async () => {
    await stage.recast('owner', {})
    await stage.recast('holder', {})
    await server.stop()
  })
  const settings = { registryUrl: `redis://redis.splice65.test:${stage.redis.address.port}` }
  await stage.recast('owner', settings)
  await stage.recast('holder', settings)
  await stage.known()
}

async function silence(stage: Stage): Promise<void> {
  const server = servers.get(stage)
  if (!server) throw new Error('Cannot silence the name server: there is none')
  server.silent = true
  await stage.redis.down()
  await stage.redis.up()
}
