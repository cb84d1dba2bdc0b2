import type { Clock } from '../../shared/runtime/clock.ts'
import { version } from '../../shared/runtime/version.ts'
import { ns, xml } from '../../shared/xmpp/xml.ts'
import type { IqRoute } from './router.ts'

/** What any service answers about itself: ping (XEP-0199), software version (XEP-0092), time since its start (XEP-0012). */
export function housekeepingRoutes({ clock }: { readonly clock: Clock }): IqRoute[] {
  const startedMs = clock.now()
  return [
    { kind: 'ping', type: 'get', name: 'ping', namespace: ns.ping, handle: () => undefined },
    {
      kind: 'version',
      type: 'get',
      name: 'query',
      namespace: ns.version,
      handle: () => xml('query', { xmlns: ns.version }, xml('name', {}, 'splice65'), xml('version', {}, version)),
    },
    {
      kind: 'last',
      type: 'get',
      name: 'query',
      namespace: ns.lastActivity,
      handle: () => xml('query', { xmlns: ns.lastActivity, seconds: Math.floor((clock.now() - startedMs) / 1000) }),
    },
  ]
}
