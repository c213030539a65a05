package controller

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
)

// restoredStatus is an object whose status came back as another writer's, with a change; the
// certificate that it names is the present one.
func restoredStatus(t *testing.T, change func(*v1alpha1.ServerCertificateStatus)) *servedObject {
	t.Helper()
	o := serveOne(t)
	saved := o.backUp()
	change(&saved.objects[0].Status)
	o.bringBack(saved, false)
	return o
}

// What a restored status has too much goes, although another than the controller wrote it.
func TestARestoredStatusIsTheControllersAgain(t *testing.T) {
	t.Run("an upload that was pending", func(t *testing.T) {
		o := restoredStatus(t, func(status *v1alpha1.ServerCertificateStatus) {
			now := metav1.NowMicro()
			status.PendingUpload = &v1alpha1.PendingUpload{Digest: status.Digest, StartTime: now, Deadline: now}
		})
		o.wait(o.object, "Ready, nothing pending", func(now *v1alpha1.ServerCertificate) bool { return isReady(now) && !isPending(now) })
		o.renewTo(certs.NewLeaf(t, covering))
	})
	t.Run("that it was stalled", func(t *testing.T) {
		o := restoredStatus(t, func(status *v1alpha1.ServerCertificateStatus) {
			for kind, value := range map[string]metav1.ConditionStatus{v1alpha1.ConditionReady: metav1.ConditionFalse, v1alpha1.ConditionStalled: metav1.ConditionTrue} {
				meta.SetStatusCondition(&status.Conditions, metav1.Condition{Type: kind, Status: value, Reason: string(v1alpha1.ReasonKeyMismatch), ObservedGeneration: 1})
			}
		})
		o.wait(o.object, "Ready, not stalled", func(now *v1alpha1.ServerCertificate) bool {
			return isReady(now) && meta.FindStatusCondition(now.Status.Conditions, v1alpha1.ConditionStalled) == nil
		})
	})
	t.Run("certificates that were deleted since", func(t *testing.T) {
		o := restoredStatus(t, func(status *v1alpha1.ServerCertificateStatus) {
			status.Superseded = []v1alpha1.SupersededCertificate{
				{CertificateID: "gone-2", Reason: v1alpha1.ReasonRetained}, {CertificateID: "gone-1", Reason: v1alpha1.ReasonRetained},
			}
		})
		o.wait(o.object, "Ready, without what is beyond the limit", func(now *v1alpha1.ServerCertificate) bool {
			return isReady(now) && len(now.Status.Superseded) < 2
		})
	})
}

// A certificate that isn't there any more takes no other's place among those that are kept.
func TestWhatIsGoneIsNotKept(t *testing.T) {
	o := serveOne(t)
	first, old := o.id, o.backUp()
	kept := o.renewTo(certs.NewLeaf(t, covering))
	latest := o.renewTo(certs.NewLeaf(t, covering))
	o.poll("the first deleted", func() bool { return !slices.Contains(o.ids(), first) })
	o.bringBack(old, false)
	o.awaitReady(o.stage, latest)
	now := o.wait(o.object, "the first forgotten", func(now *v1alpha1.ServerCertificate) bool {
		return slices.Equal(supersededIDs(now), []string{kept})
	})
	if len(o.live(now)) != 2 {
		t.Errorf("in the cloud is %+v, want %s and %s", o.live(now), kept, latest)
	}
}

// An annotation that was acted on before the backup stands in the way of no restore.
func TestARestoredAdoptionIsNoHindrance(t *testing.T) {
	s := setStage(t).manage(proving...)
	identity := certs.NewLeaf(t)
	hand := s.uploaded(identity)
	object := s.certificate("web", adopting(hand.ID))
	s.create(s.secret("web-tls", identity), object)
	s.ready(object)
	latest := s.renew(object, certs.NewLeaf(t))
	saved := s.backUp()
	s.lose(object)
	s.restoreObjects(saved) // and no status
	s.manager.Start(t)
	s.wait(object, "Ready with "+latest, func(now *v1alpha1.ServerCertificate) bool { return isReady(now) && now.Status.CertificateID == latest })
}

// A shutdown lets the outcome of an upload be recorded, also when listeners are read by then.
func TestAStopLosesNoUploadThatIsBeingBound(t *testing.T) {
	s := setStage(t, "--latency", "1s").manage()
	o := s.fleet(1)[0]
	o.change()
	s.poll("the upload's answer", func() bool { return strings.Count(s.manager.Log(), `"step":"upload the certificate`) == 2 })
	s.manager.Stop(t)
	if now := s.get(o.object); now.Status.PendingUpload != nil || now.Status.CertificateID == o.id {
		t.Errorf("the upload's outcome isn't recorded: %+v", now.Status)
	}
}
