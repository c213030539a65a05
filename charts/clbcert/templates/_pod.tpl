{{- define "clbcert.args" -}}
{{- if .Values.leaderElection }}
- --leader-elect
{{- end }}
- --health-probe-bind-address=:8081
{{- with .Values.metrics }}
{{- if .enabled }}
- --metrics-bind-address=:{{ .port }}
{{- if not .secure }}
- --metrics-secure=false
{{- end }}
{{- if .certSecretName }}
- --metrics-cert-dir=/etc/clbcert-metrics
{{- end }}
{{- with .servedCertificateInterval }}
- --served-certificate-interval={{ . }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.region }}
- --region={{ . }}
{{- end }}
{{- with .Values.regions }}
- --regions={{ join "," . }}
{{- end }}
{{- with .Values.watchNamespaces }}
- --watch-namespaces={{ join "," . }}
{{- end }}
{{- with .Values.clusterID }}
- --cluster-id={{ . }}
{{- end }}
{{- with .Values.watchLabelSelector }}
- {{ printf "--watch-label-selector=%s" . | quote }}
{{- end }}
{{- if ne .Values.bindingPolicy "Tagged" }}
- --binding-policy={{ .Values.bindingPolicy }}
{{- end }}
{{- if .Values.credentialsMap }}
- --credentials-map=/etc/clbcert/credentials-map.yaml
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "clbcert.env" -}}
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- with .Values.credentials.rrsa }}
{{- if .roleARN }}
- name: ALIBABA_CLOUD_ROLE_ARN
  value: {{ .roleARN | quote }}
- name: ALIBABA_CLOUD_OIDC_PROVIDER_ARN
  value: {{ .oidcProviderARN | quote }}
- name: ALIBABA_CLOUD_OIDC_TOKEN_FILE
  value: /var/run/secrets/clbcert/rrsa/token
{{- end }}
{{- end }}
{{- with .Values.credentials.ecsRoleName }}
- name: ALIBABA_CLOUD_ECS_METADATA
  value: {{ . | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "clbcert.mounts" -}}
{{- if .Values.credentials.rrsa.roleARN }}
- name: rrsa
  mountPath: /var/run/secrets/clbcert/rrsa
  readOnly: true
{{- end }}
{{- if .Values.credentialsMap }}
- name: credentials-map
  mountPath: /etc/clbcert
  readOnly: true
{{- end }}
{{- if and .Values.metrics.enabled .Values.metrics.certSecretName }}
- name: metrics-certificate
  mountPath: /etc/clbcert-metrics
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "clbcert.volumes" -}}
{{- if .Values.credentials.rrsa.roleARN }}
- name: rrsa
  projected:
    sources:
      - serviceAccountToken:
          audience: sts.aliyuncs.com
          expirationSeconds: 3600
          path: token
{{- end }}
{{- if .Values.credentialsMap }}
- name: credentials-map
  configMap:
    name: {{ include "clbcert.prefix" . }}-credentials-map
{{- end }}
{{- if and .Values.metrics.enabled .Values.metrics.certSecretName }}
- name: metrics-certificate
  secret:
    secretName: {{ .Values.metrics.certSecretName }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
