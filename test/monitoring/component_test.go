package monitoring

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/test/env"
)

// component is what config/prometheus adds to an installation. That the operator takes its two
// kinds is shown by test/chart.
type component struct {
	monitor serviceMonitor
	rule    prometheusRule
	// rest are the objects of kinds that every cluster has, as one manifest.
	rest string
}

// serviceMonitor is what this package goes by of one.
type serviceMonitor struct {
	Spec struct {
		Selector  metav1.LabelSelector
		Endpoints []endpoint
	}
}

// endpoint is how its Service is scraped.
type endpoint struct {
	Port, Scheme  string
	HonorLabels   bool
	Authorization struct{ Credentials struct{ Name, Key string } }
	TLSConfig     struct{ InsecureSkipVerify bool }
}

// prometheusRule is what this package goes by of one; the rules are Prometheus's own.
type prometheusRule struct {
	Spec struct {
		Groups []group `json:"groups"`
	}
}

type group struct {
	Name  string `json:"name"`
	Rules []rule `json:"rules"`
}

type rule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// render builds config/prometheus by kubectl's kustomize.
func render(t *testing.T, cluster *env.Cluster) component {
	t.Helper()
	folder := t.TempDir()
	path, err := filepath.Abs(filepath.Join(root, "config", "prometheus"))
	if err == nil {
		path, err = filepath.Rel(folder, path) // kustomize takes no absolute path
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte("components: ["+path+"]\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	var c component
	for document := range strings.SplitSeq(cluster.Kubectl(t, "kustomize", folder), "\n---\n") {
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
			t.Fatal(err)
		}
		switch kind.Kind {
		case "ServiceMonitor":
			err = yaml.Unmarshal([]byte(document), &c.monitor)
		case "PrometheusRule":
			err = yaml.Unmarshal([]byte(document), &c.rule)
		default:
			c.rest += "---\n" + document + "\n"
		}
		if err != nil {
			t.Fatalf("%v; of\n%s", err, document)
		}
	}
	if len(c.monitor.Spec.Endpoints) != 1 || len(c.rule.Spec.Groups) != 1 {
		t.Fatalf("there are %d endpoints and %d groups of rules", len(c.monitor.Spec.Endpoints), len(c.rule.Spec.Groups))
	}
	return c
}

// scrapeConfig is what the operator makes of the ServiceMonitor for one address: Prometheus's
// own words for the same settings. It is scraped twice a second, so that rates come soon.
func (c component) scrapeConfig(address, token string) string {
	endpoint := c.monitor.Spec.Endpoints[0]
	return fmt.Sprintf(`
global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}
scrape_configs:
  - job_name: %s
    scheme: %s
    honor_labels: %t
    authorization: {credentials: %q}
    tls_config: {insecure_skip_verify: %t}
    static_configs:
      - targets: [%q]
        labels: {namespace: clbcert-system, service: clbcert-metrics, endpoint: %s}
`, job, endpoint.Scheme, endpoint.HonorLabels, token, endpoint.TLSConfig.InsecureSkipVerify, address, endpoint.Port)
}

// job is the label that the operator gives by default: the Service's name.
const job = "clbcert-metrics"

func TestTheServiceMonitorFindsTheManagersService(t *testing.T) {
	t.Parallel()
	cluster := env.Shared(t)
	monitor := render(t, cluster).monitor.Spec
	for document := range strings.SplitSeq(cluster.Kubectl(t, "kustomize", filepath.Join(root, "config", "default")), "\n---\n") {
		var service corev1.Service
		if err := yaml.Unmarshal([]byte(document), &service); err != nil || service.Kind != "Service" || service.Name != job {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(&monitor.Selector)
		if err != nil || !selector.Matches(labels.Set(service.Labels)) {
			t.Errorf("%s, %v, selects no Service with the labels %v", selector, err, service.Labels)
		}
		if ports := service.Spec.Ports; len(ports) != 1 || ports[0].Name != monitor.Endpoints[0].Port {
			t.Errorf("the port %s isn't among %v", monitor.Endpoints[0].Port, ports)
		}
		return
	}
	t.Errorf("there is no Service %s", job)
}
