package monitoring

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/test/env"
)

// rules are the PrometheusRule's groups as a file of Prometheus's.
func (c component) rules(t *testing.T) string {
	t.Helper()
	text, err := yaml.Marshal(c.rule.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryAlertFiresWhenItShouldAndOnlyThen(t *testing.T) {
	t.Parallel()
	c := render(t, env.Shared(t))
	folder := t.TempDir()
	files := map[string][]byte{"rules.yaml": []byte(c.rules(t))}
	var cases []byte
	for _, name := range []string{"alerts.yaml", "expiry.yaml"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name], cases = text, append(cases, text...)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"check", "rules", "--lint=all", "--lint-fatal", filepath.Join(folder, "rules.yaml")},
		{"test", "rules", filepath.Join(folder, "alerts.yaml"), filepath.Join(folder, "expiry.yaml")},
	} {
		if output, err := exec.CommandContext(t.Context(), tool(t, "promtool"), args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, output)
		}
	}
	for _, rule := range c.rule.Spec.Groups[0].Rules {
		// Each is asked for twice at least: where it fires, and where it doesn't.
		asked := bytes.Count(cases, []byte("alertname: "+rule.Alert))
		silent := regexp.MustCompile(`alertname: ` + rule.Alert + `, .*exp_alerts: \[\]`)
		if quiet := len(silent.FindAll(cases, -1)); quiet == 0 || quiet == asked {
			t.Errorf("%s: %d cases, of which it is silent in %d", rule.Alert, asked, quiet)
		}
	}
}

func TestEveryAlertHasARunbook(t *testing.T) {
	t.Parallel()
	const page = "https://github.com/clbcert/clbcert/blob/main/docs/monitoring.md#"
	text, err := os.ReadFile(filepath.Join(root, "docs", "monitoring.md"))
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string]bool{} // by their anchors, those of alerts
	for _, found := range regexp.MustCompile(`(?m)^### (Clbcert\w+)$`).FindAllSubmatch(text, -1) {
		headings[strings.ToLower(string(found[1]))] = false
	}
	for _, rule := range render(t, env.Shared(t)).rule.Spec.Groups[0].Rules {
		anchor, ours := strings.CutPrefix(rule.Annotations["runbook_url"], page)
		if _, there := headings[anchor]; !ours || !there || anchor != strings.ToLower(rule.Alert) {
			t.Errorf("%s: its runbook_url %q leads to no heading of its name", rule.Alert, rule.Annotations["runbook_url"])
		}
		headings[anchor] = true
		if severity := rule.Labels["severity"]; severity != "warning" && severity != "critical" {
			t.Errorf("%s: its severity is %q", rule.Alert, severity)
		}
	}
	for heading, used := range headings {
		if !used {
			t.Errorf("docs/monitoring.md has the runbook %s, config/prometheus no such alert", heading)
		}
	}
}
