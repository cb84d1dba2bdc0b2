{{/* The parts of relay that depend on how it is exposed. */}}

{{/* The port that a relay's own listener has: on the node itself where it shares the node's network. */}}
{{- define "splice65.ownPort" -}}
{{- with .Values.exposure -}}
{{ ternary .port 7778 (and (eq .mode "hostNetwork") (not .proxyProtocol.enabled)) | int }}
{{- end -}}
{{- end }}

{{- define "splice65.proxyPort" -}}
{{- with .Values.exposure -}}
{{ ternary .port 7779 (eq .mode "hostNetwork") | int }}
{{- end -}}
{{- end }}

{{- define "splice65.relayPorts" -}}
{{- $exposure := .Values.exposure -}}
{{- $perPod := eq (include "splice65.perPod" .) "true" -}}
{{- $dialled := include "splice65.socksTarget" . -}}
{{- $ports := list -}}
{{- if $perPod -}}
{{- $ports = append $ports (dict "name" "socks-own" "port" (include "splice65.ownPort" .)) -}}
{{- else -}}
{{- $ports = append $ports (dict "name" "socks" "port" 7777) -}}
{{- end -}}
{{- if $exposure.proxyProtocol.enabled -}}
{{- $ports = append $ports (dict "name" "socks-proxy" "port" (include "splice65.proxyPort" .)) -}}
{{- end -}}
{{- range $ports }}
- name: {{ .name }}
  containerPort: {{ .port }}
  {{- if and (eq $exposure.mode "hostPort") (eq .name $dialled) }}
  hostPort: {{ $exposure.port | int }}
  {{- end }}
  protocol: TCP
{{- end }}
{{- range $name := list "rpc" "trunk" "metrics" }}
- name: {{ $name }}
  containerPort: {{ index $.Values.relay.ports $name | int }}
  protocol: TCP
{{- end }}
{{- end }}

{{- define "splice65.relayEnv" -}}
{{- $exposure := .Values.exposure -}}
{{- $bind := .Values.bindAddress -}}
{{- $ports := .Values.relay.ports -}}
{{- $perPod := eq (include "splice65.perPod" .) "true" -}}
- name: RELAY_ADVERTISE_HOST
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
- name: RELAY_HEALTH_HOST
  value: {{ $bind | quote }}
- name: RELAY_HEALTH_PORT
  value: {{ $ports.metrics | int | quote }}
- name: RELAY_RPC_HOST
  value: {{ $bind | quote }}
- name: RELAY_RPC_PORT
  value: {{ $ports.rpc | int | quote }}
- name: RELAY_TRUNK_HOST
  value: {{ $bind | quote }}
- name: RELAY_TRUNK_PORT
  value: {{ $ports.trunk | int | quote }}
- name: RELAY_DRAIN_DELAY_MS
  value: {{ mul .Values.relay.drain.delaySeconds 1000 | quote }}
- name: RELAY_DRAIN_TIMEOUT_MS
  value: {{ mul .Values.relay.drain.timeoutSeconds 1000 | quote }}
- name: RELAY_DRAIN_SPREAD_MS
  value: {{ mul .Values.relay.drain.spreadSeconds 1000 | quote }}
{{- if .Values.rpc.tls.trunk }}
- name: RELAY_TRUNK_TLS
  value: "true"
{{- end }}
{{- if $perPod }}
# A list without an item: no listener is shared.
- name: RELAY_LISTEN
  value: ","
- name: RELAY_OWN_LISTEN
  value: {{ include "splice65.hostPort" (list $bind (include "splice65.ownPort" .)) | quote }}
{{- include "splice65.publicEnv" . }}
{{- else }}
- name: RELAY_LISTEN
  value: {{ include "splice65.hostPort" (list $bind 7777) | quote }}
{{- end }}
{{- if $exposure.proxyProtocol.enabled }}
- name: RELAY_PROXY_LISTEN
  value: {{ printf "%s%s" (ternary "$(RELAY_POD)=" "" $perPod) (include "splice65.hostPort" (list $bind (include "splice65.proxyPort" .))) | quote }}
- name: RELAY_PROXY_TRUSTED
  value: {{ join "," $exposure.proxyProtocol.trusted | quote }}
{{- end }}
{{- end }}

{{/* The address that a relay publishes as its own. */}}
{{- define "splice65.publicEnv" -}}
{{- $from := include "splice65.addressFrom" . }}
- name: RELAY_PUBLIC_PORT
  value: {{ include "splice65.publicPort" . | quote }}
{{- if eq $from "hostIP" }}
- name: RELAY_PUBLIC_HOST
  valueFrom:
    fieldRef:
      fieldPath: status.hostIP
{{- else if .Values.exposure.host }}
- name: RELAY_PUBLIC_HOST
  value: {{ .Values.exposure.host | quote }}
{{- end }}
{{- if eq $from "node" }}
- name: RELAY_PUBLIC_ADDRESS_FROM
  value: node
- name: RELAY_NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
{{- else if eq $from "service" }}
- name: RELAY_PUBLIC_ADDRESS_FROM
  value: service
- name: RELAY_PUBLIC_SERVICE
  value: "{pod}"
{{- end }}
{{- end }}
