import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'

/** The Prometheus that is chosen on the dashboard. */
export const datasource = { type: 'prometheus', uid: '$datasource' }

/** Restricts a selector to what is chosen on *Fleet*. */
export const chosen = 'namespace=~"$namespace", job=~"$job"'

/** Restricts a selector to the relay that is chosen on *Relay*. */
export const chosenPod = `${chosen}, pod=~"$pod"`

/** Which Prometheus. */
export function datasourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus')
}

/** Namespaces in which splice65 runs. Without Kubernetes there is no such label, and all is chosen. */
export function namespaceVariable(): QueryVariableBuilder {
  return variable('namespace', 'Namespace', 'label_values(splice65_build_info, namespace)').multi(true).allValue('.*')
}

/** Jobs by which Prometheus scrapes what has this metric. */
export function jobVariable(metric: string): QueryVariableBuilder {
  return variable('job', 'Job', `label_values(${metric}{namespace=~"$namespace"}, job)`).multi(true)
}

/** Relays of the jobs that are chosen; one, or all as far as they can be told apart. */
export function podVariable(): QueryVariableBuilder {
  return variable('pod', 'Relay', `label_values(splice65_sockets_max{${chosen}}, pod)`).allValue('.*')
}

function variable(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query({ query, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .includeAll(true)
}
