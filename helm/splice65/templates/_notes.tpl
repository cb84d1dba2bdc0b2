{{/* Sentences of the notes. */}}

{{- define "splice65.relaysSaid" -}}
{{- with .Values.relay -}}
{{- if .autoscaling.enabled -}}
{{ .autoscaling.minReplicas }} to {{ .autoscaling.maxReplicas }} relays
{{- else -}}
{{ .replicas }} {{ ternary "relay" "relays" (eq (int .replicas) 1) }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What a load balancer has got, host or address; empty while it is pending, and where there is no cluster to ask. */}}
{{- define "splice65.loadBalancerAddress" -}}
{{- $service := lookup "v1" "Service" .root.Release.Namespace .name | default dict -}}
{{- range dig "status" "loadBalancer" "ingress" list $service -}}
{{ .ip | default .hostname }}{{ " " }}
{{- end -}}
{{- end }}

{{/* Whether that Service is there and its load balancer pending. */}}
{{- define "splice65.pending" -}}
{{- if and (lookup "v1" "Service" .root.Release.Namespace .name) (not (include "splice65.loadBalancerAddress" .)) }}true{{ end -}}
{{- end }}

{{- define "splice65.dialled" -}}
{{- $fullname := include "splice65.fullname" . -}}
{{- $exposure := .Values.exposure -}}
{{- $from := include "splice65.addressFrom" . -}}
{{- $published := dict "host" $exposure.host "hostIP" "its node's address" "node" (printf "its node's external address%s" ($exposure.host | empty | ternary "" (printf ", else %s" $exposure.host))) "service" "the address of its Service" }}
{{- if eq $exposure.mode "shared" }}
Clients are told {{ include "splice65.streamhosts" . | replace "," ", " }}, TCP. It must lead to the Service {{ $fullname }}-socks
{{- if eq $exposure.service.type "LoadBalancer" }}
{{- with include "splice65.loadBalancerAddress" (dict "root" . "name" (printf "%s-socks" $fullname)) | trim }}, whose load balancer is {{ . }}{{ end }}:

  kubectl -n {{ .Release.Namespace }} get service {{ $fullname }}-socks
{{- else if eq $exposure.service.type "NodePort" }}, port {{ int $exposure.service.nodePort | default "(see kubectl get service)" }} of the nodes
{{- if eq $exposure.service.externalTrafficPolicy "Local" }} that have a relay{{ end }}.
{{- else }}, which only the cluster reaches: put something of yours in front.
{{- end }}
{{- else }}
Each relay publishes {{ get $published $from }}, port {{ include "splice65.publicPort" . }}, TCP. The firewall must let clients through to
{{- if eq $exposure.mode "loadBalancerPerPod" }} the Services {{ $fullname }}-relay-0 and so on:

  kubectl -n {{ .Release.Namespace }} get services -l app.kubernetes.io/instance={{ .Release.Name }}
{{- else if eq $exposure.mode "nodePortPerPod" }} node ports {{ $exposure.service.nodePortBase }} to {{ add $exposure.service.nodePortBase (include "splice65.mostRelays" .) -1 }}.
{{- else }} port {{ $exposure.port }} of the nodes, and each relay needs a node of its own.
{{- end }}
{{- end }}
{{- if $exposure.proxyProtocol.enabled }}
Only load balancers at {{ join ", " $exposure.proxyProtocol.trusted }} are taken, and they must send the PROXY protocol.
{{- end }}
{{- end }}

{{- define "splice65.missing" -}}
{{- $fullname := include "splice65.fullname" . -}}
{{- $exposure := .Values.exposure -}}
{{- if and (eq $exposure.mode "shared") (eq $exposure.service.type "LoadBalancer") (include "splice65.pending" (dict "root" . "name" (printf "%s-socks" $fullname))) }}
- The load balancer of {{ $fullname }}-socks has no address yet. Once it has, let {{ $exposure.host }} lead to it.
{{- end }}
{{- if .Values.redis.builtin.enabled }}
- The built-in Redis is a single pod. Transfers outlive it, but give a Redis of yours for real use: redis.existingSecret.
{{- end }}
{{- if .Values.component.secret }}
- component.secret is kept in the release's values; component.existingSecret keeps it out of them.
{{- end }}
{{- if not .Values.rpc.tls.enabled }}
- control and relays talk in the clear inside the cluster, with a token: rpc.tls.enabled encrypts it (cert-manager).
{{- end }}
{{- if not .Values.networkPolicy.enabled }}
- Every pod of the cluster can reach gRPC and metrics: networkPolicy.enabled closes them.
{{- end }}
{{- if not (and .Values.monitoring.podMonitor.enabled .Values.monitoring.rules.enabled) }}
- Nobody watches: see monitoring.podMonitor, serviceMonitor, rules and dashboards.
{{- end }}
{{- with .Values.courier }}
{{- if and .enabled (not .persistence.enabled) (not (and .database.existingSecret .s3.url)) }}
- Files that the courier keeps are lost with its pod: courier.persistence.enabled.
{{- end }}
{{- end }}
{{- if lt (int .Values.control.replicas) 2 }}
- One control alone leaves a gap at every restart: control.replicas=2.
{{- end }}
{{- end }}
