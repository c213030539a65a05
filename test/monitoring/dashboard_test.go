package monitoring

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// dashboard is what this test reads of dashboard.json.
type dashboard struct {
	Panels []struct {
		Type, Title, Description string
		Targets                  []struct{ Expr string }
	}
	Templating struct {
		List []struct{ Name, Type, AllValue, Definition string }
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "config", "prometheus", "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// filled is a query as Grafana sends it, with "All" chosen in every variable.
func (d dashboard) filled(expression string) string {
	replace := []string{"$__rate_interval", "1m"}
	for _, variable := range d.Templating.List {
		replace = append(replace, "$"+variable.Name, variable.AllValue)
	}
	return strings.NewReplacer(replace...).Replace(expression)
}

func TestTheDashboardShowsWhatTheManagerServes(t *testing.T) {
	s, d := setStage(t, "--leader-elect", "--served-certificate-interval", "1s"), readDashboard(t)
	p := startPrometheus(t, s.scraping())
	s.play(p)
	// What the objects of the play come to.
	for title, value := range map[string]string{
		"ServerCertificates": "5", "Not ready": "3", "Expire within 7 days": "1",
		"Bindings not served": "1", "Suspended": "1", "Superseded certificates": "1",
	} {
		p.await(t, d.filled(d.stat(t, title)), value)
	}
	p.await(t, `sum(clbcert_cloud_calls_total{class="Auth"}) > bool 0`, "1") // by which ClbcertCredentialsFailing goes
	p.await(t, "sum(clbcert_served_certificate_match)", "0")
	panels := 0
	for _, panel := range d.Panels {
		if panel.Type == "row" {
			continue
		}
		panels++
		if len(panel.Targets) == 0 || panel.Title == "" || panel.Description == "" {
			t.Errorf("panel %q has no query, title or description", panel.Title)
		}
		for i, target := range panel.Targets {
			t.Run(fmt.Sprintf("%s %d", panel.Title, i+1), func(t *testing.T) {
				eventually(t, "the panel to show something", func() error {
					_, err := p.shows(t, d.filled(target.Expr))
					return err
				})
			})
		}
	}
	if panels == 0 {
		t.Error("there is no panel")
	}
	d.checkVariables(t, p)
	t.Run("every metric has a row in docs/monitoring.md", p.checkTable)
}

// stat is the query of the panel of this title that shows one number.
func (d dashboard) stat(t *testing.T, title string) string {
	t.Helper()
	for _, panel := range d.Panels {
		if panel.Title == title && panel.Type == "stat" {
			return panel.Targets[0].Expr
		}
	}
	t.Fatalf("there is no panel %q", title)
	return ""
}

var labelValues = regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`)

// checkVariables checks that what a variable lets choose from is there.
func (d dashboard) checkVariables(t *testing.T, p prometheus) {
	t.Helper()
	for _, variable := range d.Templating.List {
		if variable.Type == "datasource" {
			continue
		}
		parts := labelValues.FindStringSubmatch(variable.Definition)
		if parts == nil {
			t.Errorf("the variable %s isn't made of label_values: %s", variable.Name, variable.Definition)
			continue
		}
		samples, err := p.query(t, parts[1])
		if err != nil || len(samples) == 0 || samples[0].Labels[parts[2]] == "" {
			t.Errorf("the variable %s has no values: %v %v", variable.Name, samples, err)
		}
	}
}

// play has five objects do all that the dashboard shows: one is renewed and served, one has a
// bad Secret, one a load balancer that isn't there, one wrong credentials, one is suspended.
func (s *stage) play(p prometheus) {
	s.Helper()
	web, asleep := s.certificate("web", s.covered()), s.certificate("asleep")
	s.cloud.SetFaults(s.T, "UploadServerCertificate=Throttling.User:x1", "DescribeServerCertificates=ServiceUnavailable:x1")
	asleep.Spec.Suspend = true
	denied := s.certificate("denied")
	denied.Spec.CredentialsSecretRef = &v1alpha1.SecretReference{Name: "aliyun"}
	s.create(s.credentials("aliyun"), s.secret("denied", month), denied)
	s.create(s.secret("web", month), web, s.mismatched("bad"), s.certificate("bad"),
		s.secret("lost", month/10), s.certificate("lost", listener("lb-none")), asleep)
	s.awaitReady(s.certificate("bad"), metav1.ConditionFalse)
	before := ""
	// A rate is seen of what is counted after Prometheus has seen the counter: so twice.
	for renewals := range 3 {
		if renewals > 0 {
			s.put(s.secret("web", month))
		}
		before = env.WaitFor(s, s.cluster, web, "another certificate that is served", func(o *v1alpha1.ServerCertificate) bool {
			return o.Status.CertificateID != before && len(o.Status.Bindings) == 1 && o.Status.Bindings[0].Ready && len(o.Status.Superseded) == min(renewals, 1)
		}).Status.CertificateID
		p.await(s.T, `sum(clbcert_propagation_seconds_count{to="binding"}) or vector(0)`, fmt.Sprint(renewals))
	}
}
