{{/* What the pods of all workloads have in common. All take (dict "root" $ "component" "relay"). */}}

{{- define "splice65.podMetadata" -}}
{{- $values := .values | default (index .root.Values .component) -}}
labels:
  {{- include "splice65.podLabels" . | nindent 2 }}
  {{- if .root.Values.meshOptOut }}
  sidecar.istio.io/inject: "false"
  {{- end }}
  {{- with $values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  {{- with .checksum }}
  checksum/config: {{ . }}
  {{- end }}
  {{- if .root.Values.meshOptOut }}
  {{- include "splice65.meshAnnotations" . | nindent 2 }}
  {{- end }}
  {{- with .annotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with $values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* What service meshes look at before they add a sidecar. */}}
{{- define "splice65.meshAnnotations" -}}
sidecar.istio.io/inject: "false"
linkerd.io/inject: disabled
consul.hashicorp.com/connect-inject: "false"
{{- end }}

{{- define "splice65.podSpec" -}}
{{- $values := .values | default (index .root.Values .component) -}}
{{- $root := .root -}}
{{- $selector := include "splice65.selectorLabels" . | fromYaml -}}
# A Service of this name would put variables into the environment that the services refuse to know.
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext: {{ toYaml $values.podSecurityContext | nindent 2 }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with $values.schedulerName }}
schedulerName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity: {{ tpl (toYaml .) $root | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- range $values.topologySpreadConstraints | default (list (dict "maxSkew" 1 "topologyKey" "kubernetes.io/hostname" "whenUnsatisfiable" "ScheduleAnyway")) }}
  - {{ merge (deepCopy .) (dict "labelSelector" (dict "matchLabels" $selector)) | toYaml | nindent 4 | trim }}
  {{- end }}
{{- with $values.dnsConfig }}
dnsConfig: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $values.hostAliases }}
hostAliases: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $values.initContainers }}
initContainers: {{ tpl (toYaml .) $root | nindent 2 }}
{{- end }}
{{- end }}

{{/* The container of a service of ours: all but its name, arguments, ports, environment and mounts. */}}
{{- define "splice65.container" -}}
{{- $values := index .root.Values .component -}}
image: {{ include "splice65.image" (dict "root" .root "image" .root.Values.image) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext: {{ toYaml $values.securityContext | nindent 2 }}
startupProbe: {{ include "splice65.probe" (list $values.startupProbe "httpGet" (dict "path" "/livez" "port" "metrics")) | nindent 2 }}
livenessProbe: {{ include "splice65.probe" (list $values.livenessProbe "httpGet" (dict "path" "/livez" "port" "metrics")) | nindent 2 }}
readinessProbe: {{ include "splice65.probe" (list $values.readinessProbe "httpGet" (dict "path" "/readyz" "port" "metrics")) | nindent 2 }}
resources: {{ toYaml $values.resources | nindent 2 }}
envFrom:
  - configMapRef:
      name: {{ include "splice65.fullname" .root }}-{{ .component }}
  {{- with $values.extraEnvFrom }}
  {{- tpl (toYaml .) $.root | nindent 2 }}
  {{- end }}
{{- end }}

{{/* A probe that asks as we do, unless it says how itself. Takes (list PROBE KIND HANDLER). */}}
{{- define "splice65.probe" -}}
{{- $probe := index . 0 -}}
{{- $own := or $probe.httpGet $probe.tcpSocket $probe.exec $probe.grpc -}}
{{ ternary $probe (merge (dict (index . 1) (index . 2)) $probe) (not (empty $own)) | toYaml }}
{{- end }}

{{/* Variables that both services have, each under its own prefix. */}}
{{- define "splice65.commonEnv" -}}
{{- $prefix := upper .component -}}
- name: {{ $prefix }}_POD
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: {{ $prefix }}_REGISTRY_URL_FILE
  value: /run/splice65/redis/url
{{ include "splice65.rpcEnv" (dict "root" .root "prefix" $prefix) }}
{{- end }}

{{- define "splice65.commonMounts" -}}
- name: redis
  mountPath: /run/splice65/redis
  readOnly: true
{{ include "splice65.rpcMounts" .root }}
{{- if .root.Values.redis.ca.existingSecret }}
- name: redis-ca
  mountPath: /run/splice65/redis-ca
  readOnly: true
{{- end }}
{{- with (index .root.Values .component).extraVolumeMounts }}
{{ tpl (toYaml .) $.root }}
{{- end }}
{{- end }}

{{- define "splice65.commonVolumes" -}}
- name: redis
  {{- include "splice65.secretVolume" (list (include "splice65.redisSecret" .root) (include "splice65.redisSecretKey" .root) "url") | nindent 2 }}
{{ include "splice65.rpcVolumes" .root }}
{{- with .root.Values.redis.ca }}
{{- if .existingSecret }}
- name: redis-ca
  {{- include "splice65.secretVolume" (list .existingSecret .existingSecretKey "ca.crt") | nindent 2 }}
{{- end }}
{{- end }}
{{- with (index .root.Values .component).extraVolumes }}
{{ tpl (toYaml .) $.root }}
{{- end }}
{{- end }}

{{/* One key of a Secret as a file that the pod's group may read. Takes (list SECRET KEY FILE). */}}
{{- define "splice65.secretVolume" -}}
secret:
  secretName: {{ index . 0 }}
  defaultMode: 0440
  items:
    - key: {{ index . 1 }}
      path: {{ index . 2 }}
{{- end }}

{{/* Changes with whatever a replica of control reads once, when it starts. */}}
{{- define "splice65.controlChecksum" -}}
{{ list (include "splice65.options" (dict "root" . "component" "control")) .Values.component.secret .Values.redis.url | toJson | sha256sum }}
{{- end }}

{{- define "splice65.relayChecksum" -}}
{{ list (include "splice65.options" (dict "root" . "component" "relay")) .Values.redis.url | toJson | sha256sum }}
{{- end }}
