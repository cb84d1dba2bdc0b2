import type { ChartValues } from '../../deploy/chart/values.ts'

const peer = { ipBlock: { cidr: '192.0.2.0/24' } }
const scrape = {
  enabled: true,
  scrapeTimeout: '10s',
  labels: { release: 'prometheus' },
  relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' }],
  metricRelabelings: [{ regex: 'nodejs_.*', sourceLabels: ['__name__'], action: 'drop' }],
}

/** All that can be said of the pods of a workload. */
const pods = {
  annotations: { note: 'workload' },
  podAnnotations: { note: 'pod' },
  podLabels: { team: 'xmpp' },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { release: '{{ .Release.Name }}' } } },
      ],
    },
  },
  tolerations: [{ key: 'edge', operator: 'Exists' }],
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
  ],
  priorityClassName: 'system-cluster-critical',
  runtimeClassName: 'runc',
  schedulerName: 'default-scheduler',
  dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
  hostAliases: [{ ip: '192.0.2.1', hostnames: ['prosody'] }],
  minReadySeconds: 5,
  extraEnv: [{ name: 'TZ', value: '{{ .Release.Namespace }}' }],
  extraEnvFrom: [{ secretRef: { name: 'more', optional: true } }],
  extraVolumes: [{ name: 'scratch', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
  extraContainers: [{ name: 'beside', image: 'busybox', args: ['{{ .Release.Name }}'] }],
  initContainers: [{ name: 'before', image: 'busybox' }],
}

/** A courier that has been told no more than it must. */
export const courier = {
  enabled: true,
  component: { domain: 'courier.example.com' },
  publicUrl: 'https://files.example.com',
}

const all: ChartValues = {
  commonLabels: { owner: 'xmpp' },
  image: { digest: `sha256:${'0'.repeat(64)}`, pullSecrets: ['registry'] },
  exposure: {
    service: {
      annotations: { 'example.com/class': 'tcp' },
      labels: { public: 'yes' },
      loadBalancerClass: 'example.com/lb',
      loadBalancerIP: '192.0.2.7',
      loadBalancerSourceRanges: ['192.0.2.0/24'],
      allocateLoadBalancerNodePorts: false,
      ipFamilyPolicy: 'PreferDualStack',
      ipFamilies: ['IPv4', 'IPv6'],
      nodePort: 30_777,
    },
  },
  rpc: { tls: { enabled: true, trunk: true } },
  redis: { builtin: pods, ca: { existingSecret: 'redis-ca' } },
  control: { ...pods, serviceAccount: { annotations: { role: 'none' } } },
  relay: { ...pods, autoscaling: { enabled: true } },
  courier: {
    ...courier,
    ...pods,
    persistence: { storageClass: 'fast', annotations: { backup: 'daily' } },
    service: { annotations: { 'example.com/class': 'http' }, type: 'NodePort', nodePort: 30_080 },
    ingress: {
      enabled: true,
      className: 'nginx',
      host: 'files.example.com',
      annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '0' },
      tlsSecret: 'files-tls',
    },
    serviceAccount: { annotations: { role: 'none' } },
  },
  networkPolicy: { enabled: true, clients: [peer], xmpp: [peer], prometheus: [peer], dns: [peer] },
  monitoring: {
    podMonitor: scrape,
    serviceMonitor: scrape,
    rules: { enabled: true, labels: { release: 'prometheus' } },
    dashboards: { enabled: true, annotations: { folder: 'XMPP' }, namespace: 'monitoring' },
  },
  extraObjects: [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-more' } },
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-text\n',
  ],
}

/** Values that turn on all there is, where two things exclude each other in one of several sets. */
export const everything = {
  'all of it': all,
  'another way of each': {
    ...all,
    component: { existingSecret: '', secret: 'not-a-secret' },
    exposure: { mode: 'loadBalancerPerPod', host: '', service: all.exposure?.service },
    rpc: {
      token: { existingSecret: 'token' },
      tls: { enabled: true, certManager: { issuerRef: { kind: 'ClusterIssuer', name: 'internal' } } },
    },
    redis: { builtin: { enabled: false }, url: 'rediss://redis.example.com:6379?ca=/run/splice65/redis-ca/ca.crt' },
    relay: { autoscaling: { enabled: true, metric: 'bytesPerSecond' } },
    courier: { ...courier, persistence: { existingClaim: 'parcels' } },
    networkPolicy: { enabled: true, redis: [peer] },
  },
  'KEDA, and Secrets of the user’s own': {
    exposure: { mode: 'nodePortPerPod', host: '' },
    rpc: { tls: { enabled: true, existingSecret: 'tls' } },
    redis: { builtin: { enabled: false }, existingSecret: 'redis' },
    relay: {
      autoscaling: {
        enabled: true,
        metric: 'bytestreams',
        keda: {
          enabled: true,
          serverAddress: 'http://prometheus.monitoring:9090',
          authenticationRef: { name: 'prometheus' },
        },
      },
    },
    courier: {
      ...courier,
      replicas: 3,
      component: { domain: 'courier.example.com', existingSecret: 'courier', existingSecretKey: 'secret' },
      uploadSecret: { existingSecret: 'upload' },
      persistence: { enabled: false },
      database: { existingSecret: 'postgres' },
      s3: { url: 's3://parcels/kept?region=eu-central-1', existingSecret: 's3' },
    },
    networkPolicy: { enabled: true, stores: [peer] },
  },
  'KEDA by CPU': {
    exposure: { mode: 'hostNetwork', host: '' },
    relay: { autoscaling: { enabled: true, keda: { enabled: true } } },
    networkPolicy: { enabled: true },
  },
} satisfies Record<string, ChartValues>
