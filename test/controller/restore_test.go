package controller

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// servedObject is an object with a listener that serves its certificate, by default and for a domain.
type servedObject struct {
	*stage
	object   *v1alpha1.ServerCertificate
	balancer string
	id       string // of the certificate
}

// serveOne sets a stage with such an object.
func serveOne(t *testing.T) *servedObject {
	t.Helper()
	s := setStage(t, "--list-lag", "300ms")
	balancer, _ := s.loadBalancer(443)
	s.manage(proving...)
	object := s.bind("web", toListener(balancer, 443, ""), toListener(balancer, 443, "x.a.com"))
	return &servedObject{s, object, balancer, s.ready(object).Status.CertificateID}
}

// renewTo renews the object, and gives the new certificate's ID once the listener serves it.
func (o *servedObject) renewTo(identity *certs.Identity) string {
	o.Helper()
	o.id = o.renew(o.object, identity)
	o.checkServes(o.id)
	return o.id
}

// checkServes checks what the listener serves.
func (o *servedObject) checkServes(id string) {
	o.Helper()
	o.checkServed(o.balancer, 443, id, map[string]string{"x.a.com": id})
}

// awaitReady waits until the object is Ready with the certificate, and has seen to the rest, and
// gives it.
func (o *servedObject) awaitReady(s *stage, id string) *v1alpha1.ServerCertificate {
	o.Helper()
	s.wait(o.object, "Ready with "+id, func(now *v1alpha1.ServerCertificate) bool {
		return isReady(now) && now.Status.CertificateID == id && len(now.Finalizers) == 1
	})
	return s.barrier(o.object)
}

func TestARestoredObjectTakesItsCertificateOver(t *testing.T) {
	cases := map[string]struct{ lost, running, finalizer bool }{
		"that went with Retain, while the manager runs":            {lost: false, running: true, finalizer: true},
		"that was lost, before the manager starts":                 {lost: true, running: false, finalizer: true},
		"that was lost, while the manager runs":                    {lost: true, running: true, finalizer: true},
		"without its finalizer, before the manager starts":         {lost: true, running: false, finalizer: false},
		"without its finalizer, that went, while the manager runs": {lost: false, running: true, finalizer: false},
	}
	for because, c := range cases {
		t.Run(because, func(t *testing.T) {
			o := serveOne(t)
			saved, before := o.backUp(), o.lastCall()
			if c.lost {
				o.lose(o.object)
			} else {
				o.retain()
			}
			if c.lost && c.running {
				o.manager.Start(t)
			}
			if !c.finalizer {
				saved.objects[0].Finalizers = nil
			}
			o.delete(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: "web-tls"}})
			o.restoreObjects(saved)
			o.restoreSecrets(saved)
			if !c.running {
				o.manager.Start(t)
			}
			o.awaitReady(o.stage, o.id)
			o.checkServes(o.id)
			o.checkWrites(before)
		})
	}
}

// retain deletes the object, and leaves the cloud as it is.
func (o *servedObject) retain() {
	o.Helper()
	o.update(o.object, func() { retained(o.object) })
	o.delete(o.object)
	env.WaitGone(o, o.cluster, o.object)
}

// TestAnOldStatusIsCaughtUpWith: a status comes back from before two renewals. The certificate
// that it names was superseded and deleted since.
func TestAnOldStatusIsCaughtUpWith(t *testing.T) {
	for because, running := range map[string]bool{"before the manager starts": false, "while the manager runs": true} {
		t.Run(because, func(t *testing.T) {
			o := serveOne(t)
			first, old := o.id, o.backUp()
			o.renewTo(certs.NewLeaf(t, covering))
			latest := o.renewTo(certs.NewLeaf(t, covering))
			o.poll("the first deleted", func() bool { return !slices.Contains(o.ids(), first) })
			before := o.lastCall()
			o.bringBack(old, running)
			o.awaitReady(o.stage, latest)
			o.checkServes(latest)
			for _, text := range writes(o.calls(before)) {
				if text != "DeleteServerCertificate" {
					t.Errorf("the manager wrote %q", text)
				}
			}
			o.checkNoDoubles()
		})
	}
}

// bringBack loses the object and restores it with its status.
func (o *servedObject) bringBack(old backup, running bool) {
	o.Helper()
	o.lose(o.object)
	if running {
		o.manager.Start(o)
	}
	o.restoreObjects(old)
	o.restoreStatuses(old)
	if !running {
		o.manager.Start(o)
	}
}

// TestAnOldSecretIsServedAgain: a renewal is lost with the Secret. What is wanted is what the
// Secret says: a certificate that is still there is taken, one that isn't is uploaded once.
func TestAnOldSecretIsServedAgain(t *testing.T) {
	cases := map[string]struct {
		renewals int
		status   bool
		uploads  int
	}{
		"its certificate was kept":                         {1, false, 0},
		"its certificate was kept, and the status is old":  {1, true, 0},
		"its certificate is gone":                          {2, false, 1},
		"its certificate is gone, and the status names it": {2, true, 1},
	}
	for because, c := range cases {
		t.Run(because, func(t *testing.T) {
			o := serveOne(t)
			first, old := o.id, o.backUp()
			for range c.renewals {
				o.renewTo(certs.NewLeaf(t, covering))
			}
			o.poll("what isn't kept deleted", func() bool { return slices.Contains(o.ids(), first) == (c.renewals == 1) })
			latest, before := o.id, o.lastCall()
			o.lose(o.object)
			o.restoreSecrets(old)
			o.restoreObjects(old)
			if c.status {
				o.restoreStatuses(old)
			}
			o.manager.Start(t)
			now := o.wait(o.object, "the old certificate bound", func(now *v1alpha1.ServerCertificate) bool {
				return isReady(now) && now.Status.Digest == old.objects[0].Status.Digest && slices.Contains(o.ids(), now.Status.CertificateID)
			})
			now = o.barrier(now)
			o.checkServes(now.Status.CertificateID)
			uploads := len(slices.DeleteFunc(writes(o.calls(before)), func(text string) bool { return text != "UploadServerCertificate" }))
			if uploads != c.uploads || uploads == 0 && now.Status.CertificateID != first {
				t.Errorf("%d uploads, want %d; the certificate is %s, the first was %s", uploads, c.uploads, now.Status.CertificateID, first)
			}
			if !slices.Equal(supersededIDs(now), []string{latest}) || len(o.live(now)) != 2 {
				t.Errorf("superseded is %v, want %s alone; in the cloud is %v", supersededIDs(now), latest, o.live(now))
			}
			o.checkNoDoubles()
		})
	}
}
