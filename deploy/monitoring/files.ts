import { renderMetricsPage } from './metrics-page.ts'

/** What is written from code for those who watch: the path of each file below the repository, and what it says. */
export async function monitoringFiles(): Promise<Record<string, string>> {
  return { 'deploy/METRICS.md': await renderMetricsPage() }
}
