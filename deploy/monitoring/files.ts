import { courierDashboard } from './dashboards/courier.ts'
import { fleetDashboard } from './dashboards/fleet.ts'
import { relayDashboard } from './dashboards/relay.ts'
import { renderMetricsPage } from './metrics-page.ts'

/** What is written from code for those who watch: the path of each file below the repository, and what it says. */
export async function monitoringFiles(): Promise<Record<string, string>> {
  return {
    'deploy/METRICS.md': await renderMetricsPage(),
    'helm/splice65/files/dashboards/courier.json': `${JSON.stringify(courierDashboard(), null, 2)}\n`,
    'helm/splice65/files/dashboards/fleet.json': `${JSON.stringify(fleetDashboard(), null, 2)}\n`,
    'helm/splice65/files/dashboards/relay.json': `${JSON.stringify(relayDashboard(), null, 2)}\n`,
  }
}
