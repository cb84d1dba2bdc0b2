import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'

/** What a dashboard is made of. */
export interface DashboardParts {
  readonly title: string
  /** Its address in Grafana. */
  readonly uid: string
  readonly description: string
  readonly variables: readonly Builder<VariableModel>[]
  readonly rows: readonly { readonly title: string; readonly panels: readonly Builder<Panel>[] }[]
}

/** Builds a dashboard, with a link to its siblings. */
export function buildDashboard({ title, uid, description, variables, rows }: DashboardParts): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['splice65', 'xmpp'])
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .variables([...variables])
    .link(
      new DashboardLinkBuilder('splice65')
        .type(DashboardLinkType.Dashboards)
        .tags(['splice65'])
        .includeVars(true)
        .keepTime(true),
    )
  for (const row of rows) {
    dashboard.withRow(new RowBuilder(row.title))
    for (const panel of row.panels) dashboard.withPanel(panel)
  }
  return dashboard.build()
}
