{{- define "gvList" -}}
# API reference

<!-- Made by "make generate" from api/: change the comments there. -->
{{ range . }}
{{- template "groupVersion" . }}
{{- end }}
{{- end -}}

{{- define "groupVersion" }}
Group and version `{{ .GroupVersionString }}`. `kubectl explain` says the same of the version that a cluster has. What the status means, with
every reason: [the status](status.md). Which changes to expect: [releases](releases.md#stability).{{ "\n" }}
{{- range .SortedKinds }}
{{- template "type" ($.TypeForKind .) }}
{{- end }}
{{- $kinds := .Kinds }}
{{- range .SortedTypes }}
{{- if and (markdownShouldRenderType .) (not (has .Name $kinds)) }}
{{- template "type" . }}
{{- end }}
{{- end }}
{{- end -}}
