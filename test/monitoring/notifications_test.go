package monitoring

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// configuration is as much of Alertmanager's as this test joins.
type configuration struct {
	Route     map[string]any   `json:"route,omitempty"`
	Receivers []map[string]any `json:"receivers"`
}

// recipe is Alertmanager's configuration of docs/notifications.md, with the bridge as one more
// webhook of the receiver, and the receivers' addresses replaced.
func recipe(t *testing.T, address string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "notifications.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.+?)^```$").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("docs/notifications.md has %d blocks of YAML, not 2", len(blocks))
	}
	var all, bridge configuration
	for i, into := range []*configuration{&all, &bridge} {
		if err := yaml.UnmarshalStrict([]byte(blocks[i][1]), into); err != nil {
			t.Fatal(err)
		}
	}
	for _, receiver := range all.Receivers {
		if receiver["name"] == bridge.Receivers[0]["name"] {
			webhooks, _ := receiver["webhook_configs"].([]any)
			receiver["webhook_configs"] = append(webhooks, bridge.Receivers[0]["webhook_configs"].([]any)...)
		}
	}
	joined, err := yaml.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	config := string(joined)
	for from, to := range map[string]string{
		"https://oapi.dingtalk.com": address, "https://qyapi.weixin.qq.com": address,
		"http://prometheus-webhook-dingtalk.monitoring:8060": address,
		"group_wait: 30s": "group_wait: 100ms", "group_interval: 5m": "group_interval: 1s",
	} {
		if !strings.Contains(config, from) {
			t.Fatalf("the configuration has no %q:\n%s", from, config)
		}
		config = strings.ReplaceAll(config, from, to)
	}
	return config
}

// impatient are the component's rules, with NotReady told after a second.
func (c component) impatient(t *testing.T) string {
	t.Helper()
	for i, r := range c.rule.Spec.Groups[0].Rules {
		if r.Alert == "ClbcertCertificateNotReady" {
			c.rule.Spec.Groups[0].Rules[i].For = "1s"
		}
	}
	return c.rules(t)
}

func TestAnAlertReachesDingTalkAndWeCom(t *testing.T) {
	s, told := setStage(t), startReceivers(t)
	alertmanager := serve(t, "alertmanager", "--config.file="+writeFile(t, "alertmanager.yaml", recipe(t, told.url)),
		"--storage.path="+t.TempDir(), "--cluster.listen-address=")
	startPrometheus(t, s.scraping()+`
rule_files: [`+writeFile(t, "rules.yaml", s.component.impatient(t))+`]
alerting: {alertmanagers: [{static_configs: [{targets: [`+strings.TrimPrefix(alertmanager, "http://")+`]}]}]}
`)
	s.create(s.secret("good", month), s.certificate("good"), s.mismatched("bad"), s.certificate("bad"))
	s.awaitReady(s.certificate("good"), metav1.ConditionTrue)
	s.awaitReady(s.certificate("bad"), metav1.ConditionFalse)
	summary := "ServerCertificate " + s.namespace + "/bad isn't Ready."
	told.await(t, "FIRING", summary)
	s.put(s.secret("bad", month))
	s.awaitReady(s.certificate("bad"), metav1.ConditionTrue)
	told.await(t, "RESOLVED", summary)
	postAsFlux(t, alertmanager)
	told.await(t, "FIRING", "The certificates of shop aren't all Ready. health check failed")
	told.never(t, s.namespace+"/good")
}

// postAsFlux posts an alert of the form in which Flux's notification controller does, by the
// names of config/flux.
func postAsFlux(t *testing.T, alertmanager string) {
	t.Helper()
	response, err := http.Post(alertmanager+"/api/v2/alerts", "application/json", strings.NewReader(`[{"status": "firing",
		"labels": {"alertname": "FluxKustomizationHealthcheckfailed", "severity": "error", "reason": "HealthCheckFailed",
			"kind": "Kustomization", "name": "shop", "namespace": "flux-system", "reportingcontroller": "kustomize-controller"},
		"annotations": {"summary": "The certificates of shop aren't all Ready.", "message": "health check failed"}}]`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("Alertmanager answers %s", response.Status)
	}
}
