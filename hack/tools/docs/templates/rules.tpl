{{- /* The rules of a type or field: limits first, then the messages of the rules in CEL. */ -}}
{{- define "rules" -}}
{{- $rules := list -}}
{{- range .of.Validation -}}
{{- if hasPrefix "Required:" . -}}
{{- $rules = append $rules "required" -}}
{{- else if not (hasPrefix "Optional:" .) -}}
{{- $rules = append $rules (markdownRenderFieldDoc .) -}}
{{- end -}}
{{- end -}}
{{- with toString .of.Default -}}
{{- $rules = append $rules (printf "default: `%s`" .) -}}
{{- end -}}
{{- range index .of.Markers "kubebuilder:validation:XValidation" -}}
{{- $rules = append $rules (markdownRenderFieldDoc .Message) -}}
{{- end -}}
{{- if $rules }}{{ .before }}{{ join "; " $rules }}{{ .after }}{{ end -}}
{{- end -}}
