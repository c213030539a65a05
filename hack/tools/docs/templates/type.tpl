{{- define "type" }}
## {{ .Name }}

{{ .Doc }}
{{- if .IsAlias }} In YAML a {{ markdownRenderTypeLink .UnderlyingType }}.{{ end }}
{{- with .SortedReferences }}

Used by{{ range $i, $type := . }}{{ if $i }},{{ end }} {{ markdownRenderTypeLink $type }}{{ end }}.
{{- end }}
{{- template "rules" (dict "of" . "before" "\n\nRules: " "after" ".") }}
{{- if .EnumValues }}

| value | meaning |
|---|---|
{{- range .EnumValues }}
| `{{ .Name }}` | {{ regexReplaceAll "^[A-Z][A-Za-z]+ " (.Doc | replace "\n" " ") "" | replace "<" "&lt;" | trim | markdownRenderFieldDoc }} |
{{- end }}
{{- else if .Fields }}

| field | type | meaning | rules |
|---|---|---|---|
{{- if .GVK }}
| `apiVersion` | string | `{{ .GVK.Group }}/{{ .GVK.Version }}` | required |
| `kind` | string | `{{ .GVK.Kind }}` | required |
{{- end }}
{{- range .Fields }}
| `{{ .Name }}` | {{ markdownRenderType .Type }} | {{ .Doc | replace "\n" " " | replace "<" "&lt;" | markdownRenderFieldDoc }} | {{ template "rules" (dict "of" . "before" "" "after" "") }} |
{{- end }}
{{- end }}
{{ end -}}
