package controller

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

var sample = regexp.MustCompile(`(?m)^(clbcert_\S+) (\S+)$`)

// metrics are the project's samples of a running manager, by name and labels.
func (s *stage) metrics(manager *env.Manager) map[string]float64 {
	s.Helper()
	samples := map[string]float64{}
	for _, match := range sample.FindAllStringSubmatch(s.read(manager.MetricsURL+"/metrics"), -1) {
		value, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			s.Fatalf("reading %s: %v", match[0], err)
		}
		samples[match[1]] = value
	}
	return samples
}

func TestMetricsTellHowTheObjectsAre(t *testing.T) {
	s := setStage(t).manage("--certificate-quota", "150", "--consistency-window", "1s")
	id, _ := s.loadBalancer(443)
	s.cloud.SetFaults(t, "UploadServerCertificate=Throttling:x1")
	good := s.bind("good", toListener(id, 443, ""))
	first := s.ready(good)
	bad := s.certificate("bad", bound(toListener(id, 8443, "")))
	bad.Spec.Suspend = true
	s.create(bad)
	s.wait(bad, "Suspended", func(o *v1alpha1.ServerCertificate) bool {
		return condition(o, v1alpha1.ConditionReady, metav1.ConditionUnknown, v1alpha1.ReasonSuspended)
	})
	s.put("good-tls", certs.NewLeaf(t, certs.Names("a.com", "*.a.com")))
	renewed := s.wait(good, "renewed", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != first.Status.CertificateID
	})

	labels := func(name string) string { return `{name="` + name + `",namespace="` + s.namespace + `"}` }
	want := map[string]float64{
		"clbcert_certificate_expiry_timestamp_seconds" + labels("good"): float64(renewed.Status.NotAfter.Unix()),
		"clbcert_certificate_ready" + labels("good"):                    1,
		"clbcert_certificate_ready" + labels("bad"):                     0,
		"clbcert_certificate_suspended" + labels("good"):                0,
		"clbcert_certificate_suspended" + labels("bad"):                 1,
		"clbcert_superseded_certificates" + labels("good"):              1,
		"clbcert_superseded_certificates" + labels("bad"):               0,
		"clbcert_bindings_not_served" + labels("good"):                  0,
		"clbcert_bindings_not_served" + labels("bad"):                   1,

		`clbcert_uploads_total{region="` + env.Region + `",result="success"}`: 2,
		`clbcert_uploads_total{region="` + env.Region + `",result="refused"}`: 1,
		`clbcert_propagation_seconds_count{to="certificate"}`:                 2,
		`clbcert_propagation_seconds_count{to="binding"}`:                     1,

		`clbcert_cloud_calls_total{action="UploadServerCertificate",class="ok",code="OK"}`:                2,
		`clbcert_cloud_calls_total{action="UploadServerCertificate",class="Throttled",code="Throttling"}`: 1,
		`clbcert_cloud_calls_total{action="GetCallerIdentity",class="ok",code="OK"}`:                      1,
		`clbcert_cloud_call_duration_seconds_count{action="UploadServerCertificate"}`:                     3,
		`clbcert_quota_limit{account="` + renewed.Status.AccountID + `",region="` + env.Region + `"}`:     150,
	}
	var got map[string]float64
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("got  %v\nwant %v", got, want)
		}
	})
	s.poll("the metrics", func() bool { // the last of them come after the status
		got = s.metrics(s.manager)
		maps.DeleteFunc(got, func(name string, _ float64) bool { _, wanted := want[name]; return !wanted })
		return maps.Equal(got, want)
	})
	if expiry := "clbcert_certificate_expiry_timestamp_seconds" + labels("bad"); s.shows(s.manager, expiry) {
		t.Errorf("%s is there without a certificate", expiry)
	}
	s.checkCallsCounted()

	s.delete(bad)
	env.WaitGone(s, s.cluster, bad)
	if ready := "clbcert_certificate_ready" + labels("bad"); s.shows(s.manager, ready) {
		t.Errorf("%s is there without the object", ready)
	}
}

// shows tells whether a manager has a sample whose name and labels begin so.
func (s *stage) shows(manager *env.Manager, prefix string) bool {
	s.Helper()
	for name := range s.metrics(manager) {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// checkCallsCounted checks that the cloud and the manager count the same calls, and that a list
// told how much of the quota is used.
func (s *stage) checkCallsCounted() {
	s.Helper()
	counted, used := 0.0, 0.0
	for name, value := range s.metrics(s.manager) {
		switch {
		case strings.HasPrefix(name, "clbcert_cloud_calls_total{"):
			counted += value
		case strings.HasPrefix(name, "clbcert_quota_used{"):
			used += value
		}
	}
	calls := 0
	for _, call := range s.cloud.Calls(s) {
		if strings.HasPrefix(call.UserAgent, "clbcert/") {
			calls++
		}
	}
	if counted != float64(calls) {
		s.Errorf("%v calls are counted, and the cloud had %d", counted, calls)
	}
	if used < 1 {
		s.Errorf("%v of the quota is used", used)
	}
}

func TestMetricsOverTLSAreForWhomTheAPIServerLets(t *testing.T) {
	identity := certs.NewLeaf(t, certs.Addresses(net.IPv4(127, 0, 0, 1)))
	s := setStage(t).manage("--metrics-secure", "--metrics-cert-dir", folderOf(t, identity))
	url := "https" + strings.TrimPrefix(s.manager.MetricsURL, "http") + "/metrics"
	s.poll("served", func() bool {
		connection, err := net.Dial("tcp", strings.TrimPrefix(s.manager.MetricsURL, "http://"))
		if err == nil {
			connection.Close()
		}
		return err == nil
	})
	reader, anybody := s.serviceAccount("reader"), s.serviceAccount("anybody")
	s.create(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: s.namespace + "-metrics-reader"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "clbcert-metrics-reader"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: s.namespace, Name: "reader"}},
	})
	for sentence, c := range map[string]struct {
		authorization string
		want          int
	}{
		"without a token":                         {"", http.StatusUnauthorized},
		"with an empty token":                     {"Bearer ", http.StatusUnauthorized},
		"with a password":                         {"Basic YTpi", http.StatusUnauthorized},
		"with a token of nobody":                  {"Bearer nobody", http.StatusUnauthorized},
		"with the token of one without the right": {"Bearer " + anybody, http.StatusForbidden},
		"with the token of one with the right":    {"Bearer " + reader, http.StatusOK},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := s.in(t)
			status, page := s.scrape(identity, url, c.authorization)
			if status != c.want {
				t.Errorf("got %d, want %d: %s", status, c.want, page)
			}
			if shown := strings.Contains(page, "clbcert_build_info"); shown != (c.want == http.StatusOK) {
				t.Errorf("metrics are shown: %v", shown)
			}
		})
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.manager.MetricsURL+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+reader)
	if response, err := http.DefaultClient.Do(request); err == nil { // else the connection is broken
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS the answer is %s", response.Status)
		}
	}
}

// serviceAccount makes one, and a token of it.
func (s *stage) serviceAccount(name string) string {
	s.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}}
	s.create(account)
	request := &authenticationv1.TokenRequest{}
	if err := s.cluster.Client.SubResource("token").Create(s.Context(), account, request); err != nil {
		s.Fatalf("asking for a token: %v", err)
	}
	return request.Status.Token
}

// folderOf is a folder with a certificate and its key.
func folderOf(t *testing.T, identity *certs.Identity) string {
	t.Helper()
	key, err := identity.KeyPEM(certs.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, content := range map[string][]byte{"tls.crt": identity.ChainPEM(), "tls.key": key} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// scrape asks for the metrics over TLS, from whoever has the identity.
func (s *stage) scrape(identity *certs.Identity, url, authorization string) (int, string) {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		s.Fatal(err)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	roots := x509.NewCertPool()
	roots.AddCert(identity.FullChain()[len(identity.FullChain())-1])
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	return response.StatusCode, string(page)
}
