{{- /* A binding's end: a list of the root, the role's kind, and its name. */ -}}
{{- define "clbcert.binding" -}}
{{- $root := index . 0 -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ index . 1 }}
  name: {{ index . 2 }}
subjects:
  - kind: ServiceAccount
    name: {{ include "clbcert.serviceAccount" $root }}
    namespace: {{ $root.Release.Namespace }}
{{- end -}}

{{- /* The rules that are generated from the code; a Role has none on the namespace kube-system. */ -}}
{{- define "clbcert.rules" -}}
{{- $rules := list -}}
{{- range (.Files.Get "files/role.yaml" | fromYaml).rules -}}
{{- if not (and $.Values.watchNamespaces (has "namespaces" .resources)) -}}
{{- $rules = append $rules . -}}
{{- end -}}
{{- end -}}
rules:
  {{- toYaml $rules | nindent 2 }}
{{- end -}}
