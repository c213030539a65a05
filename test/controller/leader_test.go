package controller

import (
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

func TestAStandbyTakesOver(t *testing.T) {
	s := setStage(t)
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "clbcert-system", Name: "clbcert"}}
	held := func(l *coordinationv1.Lease) bool { return holder(l) != "" }
	leader := s.manage("--leader-elect").manager
	first := holder(env.WaitFor(t, s.cluster, lease, "a leader", held))
	standby := s.manage("--leader-elect").manager
	object := s.certificate("web")
	synced := s.sync(object)
	for _, page := range []string{"/healthz", "/readyz"} {
		if body := s.read(standby.HealthURL + page); body != "ok" {
			t.Errorf("the standby's %s says %q", page, body)
		}
	}

	if !s.shows(leader, "clbcert_certificate_ready{") || s.shows(standby, "clbcert_certificate_ready{") {
		t.Error("the leader's metrics don't show the object, or the standby's do too")
	}

	change := env.Observe(t, s.cluster, lease)
	leader.Stop(t) // which checks that it ends with exit code 0
	s.put("web-tls", certs.NewLeaf(t))
	change.Wait(t, "the Lease let go or taken over", func(l *coordinationv1.Lease) bool { return holder(l) != first })
	change.Wait(t, "another leader", func(l *coordinationv1.Lease) bool { return held(l) && holder(l) != first })
	renewed := s.wait(object, "renewed by the other", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != synced.Status.CertificateID
	})
	if got := len(s.uploads()); got != 2 || len(renewed.Status.Superseded) != 1 {
		t.Errorf("%d uploads, superseded %v", got, renewed.Status.Superseded)
	}
	if !s.shows(standby, "clbcert_certificate_ready{") {
		t.Error("the new leader's metrics don't show the object")
	}
	standby.Stop(t)
	env.WaitFor(t, s.cluster, lease, "its release", func(l *coordinationv1.Lease) bool { return !held(l) })
}

func holder(lease *coordinationv1.Lease) string {
	if lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// A shutdown lets an upload under way end, and its outcome be recorded.
func TestAStopLosesNoUpload(t *testing.T) {
	s := setStage(t, "--latency", "600ms").manage()
	object := s.certificate("web")
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	s.wait(object, "an intent", isPending)
	s.manager.Stop(t)
	now := s.get(object)
	if now.Status.PendingUpload != nil || now.Status.CertificateID == "" {
		t.Errorf("the upload's outcome isn't recorded: %+v", now.Status)
	}
	s.checkOneOf(now)
}
