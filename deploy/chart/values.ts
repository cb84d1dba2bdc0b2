import { z } from 'zod'
import { podValues } from './pod-values.ts'
import {
  block,
  flag,
  free,
  freeList,
  keyValues,
  number,
  oneOf,
  optionBlock,
  portNumber,
  text,
  textList,
} from './value-types.ts'

const image = block('The image of all services; each runs another command of it.', {
  repository: text('ghcr.io/splice65/splice65', 'Where the image is, registry and all.'),
  tag: text('', 'Its tag; the version of the chart’s application when empty.'),
  digest: text('', 'A digest, sha256:…, that is pulled instead of the tag.'),
  pullPolicy: oneOf(['IfNotPresent', 'Always', 'Never'], 'When the image is pulled.'),
  pullSecrets: textList('Names of Secrets of type kubernetes.io/dockerconfigjson, for Redis’s image too.'),
})

const component = block('The external component (XEP-0114) on your XMPP server.', {
  domain: text('', 'Name of the proxy on the XMPP server, such as proxy.example.com. Needed.'),
  host: text('', 'Where the XMPP server takes component connections. Needed.'),
  port: portNumber(5347, 'Port of the same.'),
  secret: text('', 'The secret shared with the XMPP server; better keep it in existingSecret.'),
  existingSecret: text('', 'Name of a Secret that holds the secret.'),
  existingSecretKey: text('component-secret', 'Its key there.'),
})

const service = block('Services of the SOCKS5 port, the shared one and those of single relays alike.', {
  type: oneOf(['LoadBalancer', 'NodePort', 'ClusterIP'], 'Type of the Service of mode shared.'),
  externalTrafficPolicy: oneOf(
    ['Local', 'Cluster'],
    'Local shows relays the addresses of clients, and sends nobody to a node without a relay.',
  ),
  nodePort: number(0, [0, 65_535], 'Node port of mode shared; 0 lets Kubernetes choose, for type LoadBalancer only.'),
  nodePortBase: portNumber(30_777, 'nodePortPerPod: relay n is reached at this port plus n.'),
  annotations: keyValues('Annotations; {pod} and {ordinal} become those of the relay in the modes per pod.'),
  labels: keyValues('Labels beside our own.'),
  loadBalancerClass: text('', 'Which load balancer serves it, where there are several.'),
  loadBalancerIP: text('', 'Address to ask for in mode shared.'),
  loadBalancerIPs: textList('loadBalancerPerPod: addresses to ask for, in the order of the relays.'),
  loadBalancerSourceRanges: textList('CIDRs that may connect; empty: everybody.'),
  allocateLoadBalancerNodePorts: flag(true, 'Whether load balancers get node ports; some need none.'),
  ipFamilyPolicy: text('', 'SingleStack, PreferDualStack or RequireDualStack; the cluster’s default when empty.'),
  ipFamilies: textList('IPv4, IPv6 or both in order; the cluster’s default when empty.'),
})

const exposure = block('How clients reach the SOCKS5 port, and which address they are told.', {
  mode: oneOf(
    ['shared', 'loadBalancerPerPod', 'nodePortPerPod', 'hostPort', 'hostNetwork'],
    'One address for all relays (shared), or one for each: by a Service or on its node.',
  ),
  host: text(
    '',
    'Name or address that clients dial. Needed in mode shared. In the modes per pod {pod} and {ordinal} become those of the relay.',
  ),
  port: portNumber(7777, 'Port of the Service, or of the node in modes hostPort and hostNetwork.'),
  advertisedPort: number(
    0,
    [0, 65_535],
    'Port that clients are told, where something of yours in front listens on another; 0: the port that the mode gives.',
  ),
  additional: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$/)
          .describe('Name of the streamhost.'),
        port: z.int().min(1).max(65_535).describe('Port of the Service.'),
        host: z.string().optional().describe('What clients dial; the host above when left out.'),
        nodePort: z.int().min(1).max(65_535).optional().describe('Node port.'),
        advertisedPort: z.int().min(1).max(65_535).optional().describe('Port that clients are told.'),
      }),
    )
    .default([])
    .describe(
      'More addresses of mode shared, each a streamhost of its own: clients that cannot dial one try another. A name and a port each, such as 443; host, nodePort and advertisedPort where they differ.',
    ),
  addressFrom: oneOf(
    ['auto', 'host', 'hostIP', 'node', 'service'],
    'Modes per pod: what relays publish. host: the host above; hostIP: the node’s own address; node: its external address, else the host above; service: what the Service’s load balancer got. auto: host where one is given, else service or node.',
  ),
  service,
  proxyProtocol: block('A load balancer in front that says who the client is (PROXY protocol, v1 and v2).', {
    enabled: flag(false, 'Demand the header on the SOCKS5 port.'),
    trusted: textList('CIDRs of the load balancers; others are refused. Needed with it.'),
  }),
})

const rpc = block('How control and relays talk to one another.', {
  token: block('The token that control and relays share.', {
    existingSecret: text(
      '',
      'Name of a Secret with the token; one is generated when empty, and kept over upgrades. Needed with tools that render charts without a cluster (Argo CD).',
    ),
    existingSecretKey: text('token', 'Its key there.'),
  }),
  tls: block('Mutual TLS between control and relays.', {
    enabled: flag(false, 'Every call shows a certificate and demands one.'),
    existingSecret: text('', 'Name of a Secret with tls.crt, tls.key and ca.crt; one from cert-manager when empty.'),
    trunk: flag(false, 'Encrypt what crosses relays too. It then leaves the kernel’s path and costs more.'),
    certManager: block('Certificates of cert-manager.', {
      issuerRef: free('An issuer that signs for cluster-internal names; a CA of our own when empty.'),
      duration: text('2160h', 'How long a certificate is valid.'),
      renewBefore: text('720h', 'How long before its end it is renewed; services read it again by themselves.'),
    }),
  }),
})

const redis = block('The registry: which relay holds which half of a bytestream. It needs no persistence.', {
  builtin: block('A small Redis of this release, to try it or for a modest load.', {
    enabled: flag(true, 'Run it. Turn it off when you give url or existingSecret.'),
    image: block('Its image.', {
      repository: text('redis', 'Where the image is.'),
      tag: text('7-bookworm', 'Its tag.'),
      digest: text('', 'A digest, sha256:…, that is pulled instead of the tag.'),
      pullPolicy: oneOf(['IfNotPresent', 'Always', 'Never'], 'When the image is pulled.'),
    }),
    maxMemory: text('96mb', 'What it may keep; below the limit of its memory.'),
    ...podValues({
      resources: { requests: { cpu: '50m', memory: '32Mi' }, limits: { memory: '160Mi' } },
      // The user `redis` of the official image.
      user: 999,
    }),
  }),
  url: text(
    '',
    'A Redis of yours: redis://host:port, redis+sentinel://host:port,host:port/master or redis+cluster://host:port,host:port; rediss for TLS.',
  ),
  existingSecret: text('', 'Name of a Secret with such a URL, password and all.'),
  existingSecretKey: text('url', 'Its key there.'),
  ca: block('The authority that signed the certificate of your Redis, when it is not a public one.', {
    existingSecret: text('', 'Name of a Secret with it; the URL must say ?ca=/run/splice65/redis-ca/ca.crt.'),
    existingSecretKey: text('ca.crt', 'Its key there.'),
  }),
})

const podDisruptionBudget = block('How many pods may be taken away on purpose at once.', {
  enabled: flag(true, 'Create a PodDisruptionBudget.'),
  maxUnavailable: z
    .union([z.int().min(0), z.string().regex(/^\d+%$/)])
    .default(1)
    .describe('A number or a percentage.'),
})

const serviceAccount = block('The ServiceAccount. No token is mounted, but for relays that must ask Kubernetes.', {
  create: flag(true, 'Create one.'),
  name: text('', 'Its name; made from the release’s when empty.'),
  annotations: keyValues('Its annotations.'),
})

const control = block('control speaks XMPP: discovery, addresses, activations.', {
  replicas: number(2, [0, 100], 'Two survive the loss of one; any replica answers any request.'),
  options: optionBlock('control', 'Options of the service; see the table in the README.'),
  updateStrategy: free('How pods are replaced.', {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  }),
  terminationGracePeriodSeconds: number(30, [1, 3_600], 'How long a replica may finish its answers.'),
  podDisruptionBudget,
  serviceAccount,
  ...podValues({ resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '384Mi' } } }),
})

const autoscaling = block('More relays when they are busy. Fewer only slowly: each that goes must drain.', {
  enabled: flag(false, 'Let the number of relays follow the load.'),
  minReplicas: number(2, [1, 1_000], 'The fewest.'),
  maxReplicas: number(6, [1, 1_000], 'The most; the modes per pod have as many Services.'),
  metric: oneOf(
    ['cpu', 'bytestreams', 'bytesPerSecond'],
    'What is followed. All but cpu needs an adapter for custom metrics that serves splice65_bytestreams_active and splice65_relayed_bytes_per_second, or KEDA.',
  ),
  cpuPercent: number(70, [1, 1_000], 'Of what a relay requests.'),
  bytestreams: number(500, [1, 1_000_000], 'Active bytestreams of a relay.'),
  bytesPerSecond: number(100_000_000, [1, Number.MAX_SAFE_INTEGER], 'Relayed bytes a second of a relay.'),
  behavior: free('How fast; as in autoscaling/v2.', {
    scaleDown: {
      stabilizationWindowSeconds: 600,
      policies: [{ type: 'Pods', value: 1, periodSeconds: 600 }],
    },
  }),
  keda: block('Let KEDA do it instead of a HorizontalPodAutoscaler.', {
    enabled: flag(false, 'Create a ScaledObject.'),
    serverAddress: text('', 'Where Prometheus is, such as http://prometheus.monitoring:9090. Needed but for cpu.'),
    authenticationRef: free('How KEDA signs in there.'),
    pollingInterval: number(30, [1, 3_600], 'Seconds between looks.'),
  }),
})

const relay = block('relay speaks SOCKS5 to clients and moves their bytes.', {
  replicas: number(2, [0, 1_000], 'How many, when the number does not follow the load.'),
  options: optionBlock('relay', 'Options of the service; see the table in the README.'),
  drain: block('What a relay does before it goes. Its grace period is the sum of these.', {
    delaySeconds: number(5, [0, 600], 'How long it still serves new clients, until load balancers know.'),
    timeoutSeconds: number(600, [1, 86_400], 'How long bytestreams may run on; cluster autoscalers give 600 s.'),
    spreadSeconds: number(10, [0, 3_600], 'Over how long what is left then is ended.'),
    marginSeconds: number(20, [5, 3_600], 'What the end of the process may take.'),
  }),
  safeToEvict: flag(false, 'Whether cluster autoscalers may move relays to save a node; that ends bytestreams.'),
  ports: block('Ports inside the cluster; on the node itself in mode hostNetwork.', {
    rpc: portNumber(6500, 'gRPC of control and of other relays.'),
    trunk: portNumber(6501, 'Trunks of other relays.'),
    metrics: portNumber(9091, 'Metrics and health.'),
  }),
  updateStrategy: free('How pods are replaced: one after the other, each when it has drained.', {
    type: 'RollingUpdate',
  }),
  autoscaling,
  podDisruptionBudget,
  serviceAccount,
  // The kernel counts the buffers of sockets and pipes too; where the limit is near, it makes them small.
  ...podValues({ resources: { requests: { cpu: '250m', memory: '192Mi' }, limits: { memory: '1Gi' } } }),
})

const courier = block('courier keeps files for recipients who are offline, and serves them by link. Off by default.', {
  enabled: flag(false, 'Run it.'),
  replicas: number(1, [0, 100], 'More than one needs database and blobs of your own.'),
  options: optionBlock('courier', 'Options of the service; see the table in the README.'),
  component: block('Its external component (XEP-0114), on the same XMPP server as the proxy.', {
    domain: text('', 'Its name on the XMPP server, such as courier.example.com. Needed.'),
    existingSecret: text('', 'Name of a Secret that holds its secret; that of the proxy when empty.'),
    existingSecretKey: text('component-secret', 'Its key there.'),
  }),
  publicUrl: text('', 'The URL under which clients upload and download; https and the host of the Ingress when empty.'),
  uploadSecret: block('What signs upload slots.', {
    existingSecret: text('', 'Name of a Secret with it; one is generated when empty, and kept over upgrades.'),
    existingSecretKey: text('upload-secret', 'Its key there.'),
  }),
  persistence: block('The volume with the embedded database, files on disk, and what is being received.', {
    enabled: flag(true, 'Claim one for each replica. Without it everything is lost with the pod.'),
    existingClaim: text('', 'Name of a claim of yours, for one replica.'),
    size: text('20Gi', 'How large.'),
    storageClass: text('', 'Its class; the cluster’s default when empty.'),
    accessModes: z.array(z.string()).default(['ReadWriteOnce']).describe('How it is mounted.'),
    annotations: keyValues('Annotations of the claims.'),
  }),
  database: block('Records in a PostgreSQL of yours instead of the embedded database.', {
    existingSecret: text(
      '',
      'Name of a Secret with its URL, postgresql://user:password@host/name; embedded when empty.',
    ),
    existingSecretKey: text('url', 'Its key there.'),
  }),
  s3: block('Files in an object store instead of the volume.', {
    url: text('', 's3://BUCKET/PREFIX?endpoint=URL&region=NAME; on the volume when empty.'),
    existingSecret: text('', 'Name of a Secret with the keys; what the pod’s identity allows when empty.'),
    accessKeyIdKey: text('access-key-id', 'Key of the access key there.'),
    secretAccessKeyKey: text('secret-access-key', 'Key of its secret there.'),
  }),
  service: block('The Service of its HTTP port.', {
    type: oneOf(['ClusterIP', 'NodePort', 'LoadBalancer'], 'Its type.'),
    port: portNumber(80, 'Its port.'),
    nodePort: number(0, [0, 65_535], 'Node port; 0 lets Kubernetes choose.'),
    annotations: keyValues('Annotations.'),
  }),
  ingress: block('An Ingress that leads clients to it by https.', {
    enabled: flag(false, 'Create one.'),
    className: text('', 'Its class; the cluster’s default when empty.'),
    host: text('', 'Name that clients use, such as files.example.com. Needed with it.'),
    annotations: keyValues(
      'Annotations; say that bodies may be as large as files, such as nginx.ingress.kubernetes.io/proxy-body-size: "0".',
    ),
    tlsSecret: text('', 'Name of the Secret with its certificate; made by cert-manager where an annotation says so.'),
  }),
  updateStrategy: free('How pods are replaced.', { type: 'RollingUpdate' }),
  terminationGracePeriodSeconds: number(60, [1, 3_600], 'How long uploads and downloads may run on.'),
  podDisruptionBudget,
  serviceAccount,
  // The embedded database takes 300 MiB while it runs, and over 1 GiB in the seconds in which it is made.
  ...podValues({ resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '2Gi' } } }),
})

const networkPolicy = block('NetworkPolicies for all pods: nothing else comes in, and nothing else goes out.', {
  enabled: flag(false, 'Create them. They do not hold in mode hostNetwork.'),
  clients: freeList('Peers that may dial the SOCKS5 port and the courier’s HTTP port; everybody when empty.'),
  xmpp: freeList('Peers where the XMPP server is; any address at the component’s port when empty.'),
  redis: freeList('Peers where your own Redis is; any address at redisPorts when empty.'),
  redisPorts: z
    .array(z.int().min(1).max(65_535))
    .default([6379, 26_379])
    .describe('Ports of your own Redis and its Sentinels.'),
  prometheus: freeList('Peers that may read metrics; everybody when empty.'),
  stores: freeList(
    'Peers where the courier’s own PostgreSQL and object store are; any address at storePorts when empty.',
  ),
  storePorts: z
    .array(z.int().min(1).max(65_535))
    .default([443, 5432])
    .describe('Ports of the courier’s own PostgreSQL and object store.'),
  dns: freeList('Peers that answer DNS; any address at port 53 when empty.'),
  kubernetesApiPorts: z
    .array(z.int().min(1).max(65_535))
    .default([443, 6443])
    .describe('Ports of the Kubernetes API, for relays that must ask it.'),
})

const scrape = {
  interval: text('15s', 'How often.'),
  scrapeTimeout: text('', 'How long one may take; Prometheus’s default when empty.'),
  labels: keyValues('Labels that your Prometheus selects by.'),
  relabelings: freeList('Relabelings of targets.'),
  metricRelabelings: freeList('Relabelings of metrics.'),
}

const monitoring = block('What the Prometheus operator and Grafana’s sidecar pick up.', {
  podMonitor: block('Scrapes relays.', { enabled: flag(false, 'Create a PodMonitor.'), ...scrape }),
  serviceMonitor: block('Scrapes control and courier.', {
    enabled: flag(false, 'Create a ServiceMonitor.'),
    ...scrape,
  }),
  rules: block('Recording rules and alerts.', {
    enabled: flag(false, 'Create a PrometheusRule.'),
    labels: keyValues('Labels that your Prometheus selects by.'),
    runbookUrl: text('', 'Where your runbook is; the project’s own when empty.'),
  }),
  dashboards: block('Dashboards for Grafana.', {
    enabled: flag(false, 'Create a ConfigMap with them.'),
    labels: keyValues('Labels that the sidecar selects by.', { grafana_dashboard: '1' }),
    annotations: keyValues('Annotations, such as the folder in Grafana.'),
    namespace: text('', 'Where the sidecar looks; the release’s namespace when empty.'),
  }),
})

/** The values of the chart: `values.yaml`, its schema and the README's table are all made from this. */
export const chartValues = z.strictObject({
  nameOverride: text('', 'Takes the place of the chart’s name in names.'),
  fullnameOverride: text('', 'Takes the place of release and chart in names.'),
  commonLabels: keyValues('Labels of everything.'),
  bindAddress: text('0.0.0.0', 'What services listen on; `::` where pods have IPv6.'),
  image,
  component,
  exposure,
  rpc,
  redis,
  control,
  relay,
  courier,
  networkPolicy,
  monitoring,
  meshOptOut: flag(true, 'Keep service meshes’ sidecars out: they would copy every byte, and end streams early.'),
  extraObjects: z
    .array(z.union([z.string(), z.record(z.string(), z.unknown())]))
    .default([])
    .describe('More objects, as YAML or as text; both are templates.'),
})

/** What a user may write into his values file. */
export type ChartValues = z.input<typeof chartValues>
