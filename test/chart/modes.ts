import type { ChartValues } from '../../deploy/chart/values.ts'

/** Every way to reach relays that the chart knows, by what it is. */
export const modes = {
  'a load balancer': {},
  'a node port': { exposure: { service: { type: 'NodePort', nodePort: 30_777 } } },
  'a load balancer of the user’s own': { exposure: { service: { type: 'ClusterIP' }, advertisedPort: 443 } },
  'an IPv6 address': { bindAddress: '::', exposure: { host: '2001:db8::7' } },
  'a load balancer for each relay': { exposure: { mode: 'loadBalancerPerPod', host: '' } },
  'a named load balancer for each relay': {
    exposure: {
      mode: 'loadBalancerPerPod',
      host: 'relay-{ordinal}.example.com',
      service: { loadBalancerIPs: ['192.0.2.1'] },
    },
  },
  'a node port for each relay': { exposure: { mode: 'nodePortPerPod', host: '' } },
  'a node port for each relay of one host': { exposure: { mode: 'nodePortPerPod' } },
  'host ports': { exposure: { mode: 'hostPort', host: '' } },
  'host ports at the node’s own address': { exposure: { mode: 'hostPort', host: '', addressFrom: 'hostIP' } },
  'the network of the node': { exposure: { mode: 'hostNetwork', host: '' } },
} satisfies Record<string, ChartValues>
