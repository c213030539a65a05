{{- /* The prefix of all names. */ -}}
{{- define "clbcert.prefix" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name -}}
{{- end -}}
{{- end -}}

{{- define "clbcert.manager" -}}
{{- include "clbcert.prefix" . -}}-manager
{{- end -}}

{{- define "clbcert.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "clbcert.manager" .) -}}
{{- else -}}
{{- required "serviceAccount.name is needed with serviceAccount.create=false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- /* What every object carries. */ -}}
{{- define "clbcert.labels" -}}
app.kubernetes.io/name: clbcert
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end -}}

{{- /* What chooses the manager's pods: the same as in config/, so that an installation can go over. */ -}}
{{- define "clbcert.selector" -}}
app.kubernetes.io/name: clbcert
app.kubernetes.io/component: manager
{{- end -}}

{{- /* The beginning of an object: a list of the root, the name, and more labels or "". */ -}}
{{- define "clbcert.metadata" -}}
{{- $root := index . 0 -}}
metadata:
  name: {{ index . 1 }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "clbcert.labels" $root | nindent 4 }}
{{- end -}}

{{- /* The same, of an object without a namespace. */ -}}
{{- define "clbcert.clusterMetadata" -}}
{{- $root := index . 0 -}}
metadata:
  name: {{ index . 1 }}
  labels:
    {{- include "clbcert.labels" $root | nindent 4 }}
{{- end -}}

{{- define "clbcert.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}
