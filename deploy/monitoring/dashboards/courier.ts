import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import * as units from '@grafana/grafana-foundation-sdk/units'
import { buildDashboard } from './dashboard.ts'
import { figure, graph, spread } from './panels.ts'
import { chosen, datasourceVariable, jobVariable, namespaceVariable } from './variables.ts'

/** *splice65 / Courier*: what comes in, what is kept, how it goes out. */
export function courierDashboard(): Dashboard {
  return buildDashboard({
    title: 'splice65 / Courier',
    uid: 'splice65-courier',
    description: 'Files for people who are offline: taken in, kept, handed over.',
    variables: [datasourceVariable(), namespaceVariable(), jobVariable('splice65_courier_up')],
    rows,
  })
}

const per = (metric: string, labels: string, more = '') =>
  `sum by (${labels}) (rate(${metric}{${chosen}${more}}[$__rate_interval]))`

const rows = [
  {
    title: 'Now',
    panels: [
      figure({
        title: 'Component',
        description: 'Whether a courier is connected to the XMPP server.',
        width: 4,
        query: `max(splice65_courier_up{${chosen}})`,
        words: { 0: 'down', 1: 'connected' },
        steps: [
          { from: 0, color: 'red' },
          { from: 1, color: 'green' },
        ],
      }),
      figure({
        title: 'Stores',
        description: 'Whether every courier reaches its database and its blobs.',
        width: 4,
        query: `min(splice65_courier_dependency_up{${chosen}})`,
        words: { 0: 'one is away', 1: 'there' },
        steps: [
          { from: 0, color: 'red' },
          { from: 1, color: 'green' },
        ],
      }),
      figure({
        title: 'Files kept',
        description: 'Files that are received or kept, in the whole database.',
        width: 4,
        query: `max(splice65_courier_parcels{${chosen}})`,
      }),
      figure({
        title: 'Bytes kept',
        description: 'What they take, stored or reserved.',
        unit: units.BytesIEC,
        width: 4,
        query: `sum(max by (state) (splice65_courier_bytes{${chosen}}))`,
      }),
      figure({
        title: 'Delivered',
        description: 'Files that were handed over by stream within a day.',
        width: 4,
        query: `sum(increase(splice65_courier_deliveries_total{${chosen}, outcome="delivered"}[1d]))`,
      }),
      figure({
        title: 'Damaged',
        description: 'Files within a day that were not what had been stored. Each is one too many.',
        width: 4,
        query: `sum(increase(splice65_courier_blobs_damaged_total{${chosen}}[1d]))`,
        steps: [{ from: 1, color: 'red' }],
      }),
    ],
  },
  {
    title: 'Coming in',
    panels: [
      graph({
        title: 'Stored',
        description: 'Bytes a second of files that were stored, by stream or by upload.',
        unit: units.BytesPerSecondSI,
        width: 8,
        queries: [{ expr: per('splice65_courier_stored_bytes_total', 'pod'), legend: '{{pod}}' }],
      }),
      graph({
        title: 'Offers by stream',
        description: 'Files offered a second, by answer: accepted, or why not.',
        unit: units.CountsPerSecond,
        width: 8,
        stacked: true,
        queries: [{ expr: per('splice65_courier_offers_total', 'outcome'), legend: '{{outcome}}' }],
      }),
      graph({
        title: 'Over a quota',
        description: 'Files refused a second, by which quota.',
        unit: units.CountsPerSecond,
        width: 8,
        stacked: true,
        queries: [{ expr: per('splice65_courier_quota_refusals_total', 'limit'), legend: '{{limit}}' }],
      }),
    ],
  },
  {
    title: 'Going out',
    panels: [
      graph({
        title: 'Deliveries',
        description: 'Offers to clients and messages with links a second, by what became of them.',
        unit: units.CountsPerSecond,
        width: 8,
        stacked: true,
        queries: [{ expr: per('splice65_courier_deliveries_total', 'by, outcome'), legend: '{{by}}/{{outcome}}' }],
      }),
      spread({
        title: 'How long files waited',
        description: 'From the moment they were stored until they were delivered by stream.',
        unit: units.Seconds,
        width: 8,
        query: `sum by (le) (increase(splice65_courier_delivery_wait_seconds_bucket{${chosen}}[$__rate_interval]))`,
      }),
      graph({
        title: 'What senders were told',
        description: 'Messages to senders a second.',
        unit: units.CountsPerSecond,
        width: 8,
        stacked: true,
        queries: [{ expr: per('splice65_courier_notices_total', 'kind'), legend: '{{kind}}' }],
      }),
    ],
  },
  {
    title: 'By HTTP',
    panels: [
      graph({
        title: 'Bytes',
        description: 'Bytes a second of uploads and downloads.',
        unit: units.BytesPerSecondSI,
        width: 8,
        queries: [{ expr: per('splice65_courier_http_bytes_total', 'direction'), legend: '{{direction}}' }],
      }),
      graph({
        title: 'Uploads and downloads',
        description: 'How they ended, a second.',
        unit: units.CountsPerSecond,
        width: 8,
        stacked: true,
        queries: [
          {
            expr: per('splice65_courier_http_transfers_total', 'direction, outcome'),
            legend: '{{direction}}/{{outcome}}',
          },
        ],
      }),
      graph({
        title: 'Upload slots',
        description: 'Slots asked for a second, by answer: offered, or why not.',
        unit: units.CountsPerSecond,
        width: 8,
        stacked: true,
        queries: [{ expr: per('splice65_courier_slots_total', 'outcome'), legend: '{{outcome}}' }],
      }),
    ],
  },
  {
    title: 'Keeping',
    panels: [
      graph({
        title: 'Bytes',
        description: 'Stored, and reserved for what is coming.',
        unit: units.BytesIEC,
        width: 12,
        stacked: true,
        queries: [{ expr: `max by (state) (splice65_courier_bytes{${chosen}})`, legend: '{{state}}' }],
      }),
      graph({
        title: 'What time has ended',
        description: 'expired: nobody came. abandoned: the sender never sent all of it. delivered: fetched before.',
        unit: units.CountsPerSecond,
        width: 12,
        stacked: true,
        queries: [{ expr: per('splice65_courier_parcels_timed_out_total', 'outcome'), legend: '{{outcome}}' }],
      }),
    ],
  },
]
