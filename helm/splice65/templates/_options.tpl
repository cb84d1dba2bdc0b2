{{/*
The options of a service as environment variables: activationTimeoutMs of relay is RELAY_ACTIVATION_TIMEOUT_MS.
Takes (dict "root" $ "component" "relay").
*/}}
{{- define "splice65.options" -}}
{{- $prefix := upper .component -}}
{{- range $name, $value := (index .root.Values .component).options }}
{{- if not (kindIs "invalid" $value) }}
{{ $prefix }}_{{ regexReplaceAll "([a-z0-9])([A-Z])" $name "${1}_${2}" | upper }}: {{ include "splice65.optionText" $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* A list is separated by commas; toJson keeps the digits of large numbers. */}}
{{- define "splice65.optionText" -}}
{{- if kindIs "slice" . -}}
{{ join "," . }}
{{- else if kindIs "string" . -}}
{{ . }}
{{- else -}}
{{ toJson . }}
{{- end -}}
{{- end }}
