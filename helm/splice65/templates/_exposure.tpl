{{/* How clients reach relays. */}}

{{/* "true" when every relay has an address of its own. */}}
{{- define "splice65.perPod" -}}
{{- if ne .Values.exposure.mode "shared" }}true{{ end -}}
{{- end }}

{{/* The most relays that there may be: as many Services do the modes per pod need. */}}
{{- define "splice65.mostRelays" -}}
{{ ternary .Values.relay.autoscaling.maxReplicas .Values.relay.replicas .Values.relay.autoscaling.enabled | int }}
{{- end }}

{{/* What relays publish, where each has an address of its own: host, hostIP, node or service. */}}
{{- define "splice65.addressFrom" -}}
{{- with .Values.exposure -}}
{{- if ne .addressFrom "auto" -}}
{{ .addressFrom }}
{{- else if .host -}}
host
{{- else -}}
{{ ternary "service" "node" (eq .mode "loadBalancerPerPod") }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* "true" when relays must ask the Kubernetes API for their address. */}}
{{- define "splice65.asksKubernetes" -}}
{{- if and (include "splice65.perPod" .) (has (include "splice65.addressFrom" .) (list "node" "service")) }}true{{ end -}}
{{- end }}

{{/* The port of the shared address that clients are told. */}}
{{- define "splice65.advertisedPort" -}}
{{- with .Values.exposure -}}
{{ .advertisedPort | default (ternary .service.nodePort .port (eq .service.type "NodePort")) | int }}
{{- end -}}
{{- end }}

{{/* The port that a relay publishes as its own. */}}
{{- define "splice65.publicPort" -}}
{{- with .Values.exposure -}}
{{- if .advertisedPort -}}
{{ .advertisedPort | int }}
{{- else if eq .mode "nodePortPerPod" -}}
{{ .service.nodePortBase | int }}+{ordinal}
{{- else -}}
{{ .port | int }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* host:port, an IPv6 address in brackets. Takes (list HOST PORT). */}}
{{- define "splice65.hostPort" -}}
{{- $host := first . -}}
{{ ternary (printf "[%s]" $host) $host (and (contains ":" $host) (not (hasPrefix "[" $host))) }}:{{ last . }}
{{- end }}

{{/* The port of relay's container that clients' Services lead to. */}}
{{- define "splice65.socksTarget" -}}
{{- if .Values.exposure.proxyProtocol.enabled -}}
socks-proxy
{{- else -}}
{{ ternary "socks-own" "socks" (eq (include "splice65.perPod" .) "true") }}
{{- end -}}
{{- end }}

{{/* What all Services of the SOCKS5 port have in common. Takes (dict "root" $ "type" TYPE). */}}
{{- define "splice65.socksServiceSpec" -}}
{{- $service := .root.Values.exposure.service -}}
type: {{ .type }}
{{- if ne .type "ClusterIP" }}
externalTrafficPolicy: {{ $service.externalTrafficPolicy }}
{{- end }}
{{- if eq .type "LoadBalancer" }}
{{- with $service.loadBalancerClass }}
loadBalancerClass: {{ . }}
{{- end }}
{{- with $service.loadBalancerSourceRanges }}
loadBalancerSourceRanges: {{ toYaml . | nindent 2 }}
{{- end }}
{{- if not $service.allocateLoadBalancerNodePorts }}
allocateLoadBalancerNodePorts: false
{{- end }}
{{- end }}
{{- with $service.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with $service.ipFamilies }}
ipFamilies: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}
