package controller

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

var columns = regexp.MustCompile(`\s{2,}`)

// table runs kubectl get and gives its cells.
func (s *stage) table(args ...string) [][]string {
	s.Helper()
	output := s.cluster.Kubectl(s, append([]string{"get", "-n", s.namespace}, args...)...)
	var rows [][]string
	for line := range strings.Lines(output) {
		rows = append(rows, columns.Split(strings.TrimSpace(line), -1))
	}
	return rows
}

func TestKubectlReadsWell(t *testing.T) {
	s := setStage(t).manage()
	identity := certs.NewLeaf(t, certs.Names("a.com", "www.a.com"))
	object := s.certificate("web")
	s.create(s.secret("web-tls", identity))
	s.cluster.Apply(t, fmt.Sprintf(`
apiVersion: clbcert.dev/v1alpha1
kind: ServerCertificate
metadata: {name: web, namespace: %s}
spec:
  secretRef: {name: web-tls}
`, s.namespace))
	s.cluster.Kubectl(t, "wait", "-n", s.namespace, "--for=condition=Ready", "--timeout", env.Patience.String(), "clbcert/web")
	status := s.get(object).Status
	narrow := []string{"web", "True", status.CertificateID, identity.Certificate.NotAfter.UTC().Format(time.RFC3339)}

	t.Run("get", func(t *testing.T) {
		rows := s.in(t).table("clbcert")
		if want := []string{"NAME", "READY", "CERTIFICATE-ID", "EXPIRES", "AGE"}; !slices.Equal(rows[0], want) {
			t.Errorf("columns %v, want %v", rows[0], want)
		}
		if !slices.Equal(rows[1][:4], narrow) {
			t.Errorf("the row is %v, want %v and an age", rows[1], narrow)
		}
	})
	t.Run("get -o wide", func(t *testing.T) {
		rows := s.in(t).table("servercertificates", "-o", "wide")
		want := []string{"NAME", "READY", "CERTIFICATE-ID", "EXPIRES", "AGE", "SECRET", "REGION", "FINGERPRINT", "COMMON-NAME", "REASON"}
		if !slices.Equal(rows[0], want) {
			t.Errorf("columns %v, want %v", rows[0], want)
		}
		if wide := []string{"web-tls", env.Region, status.Fingerprint, "a.com", "Synced"}; !slices.Equal(rows[1][5:], wide) {
			t.Errorf("the row ends in %v, want %v", rows[1][5:], wide)
		}
	})
	t.Run("by category", func(t *testing.T) {
		if rows := s.in(t).table("certificates", "-o", "name"); len(rows) != 1 || rows[0][0] != "servercertificate.clbcert.dev/web" {
			t.Errorf("the category has %v", rows)
		}
	})
	t.Run("describe", func(t *testing.T) {
		s := s.in(t)
		s.event(object, "Uploaded")
		text := s.cluster.Kubectl(t, "describe", "-n", s.namespace, "clbcert", "web")
		for _, want := range []string{"Events:", "Normal", "Uploaded certificate " + status.CertificateID, "Digest:", "www.a.com"} {
			if !strings.Contains(text, want) {
				t.Errorf("describe doesn't tell %q:\n%s", want, text)
			}
		}
	})
	t.Run("explain", func(t *testing.T) {
		text := s.in(t).cluster.Kubectl(t, "explain", "servercertificate.spec.revisionHistoryLimit")
		if !strings.Contains(text, "superseded") {
			t.Errorf("explain says:\n%s", text)
		}
	})
}

func TestKubectlDescribesWhatIsWrong(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web")
	s.create(object)
	s.unready(object, v1alpha1.ReasonSecretNotFound)
	s.event(object, v1alpha1.ReasonSecretNotFound)
	text := s.cluster.Kubectl(t, "describe", "-n", s.namespace, "clbcert", "web")
	if !regexp.MustCompile(`Warning\s+SecretNotFound\s.*Secret "web-tls" doesn't exist: create it`).MatchString(text) {
		t.Errorf("describe tells no warning:\n%s", text)
	}
	if rows := s.table("clbcert"); rows[1][1] != "False" {
		t.Errorf("the row is %v", rows[1])
	}
}
