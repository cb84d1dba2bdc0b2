import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import * as units from '@grafana/grafana-foundation-sdk/units'
import { buildDashboard } from './dashboard.ts'
import { figure, graph } from './panels.ts'
import { chosenPod, datasourceVariable, jobVariable, namespaceVariable, podVariable } from './variables.ts'

/** *splice65 / Relay*: one relay, from its sockets to its heap. */
export function relayDashboard(): Dashboard {
  return buildDashboard({
    title: 'splice65 / Relay',
    uid: 'splice65-relay',
    description: 'One relay: sockets, bytes, the engine and its pipes, the process.',
    variables: [datasourceVariable(), namespaceVariable(), jobVariable('splice65_sockets_max'), podVariable()],
    rows,
  })
}

const rows = [
  {
    title: 'Now',
    panels: [
      figure({
        title: 'State',
        description: 'A relay that drains takes nothing new; what is live on it goes on.',
        width: 4,
        query: `max(splice65_draining{${chosenPod}})`,
        words: { 0: 'serves', 1: 'drains' },
        steps: [{ from: 1, color: 'orange' }],
      }),
      figure({
        title: 'Draining for',
        description: 'Since the drain began; 0 while it does not drain.',
        unit: units.Seconds,
        width: 4,
        query: `max((time() - splice65_drain_started_timestamp_seconds{${chosenPod}}) * splice65_draining{${chosenPod}})`,
      }),
      figure({
        title: 'Bytestreams',
        description: 'That it owns, or carries a leg of.',
        width: 4,
        query: `sum(splice65_bytestreams_active{${chosenPod}})`,
      }),
      figure({
        title: 'Throughput',
        description: 'Bytes a second of its bytestreams and legs.',
        unit: units.BytesPerSecondSI,
        width: 4,
        query: `sum(rate(splice65_relayed_bytes_total{${chosenPod}}[$__rate_interval])) + sum(rate(splice65_leg_bytes_total{${chosenPod}}[$__rate_interval]))`,
      }),
      figure({
        title: 'Sockets taken',
        description: 'Of those it may have. Full, it closes every further client.',
        unit: units.PercentUnit,
        width: 4,
        query: `max(splice65_sockets_open{${chosenPod}} / splice65_sockets_max{${chosenPod}})`,
        steps: [
          { from: 0.8, color: 'orange' },
          { from: 0.95, color: 'red' },
        ],
      }),
      figure({
        title: 'Up for',
        description: 'Since the process started.',
        unit: units.Seconds,
        width: 4,
        query: `min(time() - process_start_time_seconds{${chosenPod}})`,
      }),
    ],
  },
  {
    title: 'Sockets',
    panels: [
      graph({
        title: 'Sockets',
        description: 'Of clients and trunks, handshakes included, and how many it may have.',
        width: 8,
        queries: [
          { expr: `sum by (pod) (splice65_sockets_open{${chosenPod}})`, legend: '{{pod}} open' },
          { expr: `sum by (pod) (splice65_sockets_max{${chosenPod}})`, legend: '{{pod}} at most' },
        ],
      }),
      graph({
        title: 'Descriptors',
        description: 'Everything the process has open: sockets, two for each pipe, Redis, gRPC, files.',
        width: 8,
        queries: [
          { expr: `sum by (pod) (process_open_fds{${chosenPod}})`, legend: '{{pod}} open' },
          { expr: `sum by (pod) (process_max_fds{${chosenPod}})`, legend: '{{pod}} limit' },
        ],
      }),
      graph({
        title: 'Waiting halves',
        description: 'Connections that wait for their other half or for their activation.',
        width: 8,
        queries: [{ expr: `sum by (pod) (splice65_half_connections_waiting{${chosenPod}})`, legend: '{{pod}}' }],
      }),
      graph({
        title: 'Handshakes by result',
        description: 'A second. probe, and what scanners send, are no refusals of clients.',
        unit: units.CountsPerSecond,
        width: 12,
        stacked: true,
        queries: [
          {
            expr: `sum by (result) (rate(splice65_handshakes_total{${chosenPod}}[$__rate_interval])) > 0`,
            legend: '{{result}}',
          },
        ],
      }),
      graph({
        title: 'Handoffs and trunks',
        description: 'Handoffs this relay asked of others, and connections to its trunk port that became no trunk.',
        unit: units.CountsPerSecond,
        width: 12,
        queries: [
          {
            expr: `sum by (outcome) (rate(splice65_handoffs_total{${chosenPod}}[$__rate_interval]))`,
            legend: 'handoff {{outcome}}',
          },
          {
            expr: `sum(rate(splice65_trunks_refused_total{${chosenPod}}[$__rate_interval]))`,
            legend: 'trunk refused',
          },
        ],
      }),
    ],
  },
  {
    title: 'Bytes',
    panels: [
      graph({
        title: 'Throughput',
        description: 'Bytes a second by the half they came from; legs belong to other relays’ bytestreams.',
        unit: units.BytesPerSecondSI,
        width: 8,
        stacked: true,
        queries: [
          {
            expr: `sum by (half) (rate(splice65_relayed_bytes_total{${chosenPod}}[$__rate_interval]))`,
            legend: 'from the {{half}} half',
          },
          { expr: `sum(rate(splice65_leg_bytes_total{${chosenPod}}[$__rate_interval]))`, legend: 'legs' },
        ],
      }),
      graph({
        title: 'Running bytestreams',
        description: 'local and handoff are its own, leg is half of another relay’s.',
        width: 8,
        stacked: true,
        queries: [{ expr: `sum by (path) (splice65_bytestreams_active{${chosenPod}})`, legend: '{{path}}' }],
      }),
      graph({
        title: 'Why bytestreams ended',
        description: 'A second, by outcome; those that it owned.',
        unit: units.CountsPerSecond,
        width: 8,
        stacked: true,
        queries: [
          {
            expr: `sum by (outcome, reason) (rate(splice65_bytestreams_total{${chosenPod}}[$__rate_interval]))`,
            legend: '{{outcome}}/{{reason}}',
          },
        ],
      }),
    ],
  },
  {
    title: 'Engine',
    panels: [
      graph({
        title: 'Pipes',
        description: 'Pipes with bytes in them, whose receivers are slow, and how many there may be.',
        width: 8,
        queries: [
          { expr: `sum by (pod) (splice65_pipes_lent{${chosenPod}})`, legend: '{{pod}} lent' },
          { expr: `sum by (pod) (splice65_pipes_max{${chosenPod}})`, legend: '{{pod}} at most' },
        ],
      }),
      graph({
        title: 'Memory of pipes',
        description: 'In the kernel: lent or idle, and the budget of both.',
        unit: units.BytesIEC,
        width: 8,
        queries: [
          { expr: `sum by (state) (splice65_pipe_bytes{${chosenPod}})`, legend: '{{state}}' },
          { expr: `sum(splice65_pipe_budget_bytes{${chosenPod}})`, legend: 'budget' },
        ],
      }),
      graph({
        title: 'Without a pipe',
        description: 'Times a bytestream waited for a pipe, and the kernel refused one.',
        unit: units.CountsPerSecond,
        width: 8,
        queries: [
          { expr: `sum(rate(splice65_pipe_waits_total{${chosenPod}}[$__rate_interval]))`, legend: 'waited' },
          { expr: `sum(rate(splice65_pipes_refused_total{${chosenPod}}[$__rate_interval]))`, legend: 'refused' },
        ],
      }),
      graph({
        title: 'Bytes that were copied',
        description: 'By the splice engine, for lack of a pipe; each costs two to four times the CPU.',
        unit: units.BytesPerSecondSI,
        width: 8,
        queries: [
          {
            expr: `sum by (pod) (rate(splice65_copied_bytes_total{${chosenPod}}[$__rate_interval]))`,
            legend: '{{pod}}',
          },
        ],
      }),
      graph({
        title: 'Crashes',
        description: 'Workers of the engine that died, and with them their bytestreams.',
        width: 8,
        queries: [
          {
            expr: `sum by (pod) (increase(splice65_engine_crashes_total{${chosenPod}}[$__rate_interval]))`,
            legend: '{{pod}}',
          },
        ],
      }),
      graph({
        title: 'What moves the bytes',
        description: 'splice in the kernel, or stream anywhere.',
        width: 8,
        queries: [{ expr: `count by (engine) (splice65_engine_info{${chosenPod}})`, legend: '{{engine}}' }],
      }),
    ],
  },
  {
    title: 'Process',
    panels: [
      graph({
        title: 'CPU',
        description: 'Cores, all threads together: the main thread and the engine’s workers.',
        width: 8,
        queries: [
          {
            expr: `sum by (pod) (rate(process_cpu_user_seconds_total{${chosenPod}}[$__rate_interval]))`,
            legend: '{{pod}} user',
          },
          {
            expr: `sum by (pod) (rate(process_cpu_system_seconds_total{${chosenPod}}[$__rate_interval]))`,
            legend: '{{pod}} system',
          },
        ],
      }),
      graph({
        title: 'Memory',
        description: 'Pipes and socket buffers are the kernel’s and not in here.',
        unit: units.BytesIEC,
        width: 8,
        queries: [
          { expr: `sum by (pod) (process_resident_memory_bytes{${chosenPod}})`, legend: '{{pod}} resident' },
          { expr: `sum by (pod) (nodejs_heap_size_used_bytes{${chosenPod}})`, legend: '{{pod}} heap' },
          { expr: `sum by (pod) (nodejs_external_memory_bytes{${chosenPod}})`, legend: '{{pod}} external' },
        ],
      }),
      graph({
        title: 'Event loop lag',
        description: 'Of the main thread: handshakes and activations wait so long. Bytes that run do not.',
        unit: units.Seconds,
        width: 8,
        steps: [{ from: 0.25, color: 'orange' }],
        queries: [
          { expr: `max by (pod) (nodejs_eventloop_lag_p50_seconds{${chosenPod}})`, legend: '{{pod}} p50' },
          { expr: `max by (pod) (nodejs_eventloop_lag_p99_seconds{${chosenPod}})`, legend: '{{pod}} p99' },
        ],
      }),
      graph({
        title: 'Garbage collection',
        description: 'Share of the main thread’s time, by kind.',
        unit: units.PercentUnit,
        width: 12,
        stacked: true,
        queries: [
          {
            expr: `sum by (kind) (rate(nodejs_gc_duration_seconds_sum{${chosenPod}}[$__rate_interval]))`,
            legend: '{{kind}}',
          },
        ],
      }),
      graph({
        title: 'Starts',
        description: 'Within the last half hour.',
        width: 12,
        queries: [{ expr: `sum by (pod) (changes(process_start_time_seconds{${chosenPod}}[30m]))`, legend: '{{pod}}' }],
      }),
    ],
  },
]
