import type { ChartValues } from '../../deploy/chart/values.ts'

/** Every way to reach relays that the chart knows, by what it is. */
export const modes = {
  'a load balancer': {},
  'a node port': { exposure: { service: { type: 'NodePort', nodePort: 30_777 } } },
  'a load balancer of the user’s own': { exposure: { service: { type: 'ClusterIP' }, advertisedPort: 443 } },
  'three load-balanced addresses': {
    exposure: {
      additional: [
        { name: 'https', port: 443 },
        { name: 'elsewhere', port: 7778, host: 'files.example.net', nodePort: 30_778, advertisedPort: 80 },
      ],
    },
  },
  'an IPv6 address': { bindAddress: '::', exposure: { host: '2001:db8::7' } },
  'the PROXY protocol': { exposure: { proxyProtocol: { enabled: true, trusted: ['10.0.0.0/8', 'fd00::/8'] } } },
  'a load balancer for each relay': { exposure: { mode: 'loadBalancerPerPod', host: '' } },
  'a named load balancer for each relay': {
    exposure: {
      mode: 'loadBalancerPerPod',
      host: 'relay-{ordinal}.example.com',
      service: { loadBalancerIPs: ['192.0.2.1'] },
    },
  },
  'the PROXY protocol for each relay': {
    exposure: { mode: 'loadBalancerPerPod', host: '', proxyProtocol: { enabled: true, trusted: ['10.0.0.0/8'] } },
  },
  'a node port for each relay': { exposure: { mode: 'nodePortPerPod', host: '' } },
  'a node port for each relay of one host': { exposure: { mode: 'nodePortPerPod' } },
  'host ports': { exposure: { mode: 'hostPort', host: '' } },
  'host ports at the node’s own address': { exposure: { mode: 'hostPort', host: '', addressFrom: 'hostIP' } },
  'host ports and the PROXY protocol': {
    exposure: { mode: 'hostPort', host: '', proxyProtocol: { enabled: true, trusted: ['10.0.0.0/8'] } },
  },
  'the network of the node': { exposure: { mode: 'hostNetwork', host: '' } },
  'the network of the node and the PROXY protocol': {
    exposure: {
      mode: 'hostNetwork',
      host: '{pod}.example.com',
      proxyProtocol: { enabled: true, trusted: ['10.0.0.0/8'] },
    },
  },
} satisfies Record<string, ChartValues>
