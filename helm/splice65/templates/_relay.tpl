{{/* The parts of relay that depend on how it is exposed. */}}

{{- define "splice65.relayPorts" -}}
{{- $exposure := .Values.exposure -}}
{{- range $listener := include "splice65.listeners" . | fromJsonArray }}
{{- range ternary (list .plain .proxy) (list .plain) $exposure.proxyProtocol.enabled }}
- name: {{ .name }}
  containerPort: {{ .port | int }}
  {{- if and (eq $exposure.mode "hostPort") (eq .name $listener.dialled) }}
  hostPort: {{ $exposure.port | int }}
  {{- end }}
  protocol: TCP
{{- end }}
{{- end }}
{{- range $name := list "rpc" "trunk" "metrics" }}
- name: {{ $name }}
  containerPort: {{ index $.Values.relay.ports $name | int }}
  protocol: TCP
{{- end }}
{{- end }}

{{- define "splice65.relayEnv" -}}
{{- $bind := .Values.bindAddress -}}
{{- $ports := .Values.relay.ports -}}
{{- $listeners := include "splice65.listeners" . | fromJsonArray -}}
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
{{- if and (include "splice65.keepsSources" .) (not .Values.relay.options.sourceLimits) }}
# Clients keep their addresses on the way here.
- name: RELAY_SOURCE_LIMITS
  value: "on"
{{- end }}
{{- if .Values.rpc.tls.trunk }}
- name: RELAY_TRUNK_TLS
  value: "true"
{{- end }}
{{- if include "splice65.perPod" . }}
# A list without an item: no listener is shared.
- name: RELAY_LISTEN
  value: ","
- name: RELAY_OWN_LISTEN
  value: {{ include "splice65.hostPort" (list $bind (first $listeners).plain.port) | quote }}
{{- include "splice65.publicEnv" . }}
{{- else }}
- name: RELAY_LISTEN
  value: {{ include "splice65.listenList" (list $bind "plain" $listeners) | quote }}
{{- end }}
{{- with .Values.exposure.proxyProtocol }}
{{- if .enabled }}
- name: RELAY_PROXY_LISTEN
  value: {{ include "splice65.listenList" (list $bind "proxy" $listeners) | quote }}
- name: RELAY_PROXY_TRUSTED
  value: {{ join "," .trusted | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Listeners as an option: [name=]host:port, separated by commas. Takes (list ADDRESS "plain"|"proxy" LISTENERS). */}}
{{- define "splice65.listenList" -}}
{{- $bind := index . 0 -}}
{{- $which := index . 1 -}}
{{- range $i, $listener := index . 2 -}}
{{- if $i }},{{ end -}}
{{- with .streamhost }}{{ . }}={{ end -}}
{{ include "splice65.hostPort" (list $bind (index $listener $which).port) }}
{{- end -}}
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
