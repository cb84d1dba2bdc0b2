import { Failure } from '../shared/bytestream/failure.ts'
import type { ControlHandlers } from '../shared/rpc/control-api.ts'
import type { Fleet } from './fleet/fleet.ts'

/** Control's answers to `proto/splice65/control/v1`: each calls one function and gives its result. */
export function controlHandlers({ fleet }: { readonly fleet: Fleet }): ControlHandlers {
  return {
    listRelays: async () => ({ relays: await fleet.relays() }),
    listBytestreams: ({ relay }) => fleet.bytestreams(relay),
    async endBytestream({ relay, id }) {
      await fleet.end(relay, id)
      return {}
    },
    drain: ({ relay, draining }) => fleet.drain(relay, draining),
    async selfTest() {
      throw new Failure('not-ready', 'This control does not test itself')
    },
  }
}
