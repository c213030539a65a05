package controller

import (
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// renewedWithin is how soon a renewed Secret is in the cloud and served, where nothing throttles.
const renewedWithin = 5 * time.Second

// keeping sets how many superseded certificates stay.
func keeping(limit int32) func(*v1alpha1.ServerCertificate) {
	return func(o *v1alpha1.ServerCertificate) { o.Spec.RevisionHistoryLimit = &limit }
}

// renew puts another certificate into the object's Secret and waits until it is in
// the cloud; it gives the new ID.
func (s *stage) renew(object *v1alpha1.ServerCertificate, identity *certs.Identity) string {
	s.Helper()
	previous := s.get(object).Status.CertificateID
	watch := env.Observe(s, s.cluster, object)
	s.put(object.Spec.SecretRef.Name, identity)
	return watch.WaitWithin(s, env.Patience, "a new ID", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != previous
	}).Status.CertificateID
}

func TestARenewalIsServedSoon(t *testing.T) {
	s := setStage(t)
	id, _ := s.loadBalancer(443)
	s.manage()
	object := s.certificate("web", bound(toListener(id, 443, "")))
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	previous := s.ready(object).Status.CertificateID
	watch := env.Observe(t, s.cluster, object)
	s.put("web-tls", certs.NewLeaf(t))
	now := watch.WaitWithin(t, renewedWithin, "a new ID, served", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != previous
	})
	s.checkServed(id, 443, now.Status.CertificateID, nil)
}

func TestRenewalsKeepAsManyAsTheyShould(t *testing.T) {
	s := setStage(t).manage()
	for limit := range int32(3) {
		t.Run(fmt.Sprintf("%d are kept", limit), func(t *testing.T) {
			s := s.in(t)
			object := s.certificate(fmt.Sprintf("web-%d", limit), keeping(limit))
			s.create(s.secret(object.Spec.SecretRef.Name, certs.NewLeaf(t)), object)
			ids := []string{s.ready(object).Status.CertificateID}
			for range 3 {
				ids = append([]string{s.renew(object, certs.NewLeaf(t))}, ids...) // newest first
			}
			want := ids[1 : 1+limit]
			now := s.wait(object, "the surplus deleted", func(o *v1alpha1.ServerCertificate) bool {
				return slices.Equal(supersededIDs(o), want)
			})
			for _, old := range now.Status.Superseded {
				if old.Reason != v1alpha1.ReasonRetained || old.SupersededTime == nil || old.NotAfter == nil || old.Fingerprint == "" {
					t.Errorf("superseded entry %+v", old)
				}
			}
			if got := len(s.live(object)); got != 1+int(limit) {
				t.Errorf("%d certificates in the cloud, want %d", got, 1+limit)
			}
		})
	}
}

func supersededIDs(o *v1alpha1.ServerCertificate) []string {
	ids := []string{}
	for _, old := range o.Status.Superseded {
		ids = append(ids, old.CertificateID)
	}
	return ids
}

func TestALowerLimitAppliesToWhatWasKept(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web", keeping(2))
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	s.ready(object)
	s.renew(object, certs.NewLeaf(t))
	s.renew(object, certs.NewLeaf(t))
	s.update(object, func() { keeping(0)(object) })
	s.wait(object, "nothing superseded", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && len(o.Status.Superseded) == 0
	})
	if got := len(s.live(object)); got != 1 {
		t.Errorf("%d certificates in the cloud, want 1", got)
	}
}

func TestGoingBackToAKeptCertificateUploadsNothing(t *testing.T) {
	s := setStage(t).manage()
	first, second := certs.NewLeaf(t), certs.NewLeaf(t)
	object := s.certificate("web")
	s.create(s.secret("web-tls", first), object)
	old := s.ready(object).Status.CertificateID
	newer := s.renew(object, second)
	if back := s.renew(object, first); back != old {
		t.Errorf("back to %s, want %s", back, old)
	}
	if again := s.renew(object, second); again != newer {
		t.Errorf("forth to %s, want %s", again, newer)
	}
	now := s.get(object)
	if !slices.Equal(supersededIDs(now), []string{old}) || now.Status.Fingerprint != factsOf(t, second).Fingerprint {
		t.Errorf("the status is %+v", now.Status)
	}
	if len(s.uploads()) != 2 || len(s.ids()) != 2 || len(s.cloud.Calls(t, "DeleteServerCertificate")) != 0 {
		t.Errorf("%d uploads, %d certificates, want two of each", len(s.uploads()), len(s.ids()))
	}
}

func TestAnotherSecretIsARenewal(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web")
	old := s.sync(object).Status.CertificateID
	same := s.secret("same-tls", certs.NewLeaf(t))
	first := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web-tls"}}
	s.update(first, func() { same.Data = first.Data })
	s.create(same, s.secret("other-tls", certs.NewLeaf(t)))

	s.update(object, func() { object.Spec.SecretRef.Name = "same-tls" })
	if now := s.ready(object); now.Status.CertificateID != old || len(s.uploads()) != 1 {
		t.Errorf("the same certificate elsewhere was uploaded: %+v", now.Status)
	}
	s.update(object, func() { object.Spec.SecretRef.Name = "other-tls" })
	if now := s.ready(object); now.Status.CertificateID == old || !slices.Equal(supersededIDs(now), []string{old}) {
		t.Errorf("another certificate wasn't uploaded: %+v", now.Status)
	}
}

func TestACertificateOfCertificateManagementServiceIsTakenOver(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("cas", keeping(0), func(o *v1alpha1.ServerCertificate) {
		o.Spec.SecretRef = nil
		o.Spec.AliCloudCertificate = &v1alpha1.AliCloudCertificate{ID: "7752925"}
	})
	s.create(object)
	first := s.ready(object).Status
	if first.Digest != v1alpha1.AliCloudDigest(env.Region, "7752925") || first.NotAfter == nil || first.AliCloudCertificate == nil || first.Fingerprint == "" {
		t.Errorf("the status is %+v", first)
	}
	s.update(object, func() { object.Spec.AliCloudCertificate.ID = "7752926" })
	second := s.wait(object, "a new ID", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != first.CertificateID && len(o.Status.Superseded) == 0
	})
	if ids := s.ids(); len(ids) != 1 || ids[0] != second.Status.CertificateID || second.Status.AliCloudCertificate.ID != "7752926" {
		t.Errorf("the cloud has %v, the status %+v", ids, second.Status)
	}
}

func TestTimeAloneEndsAndBeginsValidity(t *testing.T) {
	s := setStage(t).manage()
	notAfter := time.Now().Add(6 * time.Second).Truncate(time.Second)
	object, early := s.certificate("web"), s.certificate("early")
	s.create(s.secret("web-tls", certs.NewLeaf(t, certs.Valid(notAfter.Add(-time.Hour), notAfter))), object,
		s.secret("early-tls", certs.NewLeaf(t, certs.Valid(notAfter, notAfter.Add(time.Hour)))), early)
	synced := s.ready(object)
	s.unready(early, v1alpha1.ReasonCertificateNotYetValid)
	calls := s.cloud.Calls(t, "UploadServerCertificate", "DeleteServerCertificate")

	expired := env.Observe(t, s.cluster, object)
	begun := env.Observe(t, s.cluster, early)
	now := expired.WaitWithin(t, time.Until(notAfter)+3*time.Second, "expired", func(o *v1alpha1.ServerCertificate) bool {
		return condition(o, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonCertificateExpired)
	})
	if time.Now().Before(notAfter) {
		t.Errorf("it was called expired before its time")
	}
	s.checkParts(now, true)
	if !condition(now, v1alpha1.ConditionUploaded, metav1.ConditionTrue, v1alpha1.ReasonSynced) || now.Status.CertificateID != synced.Status.CertificateID {
		t.Errorf("more than Ready changed: %+v", now.Status)
	}
	begun.WaitWithin(t, time.Until(notAfter)+3*time.Second, "uploaded once it is valid", isReady)
	s.event(object, v1alpha1.ReasonCertificateExpired)
	if len(s.uploadsOf(object)) != 1 || len(s.cloud.Calls(t, "UploadServerCertificate", "DeleteServerCertificate")) != len(calls)+1 {
		t.Errorf("expiry touched the cloud: %+v", s.cloud.Calls(t))
	}
	s.checkOneOf(s.get(object))
}

// checkOneOf checks that the object has exactly the certificate that its status names.
func (s *stage) checkOneOf(o *v1alpha1.ServerCertificate) {
	s.Helper()
	if live := s.live(o); len(live) != 1 || live[0].ID != o.Status.CertificateID {
		s.Errorf("the cloud has %+v, the status names %s", live, o.Status.CertificateID)
	}
}

func TestAFullQuotaTakesWhatWasKept(t *testing.T) {
	s := setStage(t, "--quota", "2", "--list-lag", "300ms").manage("--consistency-window", "500ms")
	object := s.certificate("web")
	s.sync(object)
	kept := s.renew(object, certs.NewLeaf(t))
	newest := s.renew(object, certs.NewLeaf(t))
	if now := s.get(object); !slices.Equal(supersededIDs(now), []string{kept}) || len(s.ids()) != 2 {
		t.Errorf("superseded %v, in the cloud %v, want %s kept behind %s", supersededIDs(now), s.ids(), kept, newest)
	}
	other := s.certificate("other")
	s.create(s.secret("other-tls", certs.NewLeaf(t)), other)
	s.checkSays(s.unready(other, v1alpha1.ReasonQuotaExceeded), "QuotaExceeded.ServerCertificate")
}
