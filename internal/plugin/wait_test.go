package plugin

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func TestHowFarAnObjectIs(t *testing.T) {
	t.Parallel()
	unready := func(reason v1alpha1.Reason, stalled bool) func(*v1alpha1.ServerCertificate) {
		return func(o *v1alpha1.ServerCertificate) {
			o.Status.Conditions[0] = metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: string(reason), Message: "mend it"}
			if stalled {
				o.Status.Conditions = append(o.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue})
			}
		}
	}
	asked := func(o *v1alpha1.ServerCertificate) {
		o.Annotations = map[string]string{v1alpha1.AnnotationSyncRequestedAt: "two"}
		o.Status.LastHandledSyncRequest = "one"
	}
	for sentence, row := range map[string]struct {
		given func(*v1alpha1.ServerCertificate)
		want  progress
	}{
		"what is served is":                        {func(*v1alpha1.ServerCertificate) {}, progress{served: true, text: "all is well"}},
		"a binding that isn't ready isn't":         {func(o *v1alpha1.ServerCertificate) { o.Status.Bindings[0].Ready = false }, progress{text: "all is well"}},
		"nor one that serves another":              {func(o *v1alpha1.ServerCertificate) { o.Status.Bindings[1].CertificateID = "other" }, progress{text: "all is well"}},
		"nor one that the status lacks":            {func(o *v1alpha1.ServerCertificate) { o.Status.Bindings = o.Status.Bindings[:1] }, progress{text: "all is well"}},
		"a status of an earlier spec says nothing": {func(o *v1alpha1.ServerCertificate) { o.Generation++ }, progress{text: "the manager hasn't looked at it yet"}},
		"nor one from before the request":          {asked, progress{text: "the manager hasn't looked at it yet"}},
		"not even that it stalls":                  {func(o *v1alpha1.ServerCertificate) { unready(v1alpha1.ReasonUnauthorized, true)(o); asked(o) }, progress{text: "the manager hasn't looked at it yet"}},
		"what stalls is over":                      {unready(v1alpha1.ReasonUnauthorized, true), progress{over: "Unauthorized: mend it"}},
		"what goes on isn't":                       {unready(v1alpha1.ReasonThrottled, false), progress{text: "mend it"}},
		"how many serve it is told": {func(o *v1alpha1.ServerCertificate) {
			unready(v1alpha1.ReasonServicePending, false)(o)
			o.Status.Bindings[1].Ready = false
			o.Status.Conditions = append(o.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionBound, Status: metav1.ConditionFalse})
		}, progress{text: "1 of 2 bindings serve it: mend it"}},
		"suspended is over":  {func(o *v1alpha1.ServerCertificate) { o.Spec.Suspend = true }, progress{over: "it is suspended: kubectl clbcert resume web -n shop"}},
		"a deletion is, too": {func(o *v1alpha1.ServerCertificate) { o.DeletionTimestamp = &metav1.Time{Time: now} }, progress{over: "it is being deleted: kubectl clbcert status web -n shop tells how far that is"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			object := inOrder().object
			object.Status.Conditions[0].Message = "all is well"
			row.given(object)
			if got := progressOf(object); got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestHowFarAnAdoptionIs(t *testing.T) {
	t.Parallel()
	for sentence, row := range map[string]struct {
		given func(*v1alpha1.ServerCertificate)
		want  progress
	}{
		"what was taken over is":           {func(o *v1alpha1.ServerCertificate) { o.Status.LastHandledAdoption = id }, progress{served: true, text: "adopted certificate " + id}},
		"what was there already isn't yet": {func(*v1alpha1.ServerCertificate) {}, progress{text: "all is well"}},
		"a request that waits": {func(o *v1alpha1.ServerCertificate) {
			o.Annotations = map[string]string{v1alpha1.AnnotationSyncRequestedAt: "now"}
		}, progress{text: "the manager hasn't looked at it yet"}},
		"a refusal is over": {func(o *v1alpha1.ServerCertificate) {
			o.Status.Conditions = []metav1.Condition{
				{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: string(v1alpha1.ReasonRejectedByCloud), Message: "it is another"},
				{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue},
			}
		}, progress{over: "RejectedByCloud: it is another"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			object := inOrder().object
			object.Status.Conditions[0].Message = "all is well"
			row.given(object)
			if got := adoptionOf(object, id); got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}
