{{/* What stands in the way of an installation, a line each; empty when nothing does. */}}
{{- define "splice65.faults" -}}
{{- $component := .Values.component -}}
{{- $exposure := .Values.exposure -}}
{{- $redis := .Values.redis -}}
{{- if not $component.domain }}
component.domain: name the proxy as your XMPP server does, such as proxy.example.com
{{- end }}
{{- if and $component.domain (not (contains "." $component.domain)) (not .Values.control.options.allow) }}
control.options.allow: say whom the proxy serves; {{ $component.domain }} has no parent domain to go by
{{- end }}
{{- if not $component.host }}
component.host: say where your XMPP server takes component connections, such as prosody.xmpp.svc
{{- end }}
{{- if eq (empty $component.secret) (empty $component.existingSecret) }}
component.existingSecret: give the Secret that has the component's secret (or component.secret, but not both)
{{- end }}
{{- $sources := list $redis.builtin.enabled (ne $redis.url "") (ne $redis.existingSecret "") }}
{{- if not (has true $sources) }}
redis.existingSecret: give a Redis, by redis.existingSecret or redis.url, or turn redis.builtin.enabled on
{{- else if has true (without $sources false | rest) }}
redis.builtin.enabled: choose one of it, redis.url and redis.existingSecret; turn it off to use a Redis of yours
{{- end }}
{{- if and $exposure.proxyProtocol.enabled (not $exposure.proxyProtocol.trusted) }}
exposure.proxyProtocol.trusted: name the addresses of your load balancers; whoever is trusted can claim to be anybody
{{- end }}
{{- if eq $exposure.mode "shared" }}
{{- if not $exposure.host }}
exposure.host: give the name or address that clients will dial; a DNS name can be pointed at the load balancer later
{{- end }}
{{- if and (eq $exposure.service.type "NodePort") (not (int $exposure.service.nodePort)) (not (int $exposure.advertisedPort)) }}
exposure.service.nodePort: choose the node port, so that clients can be told of it
{{- end }}
{{- range $exposure.additional }}
{{- if and (eq $exposure.service.type "NodePort") (not .nodePort) (not .advertisedPort) }}
exposure.additional: choose the nodePort of {{ .name }}, so that clients can be told of it
{{- end }}
{{- end }}
{{- else }}
{{- if $exposure.additional }}
exposure.additional: only mode shared has shared addresses
{{- end }}
{{- $from := include "splice65.addressFrom" . }}
{{- if and (eq $from "host") (not $exposure.host) }}
exposure.host: give the address that relays publish, such as relay-{ordinal}.example.com
{{- end }}
{{- if and (eq $from "service") (ne $exposure.mode "loadBalancerPerPod") }}
exposure.addressFrom: only the Services of mode loadBalancerPerPod have addresses
{{- end }}
{{- if and (eq $from "host") (ne $exposure.mode "nodePortPerPod") (not (regexMatch "\\{(pod|ordinal)\\}" $exposure.host)) (gt (int (include "splice65.mostRelays" .)) 1) }}
exposure.host: all relays would publish the same address; put {ordinal} or {pod} into it, or set exposure.addressFrom
{{- end }}
{{- end }}
{{- if and .Values.rpc.tls.trunk (not .Values.rpc.tls.enabled) }}
rpc.tls.enabled: trunks can be encrypted only where relays have certificates
{{- end }}
{{- with .Values.relay.autoscaling }}
{{- if and .enabled (lt (int .maxReplicas) (int .minReplicas)) }}
relay.autoscaling.maxReplicas: it is less than minReplicas
{{- end }}
{{- if and .enabled .keda.enabled (ne .metric "cpu") (not .keda.serverAddress) }}
relay.autoscaling.keda.serverAddress: say where KEDA asks Prometheus, or follow cpu
{{- end }}
{{- end }}
{{- with .Values.courier }}
{{- if .enabled }}
{{- if not .component.domain }}
courier.component.domain: name the courier as your XMPP server does, such as courier.example.com
{{- end }}
{{- if and .component.domain (eq .component.domain $component.domain) }}
courier.component.domain: it is the name of the proxy; the courier is a component of its own
{{- end }}
{{- if not (or .publicUrl .ingress.host) }}
courier.publicUrl: say under which URL clients reach the courier, or give courier.ingress.host
{{- end }}
{{- if and .ingress.enabled (not .ingress.host) }}
courier.ingress.host: give the name that clients use, such as files.example.com
{{- end }}
{{- if and (gt (int .replicas) 1) (or (not .database.existingSecret) (not .s3.url)) }}
courier.replicas: more than one need a PostgreSQL (courier.database) and an object store (courier.s3) of yours
{{- end }}
{{- if and (gt (int .replicas) 1) .persistence.existingClaim }}
courier.persistence.existingClaim: a claim is for one replica
{{- end }}
{{- end }}
{{- end }}
{{- end }}
