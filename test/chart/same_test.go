package chart

import (
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// pair is one installation, made by either.
type pair struct {
	values     string
	bases      []string
	components []string
	watched    []string          // namespaces that config/namespaced/watched is applied in
	configMaps map[string]string // what docs have the administrator put into ConfigMaps for kustomize, NAME.key
	byHand     string            // and those of them that the chart makes
}

var pairs = map[string]pair{
	"the default values are config/default": {bases: []string{"default"}},
	"watched namespaces are config/namespaced": {
		values: `
watchNamespaces: [shop, blog]
clusterID: prod-1
metrics: {enabled: false}
rbac: {people: false}
`,
		bases: []string{"namespaced"}, watched: []string{"shop", "blog"},
		configMaps: map[string]string{"clbcert-namespaced.watch-namespaces": "shop,blog", "clbcert-namespaced.cluster-id": "prod-1"},
	},
	"two replicas are config/two-replicas": {
		values: `
replicas: 2
podDisruptionBudget: {enabled: true}
topologySpreadConstraints:
  - topologyKey: kubernetes.io/hostname
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {app.kubernetes.io/name: clbcert, app.kubernetes.io/component: manager}
`,
		bases: []string{"default"}, components: []string{"two-replicas"},
	},
	"the NetworkPolicy is config/network-policy": {
		values: "networkPolicy: {enabled: true}", bases: []string{"default"}, components: []string{"network-policy"},
	},
	"RRSA by the webhook is config/rrsa": {
		values: "credentials: {rrsa: {roleName: clbcert}}", bases: []string{"default"}, components: []string{"rrsa"},
	},
	"RRSA by a token is config/rrsa-token": {
		values: `
credentials:
  rrsa:
    roleARN: acs:ram::1000000000000001:role/clbcert
    oidcProviderARN: acs:ram::1000000000000001:oidc-provider/ack-rrsa-c0123456789
`,
		bases: []string{"default"}, components: []string{"rrsa-token"},
		configMaps: map[string]string{
			"clbcert-rrsa.role-arn":          "acs:ram::1000000000000001:role/clbcert",
			"clbcert-rrsa.oidc-provider-arn": "acs:ram::1000000000000001:oidc-provider/ack-rrsa-c0123456789",
		},
	},
	"a credentials map is config/credentials-map": {
		values: `
credentialsMap:
  - namespaceSelector: {matchLabels: {team: shop}}
    roleARN: acs:ram::1000000000000001:role/shop
`,
		bases: []string{"default"}, components: []string{"credentials-map"},
		byHand: `
apiVersion: v1
kind: ConfigMap
metadata: {name: clbcert-credentials-map, namespace: clbcert-system, labels: {app.kubernetes.io/name: clbcert}}
data:
  credentials-map.yaml: |
    roles:
    - namespaceSelector:
        matchLabels:
          team: shop
      roleARN: acs:ram::1000000000000001:role/shop
`,
	},
	"monitoring is config/prometheus": {
		values: "metrics: {serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}, dashboard: {enabled: true}}",
		bases:  []string{"default"}, components: []string{"prometheus"},
	},
	"the admission policies are config/admission": {
		values: "admission: {namespaces: true, regions: {enabled: true}, certificates: {enabled: true}}",
		bases:  []string{"default", "admission"},
	},
}

// byKustomize are a pair's objects by kustomize.
func (p pair) byKustomize(t *testing.T) []object {
	t.Helper()
	objects := kustomized(t, p.bases, p.components...)
	for _, namespace := range p.watched {
		objects = append(objects, within(namespace, kustomized(t, []string{"namespaced/watched"}))...)
	}
	byHand, err := parse(p.byHand)
	if err != nil {
		t.Fatal(err)
	}
	return append(objects, byHand...)
}

func TestTheChartAndKustomizeRenderTheSame(t *testing.T) {
	t.Parallel()
	for what, p := range pairs {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			chart, tree := withoutHelms(t, rendered(t, p.values)), normal(t, p.byKustomize(t), p.configMaps)
			if tree[releaseNamespace] == nil || chart[releaseNamespace] != nil {
				t.Error("the namespace is to be in config/ and not in the chart")
			}
			delete(tree, releaseNamespace)
			for _, name := range slices.Sorted(maps.Keys(chart)) {
				if tree[name] == nil {
					t.Errorf("%s is in the chart alone", name)
				}
			}
			for _, name := range slices.Sorted(maps.Keys(tree)) {
				if chart[name] == nil {
					t.Errorf("%s is in config/ alone", name)
				} else if diff := gocmp.Diff(tree[name], chart[name]); diff != "" {
					t.Errorf("%s differs, - in config/, + in the chart:\n%s", name, diff)
				}
			}
		})
	}
}
