package chart

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// TestTheManagerWorksUnderTheRenderedRoles applies what the chart renders, and runs the manager as the user and with the
// flags that come of it.
func TestTheManagerWorksUnderTheRenderedRoles(t *testing.T) {
	t.Parallel()
	for what, values := range map[string]string{
		"with ClusterRoles": "metrics: {certSecretName: clbcert-metrics, serviceMonitor: {enabled: true}}",
		"with Roles alone":  pairs["watched namespaces are config/namespaced"].values,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			for _, namespace := range []string{"shop", "blog", "other"} {
				s.cluster.Kubectl(t, "create", "namespace", namespace)
			}
			authority := s.metricsCertificate("clbcert-metrics")
			s.apply(rendered(t, values))
			manager := s.deploy()
			s.certificate("shop", "web")
			s.certificate("blog", "web")
			if what == "with ClusterRoles" {
				s.certificate("other", "web")
				s.checkMetrics(manager, authority)
			}
			manager.Stop(t)
			s.nothingForbidden(manager)
			if clusterWide := s.boundInCluster(manager.user); clusterWide == (what == "with Roles alone") {
				t.Errorf("has it rights in the whole cluster? %t", clusterWide)
			}
		})
	}
}

// apply applies objects strictly, but for those of the Prometheus operator, which isn't there.
func (s *stage) apply(objects []object) {
	s.Helper()
	var taken []object
	for _, o := range objects {
		if version, _ := o["apiVersion"].(string); !strings.HasPrefix(version, "monitoring.coreos.com/") {
			taken = append(taken, o)
		}
	}
	_, err := s.cluster.TryKubectl(s.Context(), strings.NewReader(manifest(s.T, taken)), "apply", "--server-side", "--validate=strict", "-f", "-")
	s.must(err)
}

// boundInCluster tells whether a ClusterRoleBinding is for a user.
func (s *stage) boundInCluster(user string) bool {
	s.Helper()
	names := strings.Split(user, ":")
	bindings := s.cluster.Kubectl(s, "get", "clusterrolebindings", "-o",
		`jsonpath={range .items[*].subjects[?(@.kind=="ServiceAccount")]}{.namespace}:{.name}{"\n"}{end}`)
	return strings.Contains("\n"+bindings, "\n"+names[2]+":"+names[3]+"\n")
}

// metricsCertificate makes a Secret with a certificate for the metrics, and gives the authority to trust.
func (s *stage) metricsCertificate(name string) *x509.CertPool {
	s.Helper()
	identity := certs.New(s.T, certs.CommonName("clbcert-metrics"), certs.Addresses(net.IPv4(127, 0, 0, 1)))
	secret, err := identity.Secret(name, standard.namespace)
	s.must(err)
	s.must(s.cluster.Client.Create(s.Context(), secret))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(identity.ChainPEM())
	return pool
}

// checkMetrics reads the metrics as Prometheus is set up to, and as others.
func (s *stage) checkMetrics(manager *deployed, authority *x509.CertPool) {
	s.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	browser := &http.Client{Transport: transport, Timeout: env.Patience}
	for what, who := range map[string]struct {
		token string
		want  int
	}{
		"Prometheus":      {s.token("clbcert-metrics-scraper"), http.StatusOK},
		"another account": {s.token("clbcert-manager"), http.StatusForbidden},
		"nobody":          {"", http.StatusUnauthorized},
	} {
		request, err := http.NewRequestWithContext(s.Context(), http.MethodGet, strings.Replace(manager.MetricsURL, "http:", "https:", 1)+"/metrics", http.NoBody)
		s.must(err)
		if who.token != "" {
			request.Header.Set("Authorization", "Bearer "+who.token)
		}
		response, err := browser.Do(request)
		s.must(err)
		s.must(response.Body.Close())
		if response.StatusCode != who.want {
			s.Errorf("%s gets %s for the metrics, want %d", what, response.Status, who.want)
		}
	}
}
