package chart

import (
	"strings"
	"testing"

	"github.com/clbcert/clbcert/test/env"
)

// everything are values with all that the chart can make and config/ has no folder for.
const everything = `
fullnameOverride: clbcert
image: {digest: "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", pullPolicy: Always}
imagePullSecrets: [{name: registry}]
serviceAccount: {annotations: {a: b}}
region: cn-hangzhou
regions: [cn-hangzhou, cn-shanghai]
clusterID: prod-1
watchLabelSelector: clbcert.dev/manager notin (second)
bindingPolicy: Any
extraArgs: [--api-qps=5]
credentials: {secretName: other, ecsRoleName: clbcert}
podAnnotations: {a: b}
podLabels: {a: b}
nodeSelector: {kubernetes.io/os: linux}
tolerations: [{key: a, operator: Exists}]
affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}}
priorityClassName: system-cluster-critical
extraEnv: [{name: HTTPS_PROXY, value: "http://proxy:3128"}]
extraVolumes: [{name: ca, configMap: {name: ca}}]
extraVolumeMounts: [{name: ca, mountPath: /etc/ca, readOnly: true}]
replicas: 3
podDisruptionBudget: {enabled: true, minAvailable: 50%}
networkPolicy: {enabled: true, extraEgress: [{ports: [{protocol: TCP, port: 3128}]}]}
metrics:
  port: 9443
  certSecretName: clbcert-metrics
  servedCertificateInterval: 5m
  serviceMonitor: {enabled: true, labels: {release: prometheus}, tlsConfig: {serverName: clbcert, ca: {secret: {name: clbcert-metrics, key: ca.crt}}}}
  prometheusRule: {enabled: true, labels: {release: prometheus}}
  dashboard: {enabled: true, labels: {grafana: "yes"}}
admission: {regions: {enabled: true, allowed: {_all: cn-hangzhou}}, certificates: {enabled: true, allowed: {shop: "7752925"}}}
`

// TestTheAPIServerTakesEveryObject has it look at each, with unknown fields refused, for both ways of installation.
func TestTheAPIServerTakesEveryObject(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	installMonitoring(t, cluster)
	for _, namespace := range []string{"shop", "blog", "clbcert-system-second"} {
		cluster.Kubectl(t, "create", "namespace", namespace)
	}
	all := map[string][]object{
		"everything that the chart has":  rendered(t, everything),
		"a second manager, by kustomize": kustomized(t, []string{"second"}),
		"plain metrics":                  rendered(t, "metrics: {secure: false, serviceMonitor: {enabled: true}}"),
	}
	for what, p := range pairs {
		all[what+", by Helm"] = rendered(t, p.values)
		all[what+", by kustomize"] = p.byKustomize(t)
	}
	for what, objects := range all {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if err := take(t, cluster, objects); err != nil {
				t.Errorf("not all is taken: %v", err)
			}
		})
	}
	t.Run("none with a field that there isn't", func(t *testing.T) {
		t.Parallel()
		objects := rendered(t, everything)
		for _, o := range objects {
			o.at("metadata")["colour"] = "green"
		}
		err := take(t, cluster, objects)
		if err == nil || strings.Count(err.Error(), ".metadata.colour") < len(objects) {
			t.Errorf("some are taken with it: %v", err)
		}
	})
}

// take has the API server validate objects, without keeping them.
func take(t *testing.T, cluster *env.Cluster, objects []object) error {
	t.Helper()
	_, err := cluster.TryKubectl(t.Context(), strings.NewReader(manifest(t, objects)),
		"apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-")
	return err
}
