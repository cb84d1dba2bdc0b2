import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import * as units from '@grafana/grafana-foundation-sdk/units'
import { buildDashboard } from './dashboard.ts'
import { figure, graph, spread } from './panels.ts'
import { chosen, datasourceVariable, jobVariable, namespaceVariable } from './variables.ts'

/** *splice65 / Fleet*: the whole proxy, from what clients meet to what it stands on. */
export function fleetDashboard(): Dashboard {
  return buildDashboard({
    title: 'splice65 / Fleet',
    uid: 'splice65-fleet',
    description: 'Bytestreams, activations, refusals and dependencies of all relays and controls together.',
    variables: [datasourceVariable(), namespaceVariable(), jobVariable('splice65_build_info')],
    rows,
  })
}

const rows = [
  {
    title: 'Now',
    panels: [
      figure({
        title: 'Component',
        description: 'Whether a control is connected to the XMPP server. Without it nobody can begin a transfer.',
        width: 4,
        query: `max(splice65_component_up{${chosen}})`,
        words: { 0: 'down', 1: 'connected' },
        steps: [
          { from: 0, color: 'red' },
          { from: 1, color: 'green' },
        ],
      }),
      figure({
        title: 'Ready relays',
        description: 'Relays that are alive and do not drain, as control knows them.',
        width: 4,
        query: `max(splice65_relays{${chosen}, state="ready"})`,
        steps: [
          { from: 0, color: 'red' },
          { from: 1, color: 'orange' },
          { from: 2, color: 'green' },
        ],
      }),
      figure({
        title: 'Advertised addresses',
        description: 'Control dials every advertised address as a client would and sends bytes through it.',
        width: 4,
        query: `min(max by (streamhost) (splice65_self_test_up{${chosen}}))`,
        words: { 0: 'one fails', 1: 'all work' },
        steps: [
          { from: 0, color: 'red' },
          { from: 1, color: 'green' },
        ],
      }),
      figure({
        title: 'Bytestreams',
        description: 'Bytestreams that run.',
        width: 4,
        query: `sum(splice65_bytestreams_active{${chosen}, path!="leg"})`,
      }),
      figure({
        title: 'Throughput',
        description: 'Bytes a second, both directions together, each counted once however many relays it crosses.',
        unit: units.BytesPerSecondSI,
        width: 4,
        query: `sum(rate(splice65_relayed_bytes_total{${chosen}}[$__rate_interval]))`,
      }),
      figure({
        title: 'Alerts',
        description: 'Alerts of splice65 that fire.',
        width: 4,
        query: 'count(ALERTS{alertname=~"Splice65.+", alertstate="firing", namespace=~"$namespace"}) or vector(0)',
        steps: [{ from: 1, color: 'red' }],
      }),
    ],
  },
  {
    title: 'Bytestreams',
    panels: [
      graph({
        title: 'Throughput by relay',
        description: 'Bytes a second of the bytestreams that each relay owns, counted while they run.',
        unit: units.BytesPerSecondSI,
        width: 12,
        stacked: true,
        queries: [
          { expr: `sum by (pod) (rate(splice65_relayed_bytes_total{${chosen}}[$__rate_interval]))`, legend: '{{pod}}' },
        ],
      }),
      graph({
        title: 'Running bytestreams',
        description: 'Local ones have both halves on one relay; a handoff has them on two.',
        width: 12,
        stacked: true,
        queries: [{ expr: `sum by (path) (splice65_bytestreams_active{${chosen}, path!="leg"})`, legend: '{{path}}' }],
      }),
      graph({
        title: 'Why bytestreams ended',
        description:
          'Bytestreams a second by outcome. completed/finished is the good one; aborted/reset is a client that went away.',
        unit: units.CountsPerSecond,
        width: 12,
        stacked: true,
        queries: [
          {
            expr: `sum by (outcome, reason) (rate(splice65_bytestreams_total{${chosen}}[$__rate_interval])) > 0`,
            legend: '{{outcome}}/{{reason}}',
          },
        ],
      }),
      graph({
        title: 'Share that crossed relays',
        description: 'Of the bytestreams that ended. Each costs about twice as much CPU as a local one.',
        unit: units.PercentUnit,
        width: 12,
        max: 1,
        queries: [
          {
            expr: `sum(rate(splice65_bytestreams_total{${chosen}, path="handoff"}[$__rate_interval])) / (sum(rate(splice65_bytestreams_total{${chosen}}[$__rate_interval])) > 0)`,
            legend: 'crossed',
          },
        ],
      }),
      spread({
        title: 'How big',
        description: 'Bytes of the bytestreams that ended, both directions together.',
        unit: units.BytesIEC,
        width: 12,
        query: `sum by (le) (increase(splice65_bytestream_size_bytes_bucket{${chosen}}[$__rate_interval]))`,
      }),
      spread({
        title: 'How long',
        description: 'From activation to the end, of the bytestreams that ended.',
        unit: units.Seconds,
        width: 12,
        query: `sum by (le) (increase(splice65_bytestream_duration_seconds_bucket{${chosen}}[$__rate_interval]))`,
      }),
    ],
  },
  {
    title: 'Activation',
    panels: [
      graph({
        title: 'Activation latency',
        description: 'From a requester’s activation to its answer, where both halves were joined.',
        unit: units.Seconds,
        width: 8,
        steps: [{ from: 1, color: 'orange' }],
        queries: [0.5, 0.95, 0.99].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, sum by (le) (rate(splice65_activation_duration_seconds_bucket{${chosen}, outcome="joined"}[$__rate_interval])))`,
          legend: `p${quantile * 100}`,
        })),
      }),
      graph({
        title: 'Connect to activation',
        description: 'How long halves waited that were activated: mostly the clients’ own time.',
        unit: units.Seconds,
        width: 8,
        queries: [0.5, 0.95].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, sum by (le) (rate(splice65_half_connection_wait_seconds_bucket{${chosen}}[$__rate_interval])))`,
          legend: `p${quantile * 100}`,
        })),
      }),
      graph({
        title: 'Activations by outcome',
        description:
          'not-found and not-ready: a client activated before both had connected. unavailable and internal are our fault.',
        unit: units.CountsPerSecond,
        width: 8,
        stacked: true,
        queries: [
          {
            expr: `sum by (outcome) (rate(splice65_activations_total{${chosen}}[$__rate_interval])) > 0`,
            legend: '{{outcome}}',
          },
        ],
      }),
      graph({
        title: 'Handoffs by outcome',
        description: 'Halves fetched from other relays. Any that failed deserve a look.',
        unit: units.CountsPerSecond,
        width: 12,
        stacked: true,
        queries: [
          {
            expr: `sum by (outcome) (rate(splice65_handoffs_total{${chosen}}[$__rate_interval]))`,
            legend: '{{outcome}}',
          },
        ],
      }),
      graph({
        title: 'Requests by kind',
        description: 'IQs that control answered: what clients ask before and at a transfer.',
        unit: units.RequestsPerSecond,
        width: 12,
        stacked: true,
        queries: [
          { expr: `sum by (kind) (rate(splice65_iqs_total{${chosen}}[$__rate_interval]))`, legend: '{{kind}}' },
        ],
      }),
    ],
  },
  {
    title: 'At the door',
    panels: [
      graph({
        title: 'Handshakes by result',
        description:
          'probe: load balancers and clients that only look. not-socks5, authentication, command, address-type, not-a-digest: scanners and strangers.',
        unit: units.CountsPerSecond,
        width: 12,
        stacked: true,
        queries: [
          {
            expr: `sum by (result) (rate(splice65_handshakes_total{${chosen}}[$__rate_interval])) > 0`,
            legend: '{{result}}',
          },
        ],
      }),
      graph({
        title: 'Share refused',
        description:
          'Of the clients that named a digest (taken, unavailable), found no place (over-…, source-…, …-full), or came without the PROXY header.',
        unit: units.PercentUnit,
        width: 12,
        max: 1,
        steps: [{ from: 0.1, color: 'red' }],
        queries: [
          {
            expr: `sum(rate(splice65_handshakes_total{${chosen}, result=~"taken|over-.+|source-.+|.+-full|unavailable|untrusted|header-.+"}[$__rate_interval])) / (sum(rate(splice65_handshakes_total{${chosen}, result=~"accepted|taken|over-.+|source-.+|.+-full|unavailable|untrusted|header-.+"}[$__rate_interval])) > 0)`,
            legend: 'refused',
          },
        ],
      }),
      graph({
        title: 'Waiting halves',
        description: 'Connections that wait for their other half or for their activation, by relay.',
        width: 12,
        stacked: true,
        queries: [{ expr: `sum by (pod) (splice65_half_connections_waiting{${chosen}})`, legend: '{{pod}}' }],
      }),
      graph({
        title: 'How waiting ended',
        description: 'completed: joined. expired/unactivated: nobody activated it; its other half never came, perhaps.',
        unit: units.CountsPerSecond,
        width: 12,
        stacked: true,
        queries: [
          {
            expr: `sum by (outcome, reason) (rate(splice65_half_connections_total{${chosen}}[$__rate_interval])) > 0`,
            legend: '{{outcome}}/{{reason}}',
          },
        ],
      }),
    ],
  },
  {
    title: 'Advertised addresses',
    panels: [
      graph({
        title: 'Self-test',
        description: 'By address: 1 while bytes come through it. It is dialled from inside the cluster.',
        width: 8,
        max: 1,
        queries: [{ expr: `max by (streamhost) (splice65_self_test_up{${chosen}})`, legend: '{{streamhost}}' }],
      }),
      graph({
        title: 'Self-test duration',
        description: 'Dialling, activating and both directions together.',
        unit: units.Seconds,
        width: 8,
        queries: [
          { expr: `max by (streamhost) (splice65_self_test_duration_seconds{${chosen}})`, legend: '{{streamhost}}' },
        ],
      }),
      graph({
        title: 'Since the last success',
        description: 'By address. It should stay about the interval of the self-test.',
        unit: units.Seconds,
        width: 8,
        queries: [
          {
            expr: `time() - max by (streamhost) (splice65_self_test_last_success_timestamp_seconds{${chosen}})`,
            legend: '{{streamhost}}',
          },
        ],
      }),
    ],
  },
  {
    title: 'What it stands on',
    panels: [
      graph({
        title: 'Redis latency, p99',
        description: 'By operation. A request fails after half a second.',
        unit: units.Seconds,
        width: 8,
        steps: [{ from: 0.1, color: 'orange' }],
        queries: [
          {
            expr: `histogram_quantile(0.99, sum by (operation, le) (rate(splice65_registry_request_duration_seconds_bucket{${chosen}}[$__rate_interval])))`,
            legend: '{{operation}}',
          },
        ],
      }),
      graph({
        title: 'Redis requests that failed',
        description: 'A second, by operation. The proxy goes on without Redis, by asking its relays.',
        unit: units.CountsPerSecond,
        width: 8,
        stacked: true,
        queries: [
          {
            expr: `sum by (operation) (rate(splice65_registry_request_duration_seconds_count{${chosen}, outcome="error"}[$__rate_interval]))`,
            legend: '{{operation}}',
          },
        ],
      }),
      graph({
        title: 'Redis in reach',
        description: 'By pod: 1 while its connection stands.',
        width: 8,
        max: 1,
        queries: [{ expr: `min by (pod) (splice65_registry_up{${chosen}})`, legend: '{{pod}}' }],
      }),
      graph({
        title: 'Calls to relays, p99',
        description: 'activate and findHalves are control’s, handoff is a relay’s to another.',
        unit: units.Seconds,
        width: 8,
        steps: [{ from: 1, color: 'orange' }],
        queries: [
          {
            expr: `histogram_quantile(0.99, sum by (method, le) (rate(splice65_rpc_request_duration_seconds_bucket{${chosen}}[$__rate_interval])))`,
            legend: '{{method}}',
          },
        ],
      }),
      graph({
        title: 'Calls to relays by outcome',
        description: 'A second. not-found and not-ready mean that a half left meanwhile.',
        unit: units.CountsPerSecond,
        width: 8,
        stacked: true,
        queries: [
          {
            expr: `sum by (method, outcome) (rate(splice65_rpc_request_duration_seconds_count{${chosen}}[$__rate_interval]))`,
            legend: '{{method}} {{outcome}}',
          },
        ],
      }),
      graph({
        title: 'Relays',
        description: 'As control knows them; missing ones have left the registry a short while ago.',
        width: 8,
        stacked: true,
        queries: [{ expr: `max by (state) (splice65_relays{${chosen}})`, legend: '{{state}}' }],
      }),
      graph({
        title: 'Component by control',
        description: 'One is connected; where the XMPP server allows one connection only, the others stand by.',
        width: 12,
        max: 1,
        queries: [
          { expr: `max by (pod) (splice65_component_up{${chosen}})`, legend: '{{pod}} connected' },
          { expr: `max by (pod) (splice65_component_standby{${chosen}})`, legend: '{{pod}} stands by' },
          { expr: `max by (pod) (splice65_component_misconfigured{${chosen}})`, legend: '{{pod}} refused' },
        ],
      }),
      graph({
        title: 'Versions',
        description: 'Processes by what they run: two versions of one service mean an upgrade under way.',
        width: 12,
        stacked: true,
        queries: [
          { expr: `count by (service, version) (splice65_build_info{${chosen}})`, legend: '{{service}} {{version}}' },
        ],
      }),
    ],
  },
]
