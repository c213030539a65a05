package chart

import (
	"strings"
	"testing"
)

func TestTheSchemaRefusesWrongValues(t *testing.T) {
	t.Parallel()
	for what, refused := range map[string]struct{ values, place, because string }{
		"a value that is misspelt":                {"replica: 2", "at ''", "'replica' not allowed"},
		"a value in the wrong place":              {"metrics: {serviceMonitor: true}", "at '/metrics/serviceMonitor'", "want object"},
		"a number that isn't one":                 {"replicas: two", "at '/replicas'", "got string, want integer"},
		"a flag that isn't true or false":         {`leaderElection: "yes"`, "at '/leaderElection'", "got string, want boolean"},
		"a policy that isn't one":                 {"bindingPolicy: All", "at '/bindingPolicy'", "'Tagged', 'Any'"},
		"a namespace that can't be one":           {"watchNamespaces: [Shop]\nclusterID: a", "at '/watchNamespaces/0'", "does not match pattern"},
		"namespaces in one text":                  {"watchNamespaces: shop", "at '/watchNamespaces'", "got string, want array"},
		"a namespace twice":                       {"watchNamespaces: [shop, shop]\nclusterID: a", "at '/watchNamespaces'", "are equal"},
		"watched namespaces without a cluster id": {"watchNamespaces: [shop]", "at '/clusterID'", "minLength: got 0, want 1"},
		"a standby that nobody elects":            {"replicas: 2\nleaderElection: false", "at '/replicas'", "maximum: got 2, want 1"},
		"a budget for one replica":                {"podDisruptionBudget: {enabled: true}", "at '/replicas'", "minimum: got 1, want 2"},
		"a ServiceMonitor of nothing":             {"metrics: {enabled: false, serviceMonitor: {enabled: true}}", "at '/metrics/serviceMonitor/enabled'", "value must be false"},
		"a port that needs rights":                {"metrics: {port: 443}", "at '/metrics/port'", "minimum: got 443"},
		"an interval without a unit":              {"metrics: {servedCertificateInterval: '5'}", "at '/metrics/servedCertificateInterval'", "does not match pattern"},
		"a role without its provider":             {"credentials: {rrsa: {roleARN: 'acs:ram::1:role/a'}}", "at '/credentials/rrsa/oidcProviderARN'", "minLength"},
		"a provider without a role":               {"credentials: {rrsa: {oidcProviderARN: 'acs:ram::1:oidc-provider/a'}}", "at '/credentials/rrsa/roleARN'", "minLength"},
		"RRSA in both ways":                       {"credentials: {rrsa: {roleName: a, roleARN: 'acs:ram::1:role/a', oidcProviderARN: 'acs:ram::1:oidc-provider/a'}}", "at '/credentials/rrsa/roleName'", "maxLength"},
		"a role that is no ARN":                   {"credentialsMap: [{namespaceSelector: {}, roleARN: shop}]", "at '/credentialsMap/0/roleARN'", "does not match pattern"},
		"a map's entry without a selector":        {"credentialsMap: [{roleARN: 'acs:ram::1:role/a'}]", "at '/credentialsMap/0'", "missing property 'namespaceSelector'"},
		"a flag without its dashes":               {"extraArgs: [api-qps=5]", "at '/extraArgs/0'", "does not match pattern"},
		"a digest that isn't one":                 {"image: {digest: latest}", "at '/image/digest'", "does not match pattern"},
		"metrics that nobody may read":            {"networkPolicy: {metricsFrom: []}", "at '/networkPolicy/metricsFrom'", "minItems: got 0, want 1"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			_, err := standard.render(refused.values)
			if err == nil {
				t.Fatalf("it takes %s", refused.values)
			}
			for _, want := range []string{refused.place, refused.because} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q isn't in: %v", want, err)
				}
			}
		})
	}
}

func TestAChartWithinAnotherIsTaken(t *testing.T) {
	t.Parallel()
	if _, err := standard.render("global: {imageRegistry: registry.example.com}"); err != nil {
		t.Error(err)
	}
}
