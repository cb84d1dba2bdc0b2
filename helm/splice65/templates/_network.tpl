{{/* Pieces of NetworkPolicies. */}}

{{/* Pods of ours. Takes a list of (dict "root" $ "component" "relay"). */}}
{{- define "splice65.peers" -}}
{{- range . }}
- podSelector:
    matchLabels: {{ include "splice65.selectorLabels" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* Peers of the user's own; the key is left out where there are none, which means everybody. */}}
{{- define "splice65.from" -}}
{{- with . }}
from: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "splice65.to" -}}
{{- with . }}
to: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* TCP ports, by number or by the name that the pods of the policy give them. */}}
{{- define "splice65.ports" -}}
{{- range . }}
- port: {{ kindIs "string" . | ternary . (int . | toString) }}
  protocol: TCP
{{- end }}
{{- end }}

{{- define "splice65.dnsEgress" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
  {{- include "splice65.to" .dns | nindent 2 }}
{{- end }}

{{- define "splice65.redisEgress" -}}
{{- if .Values.redis.builtin.enabled -}}
- to: {{ include "splice65.peers" (list (dict "root" . "component" "redis")) | nindent 4 }}
  ports: {{ include "splice65.ports" (list 6379) | nindent 4 }}
{{- else -}}
- ports: {{ include "splice65.ports" .Values.networkPolicy.redisPorts | nindent 4 }}
  {{- include "splice65.to" .Values.networkPolicy.redis | nindent 2 }}
{{- end -}}
{{- end }}

{{/* The ports that clients are told, as a JSON list. */}}
{{- define "splice65.dialledPorts" -}}
{{- $exposure := .Values.exposure -}}
{{- if eq $exposure.mode "shared" -}}
{{- $ports := list -}}
{{- range include "splice65.listeners" . | fromJsonArray -}}
{{- $ports = append $ports (int .told) -}}
{{- end -}}
{{ uniq $ports | toJson }}
{{- else if and (eq $exposure.mode "nodePortPerPod") (not (int $exposure.advertisedPort)) -}}
{{- $base := int $exposure.service.nodePortBase -}}
{{ untilStep $base (add $base (include "splice65.mostRelays" .) | int) 1 | toJson }}
{{- else -}}
{{ list (include "splice65.publicPort" . | int) | toJson }}
{{- end -}}
{{- end }}
