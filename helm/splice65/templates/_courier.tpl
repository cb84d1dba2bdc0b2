{{/* Pieces of the courier's StatefulSet. */}}

{{- define "splice65.courierUrl" -}}
{{ .Values.courier.publicUrl | default (printf "https://%s" .Values.courier.ingress.host) }}
{{- end }}

{{- define "splice65.courierEnv" -}}
{{- $courier := .Values.courier -}}
- name: COURIER_POD
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: COURIER_HEALTH_HOST
  value: {{ .Values.bindAddress | quote }}
- name: COURIER_HTTP_HOST
  value: {{ .Values.bindAddress | quote }}
- name: COURIER_PUBLIC_URL
  value: {{ include "splice65.courierUrl" . | quote }}
- name: COURIER_UPLOAD_SECRET_FILE
  value: /run/splice65/upload/secret
- name: COURIER_COMPONENT_DOMAIN
  value: {{ $courier.component.domain | quote }}
- name: COURIER_COMPONENT_HOST
  value: {{ .Values.component.host | quote }}
- name: COURIER_COMPONENT_PORT
  value: {{ .Values.component.port | int | quote }}
- name: COURIER_COMPONENT_SECRET_FILE
  value: /run/splice65/component/secret
- name: COURIER_PROXIES
  value: {{ .Values.component.domain | quote }}
{{- if $courier.database.existingSecret }}
- name: COURIER_DATABASE_URL_FILE
  value: /run/splice65/database/url
{{- end }}
{{- with $courier.s3 }}
{{- if .url }}
- name: COURIER_BLOBS_URL
  value: {{ .url | quote }}
{{- end }}
{{- if .existingSecret }}
- name: COURIER_S3_ACCESS_KEY_ID_FILE
  value: /run/splice65/s3/access-key-id
- name: COURIER_S3_SECRET_ACCESS_KEY_FILE
  value: /run/splice65/s3-secret/secret-access-key
{{- end }}
{{- end }}
{{- end }}

{{- define "splice65.courierMounts" -}}
{{- $courier := .Values.courier -}}
- name: data
  mountPath: /var/lib/splice65
- name: component
  mountPath: /run/splice65/component
  readOnly: true
- name: upload
  mountPath: /run/splice65/upload
  readOnly: true
{{- if $courier.database.existingSecret }}
- name: database
  mountPath: /run/splice65/database
  readOnly: true
{{- end }}
{{- if $courier.s3.existingSecret }}
- name: s3
  mountPath: /run/splice65/s3
  readOnly: true
- name: s3-secret
  mountPath: /run/splice65/s3-secret
  readOnly: true
{{- end }}
{{- with $courier.extraVolumeMounts }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end }}

{{- define "splice65.courierVolumes" -}}
{{- $courier := .Values.courier -}}
{{- if $courier.persistence.existingClaim }}
- name: data
  persistentVolumeClaim:
    claimName: {{ $courier.persistence.existingClaim }}
{{- else if not $courier.persistence.enabled }}
- name: data
  emptyDir: {}
{{- end }}
- name: component
  {{- include "splice65.secretVolume" (list (include "splice65.courierSecret" .) (include "splice65.courierSecretKey" .) "secret") | nindent 2 }}
- name: upload
  {{- include "splice65.secretVolume" (list (include "splice65.uploadSecret" .) (include "splice65.uploadSecretKey" .) "secret") | nindent 2 }}
{{- with $courier.database }}
{{- if .existingSecret }}
- name: database
  {{- include "splice65.secretVolume" (list .existingSecret .existingSecretKey "url") | nindent 2 }}
{{- end }}
{{- end }}
{{- with $courier.s3 }}
{{- if .existingSecret }}
- name: s3
  {{- include "splice65.secretVolume" (list .existingSecret .accessKeyIdKey "access-key-id") | nindent 2 }}
- name: s3-secret
  {{- include "splice65.secretVolume" (list .existingSecret .secretAccessKeyKey "secret-access-key") | nindent 2 }}
{{- end }}
{{- end }}
{{- with $courier.extraVolumes }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end }}

{{/* Changes with whatever a courier reads once, when it starts. */}}
{{- define "splice65.courierChecksum" -}}
{{ list (include "splice65.options" (dict "root" . "component" "courier")) .Values.component.secret | toJson | sha256sum }}
{{- end }}
