{{/* Names and labels. What takes a component takes (dict "root" $ "component" "relay"). */}}

{{- define "splice65.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for every suffix and ordinal that follows: a pod's name is a label, of 63 characters at most. */}}
{{- define "splice65.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{- $name := include "splice65.name" . -}}
{{ ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "splice65.selectorLabels" -}}
app.kubernetes.io/name: {{ include "splice65.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* The component may be left out, for what belongs to all. */}}
{{- define "splice65.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "splice65.podLabels" . }}
{{- end }}

{{/* What a pod carries too: not the chart's version, which would restart every relay for nothing. */}}
{{- define "splice65.podLabels" -}}
{{ include "splice65.selectorLabels" . }}
{{- if ne (.component | default "") "redis" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{- end }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: splice65
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The services that this release runs, as a JSON list. */}}
{{- define "splice65.services" -}}
{{ ternary (list "control" "relay" "courier") (list "control" "relay") .Values.courier.enabled | toJson }}
{{- end }}

{{- define "splice65.serviceAccountName" -}}
{{- $given := (index .root.Values .component).serviceAccount -}}
{{- if $given.name -}}
{{ $given.name }}
{{- else if $given.create -}}
{{ include "splice65.fullname" .root }}-{{ .component }}
{{- else -}}
default
{{- end -}}
{{- end }}

{{- define "splice65.image" -}}
{{- $tag := .image.tag | default .root.Chart.AppVersion -}}
{{ .image.repository }}{{ ternary (printf "@%s" .image.digest) (printf ":%s" $tag) (ne .image.digest "") }}
{{- end }}
