/** A metric that there is, or a series that a rule records. */
export interface KnownMetric {
  readonly name: string
  readonly type: string
}

/** The names in a query that are none of these metrics, nor a series of one of their histograms. */
export function unknownMetricsIn(query: string, known: readonly KnownMetric[]): string[] {
  const names = new Set(
    known.flatMap(({ name, type }) =>
      type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  )
  return metricsNamedIn(query).filter((name) => !names.has(name))
}

/** The metrics and recorded series that a query names, each once. */
export function metricsNamedIn(query: string): string[] {
  const withoutValues = query.replaceAll(/"[^"]*"/g, '""')
  return [...new Set(withoutValues.match(/\b(?:[a-z_]+:)?(?:splice65|nodejs|process)_[\w:]+/g))]
}
