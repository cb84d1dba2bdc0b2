{{/* Where secrets are: the user's own, or those of this release. */}}

{{- define "splice65.tokenSecret" -}}
{{ .Values.rpc.token.existingSecret | default (printf "%s-token" (include "splice65.fullname" .)) }}
{{- end }}

{{- define "splice65.tokenKey" -}}
{{ ternary .Values.rpc.token.existingSecretKey "token" (ne .Values.rpc.token.existingSecret "") }}
{{- end }}

{{- define "splice65.componentSecret" -}}
{{ .Values.component.existingSecret | default (printf "%s-component" (include "splice65.fullname" .)) }}
{{- end }}

{{- define "splice65.componentSecretKey" -}}
{{ ternary .Values.component.existingSecretKey "component-secret" (ne .Values.component.existingSecret "") }}
{{- end }}

{{- define "splice65.courierSecret" -}}
{{ .Values.courier.component.existingSecret | default (include "splice65.componentSecret" .) }}
{{- end }}

{{- define "splice65.courierSecretKey" -}}
{{ ternary .Values.courier.component.existingSecretKey (include "splice65.componentSecretKey" .) (ne .Values.courier.component.existingSecret "") }}
{{- end }}

{{- define "splice65.uploadSecret" -}}
{{ .Values.courier.uploadSecret.existingSecret | default (printf "%s-upload" (include "splice65.fullname" .)) }}
{{- end }}

{{- define "splice65.uploadSecretKey" -}}
{{ ternary .Values.courier.uploadSecret.existingSecretKey "upload-secret" (ne .Values.courier.uploadSecret.existingSecret "") }}
{{- end }}

{{- define "splice65.redisSecret" -}}
{{ .Values.redis.existingSecret | default (printf "%s-redis" (include "splice65.fullname" .)) }}
{{- end }}

{{- define "splice65.redisSecretKey" -}}
{{ ternary .Values.redis.existingSecretKey "url" (ne .Values.redis.existingSecret "") }}
{{- end }}

{{- define "splice65.tlsSecret" -}}
{{ .Values.rpc.tls.existingSecret | default (printf "%s-tls" (include "splice65.fullname" .)) }}
{{- end }}

{{/*
A random text that is made once and kept: what the Secret has already, else a new one, in base64.
Takes (dict "root" $ "secret" NAME "key" KEY). Without a cluster to look at, each rendering makes another.
*/}}
{{- define "splice65.keptRandom" -}}
{{- $secret := lookup "v1" "Secret" .root.Release.Namespace .secret | default dict -}}
{{ get ($secret.data | default dict) .key | default (randAlphaNum 48 | b64enc) }}
{{- end }}
