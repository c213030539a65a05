package controller

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

func TestARestartUploadsAndWritesNothing(t *testing.T) {
	const objects = 50
	s := setStage(t).manage("--api-qps", "0")
	identity := certs.NewLeaf(t)
	s.create(s.secret("shared-tls", identity))
	versions := map[string]string{}
	for i := range objects {
		s.create(s.certificate(fmt.Sprintf("web-%d", i), func(o *v1alpha1.ServerCertificate) {
			o.Spec.SecretRef.Name = "shared-tls"
		}))
	}
	for i := range objects {
		object := s.ready(s.certificate(fmt.Sprintf("web-%d", i)))
		versions[object.Name] = object.ResourceVersion
	}
	if got := len(s.ids()); got != objects {
		t.Fatalf("%d certificates for %d objects", got, objects)
	}

	s.manager.Kill(t)
	before := len(s.cloud.Calls(t))
	s.manager.Start(t)
	s.poll("a pass over every object", func() bool { return s.passes() >= objects })

	limits := map[string]int{"DescribeServerCertificates": 1, "GetCallerIdentity": 1}
	counts := map[string]int{}
	for _, call := range s.cloud.Calls(t)[before:] {
		if counts[call.Action]++; counts[call.Action] > limits[call.Action] {
			t.Errorf("call %d of %s after the restart, want %d at most", counts[call.Action], call.Action, limits[call.Action])
		}
	}
	for name, version := range versions {
		if now := s.get(s.certificate(name)); now.ResourceVersion != version {
			t.Errorf("%s was written: %+v", name, now.Status)
		}
	}
}

func TestAChangeMadeMeanwhileIsSeenAtTheStart(t *testing.T) {
	s := setStage(t).manage()
	renewed, gone := s.certificate("renewed"), s.certificate("gone")
	id := s.sync(renewed).Status.CertificateID
	s.sync(gone)
	s.manager.Kill(t)
	s.put("renewed-tls", certs.NewLeaf(t))
	s.delete(gone)
	s.manager.Start(t)
	s.wait(renewed, "a new ID", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != id
	})
	s.gone(gone, 0)
	if got := len(s.uploadsOf(renewed)); got != 2 {
		t.Errorf("%d uploads, want 2", got)
	}
}

var passesTotal = regexp.MustCompile(`(?m)^controller_runtime_reconcile_total\{[^}]*\} (\d+)$`)

// passes are how many passes the running manager has ended, by its own count.
func (s *stage) passes() int {
	s.Helper()
	total := 0
	for _, match := range passesTotal.FindAllStringSubmatch(s.read(s.manager.MetricsURL+"/metrics"), -1) {
		count, err := strconv.Atoi(match[1])
		if err != nil {
			s.Fatalf("reading the metrics: %v", err)
		}
		total += count
	}
	return total
}

// read gets a page of a manager.
func (s *stage) read(url string) string {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		s.Fatalf("asking for %s: %v", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.Fatalf("asking for %s: %v", url, err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		s.Fatalf("reading %s: %s, %v", url, response.Status, err)
	}
	return string(page)
}

// wipe empties the object's status, as a restore from a backup does.
func (s *stage) wipe(object *v1alpha1.ServerCertificate) {
	s.Helper()
	s.cluster.Kubectl(s, "patch", "clbcert", object.Name, "-n", object.Namespace,
		"--subresource=status", "--type=json", "-p", `[{"op":"remove","path":"/status"}]`)
}

func TestAWipedStatusIsFilledByAdoption(t *testing.T) {
	s := setStage(t, "--list-lag", "300ms").manage("--consistency-window", "500ms", "--api-timeout", "1s")
	identity := certs.NewLeaf(t)
	object := s.certificate("web")
	s.create(s.secret("web-tls", identity), object)
	id := s.ready(object).Status.CertificateID

	t.Run("while the manager runs", func(t *testing.T) {
		s := s.in(t)
		s.wipe(object)
		s.checkAdopted(object, id)
	})
	t.Run("while it doesn't", func(t *testing.T) {
		s := s.in(t)
		s.manager.Kill(t)
		s.wipe(object)
		s.manager.Start(t)
		s.checkAdopted(object, id)
	})
	t.Run("with the finalizer", func(t *testing.T) {
		s := s.in(t)
		s.manager.Kill(t)
		s.wipe(object)
		s.update(object, func() { object.Finalizers = nil })
		s.manager.Start(t)
		if got := s.checkAdopted(object, id).Finalizers; len(got) != 1 {
			t.Errorf("finalizers are %v: nothing would delete the certificate", got)
		}
	})
}

// checkAdopted waits until the object is Ready with the certificate it had.
func (s *stage) checkAdopted(object *v1alpha1.ServerCertificate, id string) *v1alpha1.ServerCertificate {
	s.Helper()
	now := s.wait(object, "adopted", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID == id && len(o.Finalizers) == 1
	})
	if ids := s.ids(); len(ids) != 1 || ids[0] != id || len(s.uploads()) != 1 {
		s.Errorf("the cloud has %v after %d uploads, want %s alone", ids, len(s.uploads()), id)
	}
	if now.Status.NotBefore == nil || now.Status.AccountID == "" || now.Status.ClusterID != clusterID || now.Status.Region != env.Region {
		s.Errorf("the status isn't whole: %+v", now.Status)
	}
	return now
}
