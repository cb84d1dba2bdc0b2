{{/* What whoever speaks gRPC has: the token, and with TLS a certificate. */}}

{{/* Takes (dict "root" $ "prefix" "RELAY"). */}}
{{- define "splice65.rpcEnv" -}}
- name: {{ .prefix }}_RPC_TOKEN_FILE
  value: /run/splice65/rpc/token
{{- if .root.Values.rpc.tls.enabled }}
- name: {{ .prefix }}_TLS_CERT_FILE
  value: /run/splice65/tls/tls.crt
- name: {{ .prefix }}_TLS_KEY_FILE
  value: /run/splice65/tls/tls.key
- name: {{ .prefix }}_TLS_CA_FILE
  value: /run/splice65/tls/ca.crt
{{- end }}
{{- end }}

{{- define "splice65.rpcMounts" -}}
- name: rpc
  mountPath: /run/splice65/rpc
  readOnly: true
{{- if .Values.rpc.tls.enabled }}
- name: tls
  mountPath: /run/splice65/tls
  readOnly: true
{{- end }}
{{- end }}

{{- define "splice65.rpcVolumes" -}}
- name: rpc
  {{- include "splice65.secretVolume" (list (include "splice65.tokenSecret" .) (include "splice65.tokenKey" .) "token") | nindent 2 }}
{{- if .Values.rpc.tls.enabled }}
- name: tls
  secret:
    secretName: {{ include "splice65.tlsSecret" . }}
    defaultMode: 0440
{{- end }}
{{- end }}
