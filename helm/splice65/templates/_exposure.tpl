{{/* How clients reach relays. */}}

{{/* "true" when every relay has an address of its own. */}}
{{- define "splice65.perPod" -}}
{{- if ne .Values.exposure.mode "shared" }}true{{ end -}}
{{- end }}

{{/* The most relays that there may be: as many Services do the modes per pod need. */}}
{{- define "splice65.mostRelays" -}}
{{ ternary .Values.relay.autoscaling.maxReplicas .Values.relay.replicas .Values.relay.autoscaling.enabled | int }}
{{- end }}

{{/*
"true" when the address of a client's connection is the client's own, so that limits per client can be held. Behind the
PROXY protocol relays know by themselves.
*/}}
{{- define "splice65.keepsSources" -}}
{{- $exposure := .Values.exposure -}}
{{- $direct := has $exposure.mode (list "hostPort" "hostNetwork") -}}
{{- $local := and (ne $exposure.service.type "ClusterIP") (eq $exposure.service.externalTrafficPolicy "Local") -}}
{{- if and (or $direct $local) (not $exposure.proxyProtocol.enabled) }}true{{ end -}}
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

{{/*
The listeners of a relay, as a JSON list: that of each shared address, or its own one. Each has
  streamhost    the name of the address in options; the main one has none
  host, told    what clients of a shared address are told
  port, nodePort  of the Service
  plain, proxy  name and port of the container's listeners: as clients speak, and behind the PROXY protocol
  dialled       the name of the one that clients reach
Helm 3.18.0 gives numbers as texts, of which "0" counts as true: hence int before each question.
*/}}
{{- define "splice65.listeners" -}}
{{- $exposure := .Values.exposure -}}
{{- $service := $exposure.service -}}
{{- $behindProxy := $exposure.proxyProtocol.enabled -}}
{{- $all := list -}}
{{- if include "splice65.perPod" . -}}
{{- $onNode := eq $exposure.mode "hostNetwork" -}}
{{- $all = append $all (dict
      "streamhost" "$(RELAY_POD)"
      "plain" (dict "name" "socks-own" "port" (ternary $exposure.port 7778 (and $onNode (not $behindProxy))))
      "proxy" (dict "name" "socks-proxy" "port" (ternary $exposure.port 7779 $onNode))) -}}
{{- else -}}
{{- $all = append $all (dict
      "streamhost" "" "host" $exposure.host "port" $exposure.port "nodePort" $service.nodePort
      "told" (int $exposure.advertisedPort | default (ternary $service.nodePort $exposure.port (eq $service.type "NodePort")))
      "plain" (dict "name" "socks" "port" 7777) "proxy" (dict "name" "socks-proxy" "port" 7779)) -}}
{{- range $i, $more := $exposure.additional -}}
{{- $nodePort := $more.nodePort | default 0 -}}
{{- $all = append $all (dict
      "streamhost" $more.name "host" ($more.host | default $exposure.host) "port" $more.port "nodePort" $nodePort
      "told" (int ($more.advertisedPort | default 0) | default (ternary $nodePort $more.port (eq $service.type "NodePort")))
      "plain" (dict "name" (printf "socks-%d" (add1 $i)) "port" (add 7801 $i))
      "proxy" (dict "name" (printf "socks-proxy-%d" (add1 $i)) "port" (add 7901 $i))) -}}
{{- end -}}
{{- end -}}
{{- range $all -}}
{{- $_ := set . "dialled" (ternary .proxy.name .plain.name $behindProxy) -}}
{{- end -}}
{{ toJson $all }}
{{- end }}

{{/* The port that a relay publishes as its own. */}}
{{- define "splice65.publicPort" -}}
{{- with .Values.exposure -}}
{{- if int .advertisedPort -}}
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
{{ ternary (printf "[%s]" $host) $host (and (contains ":" $host) (not (hasPrefix "[" $host))) }}:{{ last . | int }}
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

{{/* The shared addresses as control's option: [name=]host:port, separated by commas. */}}
{{- define "splice65.streamhosts" -}}
{{- range $i, $listener := include "splice65.listeners" . | fromJsonArray -}}
{{- if $i }},{{ end -}}
{{- with .streamhost }}{{ . }}={{ end -}}
{{ include "splice65.hostPort" (list .host .told) }}
{{- end -}}
{{- end }}
