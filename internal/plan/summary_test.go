package plan_test

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// readyOf is the condition Ready at the end of a pass.
func readyOf(s plan.State) metav1.Condition {
	if ready := meta.FindStatusCondition(plan.Summary(s).Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		return *ready
	}
	return metav1.Condition{}
}

// next is the pass after w, a while later: with what w recorded and remembers.
func (w walked) next(later time.Duration, changes ...change) plan.State {
	s := w.State
	object := s.Object.DeepCopy()
	object.Status = asStored(plan.Summary(s).Status)
	at := s.Now.Add(later)
	s = plan.State{
		Now: at, Settings: s.Settings, Object: object, Status: object.Status, Recorded: object.Status,
		HasFinalizer: s.HasFinalizer, Wanted: s.Wanted, Source: s.Source, Region: s.Region, Access: s.Access,
		Credentials: s.Credentials, Inputs: s.Inputs, Memory: s.Memory.Wrote(object).Observe(object, at),
	}
	s.TidyDue = !s.Memory.TidyAt.After(at)
	for _, change := range changes {
		change(&s)
	}
	return s
}

func TestConditionsSayWhoIsToAct(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		given                    []change
		fails                    map[string]*clberr.Error
		ready                    metav1.ConditionStatus
		stalled, reconciling, ev bool
	}{
		"in order":                         {[]change{synced(0)}, nil, metav1.ConditionTrue, false, false, false},
		"refused for good":                 {nil, map[string]*clberr.Error{"Upload": refused("CertificateFormatInvalid", 400)}, metav1.ConditionFalse, true, false, true},
		"refused for now":                  {nil, map[string]*clberr.Error{"Upload": refused("SystemBusy", 449)}, metav1.ConditionFalse, false, true, true},
		"a quota":                          {nil, map[string]*clberr.Error{"Upload": refused("OverQuota", 400)}, metav1.ConditionFalse, false, true, true},
		"an unknown outcome":               {nil, map[string]*clberr.Error{"Upload": lost}, metav1.ConditionFalse, false, true, true},
		"making sure":                      {[]change{held}, nil, metav1.ConditionFalse, false, true, false},
		"a Secret that doesn't exist":      {[]change{func(s *plan.State) { s.Wanted, s.Source = nil, &plan.Obstacle{Reason: v1alpha1.ReasonSecretNotFound} }}, nil, metav1.ConditionFalse, false, true, true},
		"a missing credentials Secret":     {[]change{func(s *plan.State) { s.Access = &plan.Obstacle{Reason: v1alpha1.ReasonCredentialsInvalid, Waits: true} }}, nil, metav1.ConditionFalse, false, true, true},
		"credentials that are refused":     {nil, map[string]*clberr.Error{"Identify": refused("InvalidAccessKeyId.NotFound", 404)}, metav1.ConditionFalse, true, false, true},
		"a look at what is in order fails": {[]change{synced(0), func(s *plan.State) { s.Memory.Verified = time.Time{} }}, map[string]*clberr.Error{"Look": lost}, metav1.ConditionTrue, false, false, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			outlook := plan.Summary(walk(t, given(c.given...), nil, c.fails).State)
			is := func(kind string) bool { return meta.IsStatusConditionTrue(outlook.Status.Conditions, kind) }
			ready := meta.FindStatusCondition(outlook.Status.Conditions, v1alpha1.ConditionReady)
			warned := false
			for _, e := range outlook.Events {
				warned = warned || e.Warning
			}
			if ready.Status != c.ready || is(v1alpha1.ConditionStalled) != c.stalled || is(v1alpha1.ConditionReconciling) != c.reconciling || warned != c.ev {
				t.Errorf("got %+v, events %v", outlook.Status.Conditions, outlook.Events)
			}
		})
	}
}

func TestRetriesThatFailAlikeWriteAndTellNothing(t *testing.T) {
	t.Parallel()
	for sentence, code := range map[string]string{"a known code": "SystemBusy", "an unknown one": "LastTokenProcessing"} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			fail := func(id string) map[string]*clberr.Error {
				return map[string]*clberr.Error{"Upload": clberr.New("UploadServerCertificate", code, "busy", id, 400, clberr.Refused)}
			}
			first := walk(t, given(), nil, fail("R-1"))
			again := walk(t, first.next(time.Hour), nil, fail("R-2"))
			outlook := plan.Summary(again.State)
			if again.steps != "Identify Look RecordIntent Upload" {
				t.Fatalf("steps are %s", again.steps)
			}
			if want := plan.Summary(first.State).Status; !equality.Semantic.DeepEqual(asStored(outlook.Status), asStored(want)) || len(outlook.Events) != 0 {
				t.Errorf("got  %s, events %v\nwant %s", brief(outlook.Status), outlook.Events, brief(want))
			}
		})
	}
}

func TestASyncRequestIsHandledAtTheEndOfAPass(t *testing.T) {
	t.Parallel()
	w := walk(t, given(synced(0), syncRequested), []plan.Certificate{certificate(0)}, nil)
	if w.steps != "Identify Look" {
		t.Errorf("steps are %s", w.steps)
	}
	if got := plan.Snapshot(w.State).LastHandledSyncRequest; got != "" {
		t.Errorf("marked as handled in the middle of a pass: %q", got)
	}
	if got := plan.Summary(w.State).Status.LastHandledSyncRequest; got != "now" {
		t.Errorf("not marked as handled at the end: %q", got)
	}
	if again := walk(t, w.next(time.Second), nil, nil); again.steps != "Identify" {
		t.Errorf("handled again: %s", again.steps)
	}
	suspended := given(synced(0), syncRequested, func(s *plan.State) { s.Object.Spec.Suspend = true })
	if got := plan.Summary(suspended).Status.LastHandledSyncRequest; got != "" {
		t.Errorf("handled although suspended: %q", got)
	}
}

func TestSuspendedObjectsKeepReady(t *testing.T) {
	t.Parallel()
	w := walk(t, given(synced(0)), nil, nil)
	suspend := func(s *plan.State) { s.Object.Spec.Suspend = true }
	status := plan.Summary(w.next(time.Second, suspend)).Status
	if !meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReady) || !meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionSuspended) {
		t.Errorf("got %+v", status.Conditions)
	}
	if ready := readyOf(given(suspend)); ready.Status != metav1.ConditionUnknown || ready.Reason != string(v1alpha1.ReasonSuspended) {
		t.Errorf("never synced: got %+v", ready)
	}
}

func TestTheStatusStaysWithinItsLimits(t *testing.T) {
	t.Parallel()
	var cloud []plan.Certificate
	for i := range 30 {
		c := certificate(1)
		c.ID, c.CreateTime = strings.Repeat("x", i+1), now.Add(time.Duration(i)*time.Minute)
		cloud = append(cloud, c)
	}
	big := func(s *plan.State) {
		s.Wanted.CommonName = strings.Repeat("ä", 300)
		s.Wanted.DNSNames = make([]string, 150)
		s.Access = nil
	}
	w := walk(t, given(big, keeps(10)), cloud, map[string]*clberr.Error{"Delete": refused("CertificateAndPrivateKeyIsRefered", 400)})
	status := plan.Summary(w.State).Status
	if len(status.Superseded) != v1alpha1.MaxSuperseded || len(status.DNSNames) != v1alpha1.MaxDNSNames || len([]rune(status.CommonName)) != v1alpha1.MaxCommonName {
		t.Errorf("%s: %d superseded, %d names, a common name of %d", w.steps, len(status.Superseded), len(status.DNSNames), len([]rune(status.CommonName)))
	}
	if got := status.Superseded[0].CertificateID; len(got) != 30 {
		t.Errorf("the newest comes %d. in order of age", len(got))
	}
	again := walk(t, w.next(time.Second, syncRequested), cloud, map[string]*clberr.Error{"Delete": refused("CertificateAndPrivateKeyIsRefered", 400)})
	for i, c := range plan.Summary(again.State).Status.Superseded {
		if c.CertificateID != status.Superseded[i].CertificateID {
			t.Fatalf("another look changes the list at %d", i)
		}
	}
	long := given(func(s *plan.State) {
		s.Wanted, s.Source = nil, &plan.Obstacle{Reason: v1alpha1.ReasonCertificateInvalid, Message: strings.Repeat("x", 2000)}
	})
	if got := len(readyOf(long).Message); got != v1alpha1.MaxMessage {
		t.Errorf("a message of %d characters", got)
	}
}
