import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

/** A query of a panel, with its variables in it. */
export interface PanelQuery {
  readonly panel: string
  readonly expr: string
}

/** Every query of a dashboard. */
export function dashboardQueries(dashboard: Dashboard): PanelQuery[] {
  return (dashboard.panels ?? []).flatMap((panel) => {
    const targets = 'targets' in panel ? (panel.targets ?? []) : []
    return targets.map((target) => {
      if (!('expr' in target) || typeof target.expr !== 'string') throw new Error(`${panel.title} has no PromQL`)
      return { panel: `${dashboard.title}: ${panel.title}`, expr: target.expr }
    })
  })
}
