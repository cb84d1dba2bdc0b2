import { free, freeList, keyValues, number, text } from './value-types.ts'

/** What can be said of the pods of each workload, the same keys in the same order everywhere. */
export function podValues({ resources, user = 1000 }: { readonly resources: object; readonly user?: number }) {
  return {
    resources: free('CPU and memory.', resources),
    annotations: keyValues('Annotations of the workload.'),
    podAnnotations: keyValues('Annotations of the pods.'),
    podLabels: keyValues('Labels of the pods.'),
    nodeSelector: keyValues('Labels that a node must have.'),
    affinity: free('Affinity; a template.'),
    tolerations: freeList('Taints that do not matter.'),
    topologySpreadConstraints: freeList(
      'How pods are spread; one that names no pods means these. Over nodes where possible when empty.',
    ),
    priorityClassName: text('', 'Name of a PriorityClass.'),
    runtimeClassName: text('', 'Name of a RuntimeClass.'),
    schedulerName: text('', 'Name of a scheduler.'),
    dnsConfig: free('How names are resolved.'),
    hostAliases: freeList('More lines of /etc/hosts.'),
    minReadySeconds: number(0, [0, 3_600], 'How long a new pod must be ready before the next is replaced.'),
    podSecurityContext: free('Rights of the pod.', {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      seccompProfile: { type: 'RuntimeDefault' },
    }),
    securityContext: free('Rights of the container.', {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    }),
    startupProbe: free('When it counts as started.', { periodSeconds: 1, failureThreshold: 60 }),
    livenessProbe: free('When it is replaced.', { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }),
    readinessProbe: free('When it is sent clients.', { periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2 }),
    extraEnv: freeList('More environment variables; templates.'),
    extraEnvFrom: freeList('ConfigMaps and Secrets with more of them; templates.'),
    extraVolumes: freeList('More volumes; templates.'),
    extraVolumeMounts: freeList('Where they are mounted; templates.'),
    extraContainers: freeList('More containers; templates.'),
    initContainers: freeList('Containers that run first; templates.'),
  }
}
