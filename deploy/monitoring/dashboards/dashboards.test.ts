import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeMetrics } from '../metrics-page.ts'
import { unknownMetricsIn } from '../named-metrics.ts'
import { runForMetrics } from '../service-metrics.ts'
import { courierDashboard } from './courier.ts'
import { dashboardQueries } from './dashboard-queries.ts'
import { fleetDashboard } from './fleet.ts'
import { relayDashboard } from './relay.ts'

for (const dashboard of [courierDashboard(), fleetDashboard(), relayDashboard()]) {
  describe(`The dashboard ${dashboard.title}`, () => {
    it('names only metrics that the services have', async () => {
      await using services = await runForMetrics()
      const known = [services.relay, services.control, services.courier].flatMap(describeMetrics)
      for (const { panel, expr } of dashboardQueries(dashboard)) {
        assert.deepEqual(unknownMetricsIn(expr, known), [], panel)
      }
    })

    it('says of every panel what it answers, and shows at least one query in it', () => {
      for (const panel of dashboard.panels ?? []) {
        if (panel.type === 'row') continue
        assert.ok('description' in panel && panel.description, panel.title)
        assert.ok('targets' in panel && panel.targets?.length, panel.title)
      }
    })

    it('fills its lines: no panel lies on another or leaves the grid', () => {
      const taken = new Set<string>()
      for (const { gridPos, title } of dashboard.panels ?? []) {
        assert.ok(gridPos, title)
        assert.ok(gridPos.x + gridPos.w <= 24, title)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
            assert.ok(!taken.has(`${x},${y}`), `${title} lies on another panel`)
            taken.add(`${x},${y}`)
          }
        }
      }
      assert.equal(taken.size % 24, 0)
    })
  })
}
