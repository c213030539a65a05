package plan_test

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

func TestWhatAProcessKnowsEndsWithSomebodyElsesWrite(t *testing.T) {
	t.Parallel()
	told := func(at time.Time, reason v1alpha1.Reason) func(*v1alpha1.ServerCertificate) {
		return func(o *v1alpha1.ServerCertificate) {
			meta.SetStatusCondition(&o.Status.Conditions, metav1.Condition{
				Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: string(reason), LastTransitionTime: metav1.NewTime(at),
			})
		}
	}
	version := func(o *v1alpha1.ServerCertificate) { o.ResourceVersion = "2" }
	pending := func(o *v1alpha1.ServerCertificate) {
		o.Status.PendingUpload = plan.Pending(digestOf(0), now, time.Second)
	}
	named := func(o *v1alpha1.ServerCertificate) { o.Status.CertificateID = "cert-0" }
	for sentence, c := range map[string]struct {
		before, after  []func(*v1alpha1.ServerCertificate)
		complete, ends bool
	}{
		"nothing changed":                    {nil, nil, false, false},
		"an empty status of another version": {nil, []func(*v1alpha1.ServerCertificate){version}, false, true},
		"a status that tells something":      {[]func(*v1alpha1.ServerCertificate){named, told(now, "A")}, nil, true, false},
		"another version of the same status": {[]func(*v1alpha1.ServerCertificate){named, told(now, "A")}, []func(*v1alpha1.ServerCertificate){version}, true, false},
		"another certificate":                {[]func(*v1alpha1.ServerCertificate){told(now, "A")}, []func(*v1alpha1.ServerCertificate){named}, false, true},
		"a pending upload":                   {[]func(*v1alpha1.ServerCertificate){told(now, "A")}, []func(*v1alpha1.ServerCertificate){pending}, false, true},
		"another reason":                     {[]func(*v1alpha1.ServerCertificate){named, told(now, "A")}, []func(*v1alpha1.ServerCertificate){told(now, "B")}, false, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "1"}}
			for _, change := range c.before {
				change(object)
			}
			m := plan.Memory{}.Observe(object, now)
			for _, change := range c.after {
				change(object)
			}
			own := m.Wrote(object).Observe(object, now.Add(time.Minute))
			if !own.Since.Equal(now) {
				t.Errorf("its own write begins everything anew")
			}
			m = m.Observe(object, now.Add(time.Minute))
			if ends := !m.Since.Equal(now); ends != c.ends || m.Complete != c.complete {
				t.Errorf("ends: %v, complete: %v", ends, m.Complete)
			}
		})
	}
}

func TestARefusedUploadLeavesNothingToDoubt(t *testing.T) {
	t.Parallel()
	wiped := given(held, remembering(time.Minute), listed(0), listed(window))
	w := walk(t, wiped, nil, map[string]*clberr.Error{"Upload": refused("CertificateFormatInvalid", 400)})
	if w = walk(t, w.next(time.Second, wants(1), func(s *plan.State) { s.Inputs = "mended" }), nil, nil); w.steps != "Identify Look RecordIntent Upload" {
		t.Errorf("the mended one takes %s", w.steps)
	}
}

func TestTheStatusIsAsItIsStored(t *testing.T) {
	t.Parallel()
	odd := func(s *plan.State) { s.Now = now.Add(123456789) }
	status := plan.Summary(walk(t, given(odd), nil, nil).State).Status
	if !equality.Semantic.DeepEqual(status, asStored(status)) {
		t.Errorf("got %+v", status)
	}
}
