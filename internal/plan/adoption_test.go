package plan_test

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

// asksFor is the annotation that asks to take a certificate over.
func asksFor(id string) change {
	return func(s *plan.State) { s.Object.Annotations[v1alpha1.AnnotationAdopt] = id }
}

// byHand is a certificate with the content of a Secret that a person uploaded.
func byHand(content int, tags map[string]string) plan.Certificate {
	return altered(certificate(content), func(c *plan.Certificate) { c.ID, c.Name, c.Tags = "by-hand", "hand", tags })
}

func TestACertificateIsTakenOverOnRequest(t *testing.T) {
	t.Parallel()
	runWalks(t, map[string]walkCase{
		"it is tagged as ours, then recorded, and nothing is uploaded": {
			given: []change{asksFor("by-hand")}, cloud: []plan.Certificate{byHand(0, nil)},
			steps: "Identify Look AddFinalizer PutTags Adopt",
		},
		"it supersedes the one that the object has": {
			given: []change{synced(1), wants(0), asksFor("by-hand")}, cloud: []plan.Certificate{certificate(1), byHand(0, nil)},
			steps: "Identify Look Confirm PutTags Adopt",
		},
		"what was tagged before a crash is only recorded": {
			given: []change{held, asksFor("by-hand")}, cloud: []plan.Certificate{byHand(0, certificate(0).Tags)},
			steps: "Identify Look Adopt",
		},
		"a dry run holds the tags back": {
			given: []change{held, asksFor("by-hand"), func(s *plan.State) { s.DryRun = true }}, cloud: []plan.Certificate{byHand(0, nil)},
			steps: "Identify Look Confirm PutTags",
		},
	})
}

func TestAnAdoptionThatIsRefusedUploadsNothing(t *testing.T) {
	t.Parallel()
	for sentence, row := range map[string]struct {
		cloud   []plan.Certificate
		because string
	}{
		"it isn't there":               {nil, "isn't in " + region},
		"it has other content":         {[]plan.Certificate{byHand(1, nil)}, "has fingerprint"},
		"it is another object's":       {[]plan.Certificate{byHand(0, map[string]string{v1alpha1.TagObject: "shop/other"})}, "belongs to object \"shop/other\""},
		"it is another cluster's":      {[]plan.Certificate{byHand(0, map[string]string{v1alpha1.TagCluster: "prod-2"})}, "of cluster \"prod-2\""},
		"it is another cluster's same": {[]plan.Certificate{byHand(0, map[string]string{v1alpha1.TagCluster: "prod-2", v1alpha1.TagObject: "shop/web"})}, "of cluster \"prod-2\""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := walk(t, given(asksFor("by-hand")), row.cloud, nil)
			if w.steps != "Identify Look" {
				t.Errorf("steps %s, want Identify Look alone", w.steps)
			}
			ready := meta.FindStatusCondition(plan.Summary(w.State).Status.Conditions, v1alpha1.ConditionReady)
			if ready.Status != metav1.ConditionFalse || ready.Reason != "RejectedByCloud" || !strings.Contains(ready.Message, row.because) {
				t.Errorf("Ready is %+v, want False, RejectedByCloud, %q", ready, row.because)
			}
		})
	}
}

// A restore brings the annotation back, and no status.
func TestAnAnnotationThatWasActedOnStandsInNoRestoresWay(t *testing.T) {
	t.Parallel()
	ours := certificate(1)
	restored := walk(t, given(asksFor("by-hand"), wants(1)), []plan.Certificate{byHand(0, nil), ours}, nil)
	status := plan.Summary(restored.State).Status
	if status.CertificateID != ours.ID || status.LastHandledAdoption != "by-hand" {
		t.Errorf("the status is %+v, want %s, and by-hand handled", status, ours.ID)
	}
}

func TestAnAnnotationThatWasActedOnStandsInNoRenewalsWay(t *testing.T) {
	t.Parallel()
	adopted := walk(t, given(asksFor("by-hand")), []plan.Certificate{byHand(0, nil)}, nil)
	status := plan.Summary(adopted.State).Status
	if status.CertificateID != "by-hand" || status.LastHandledAdoption != "by-hand" || status.Digest != digestOf(0) {
		t.Fatalf("the status is %+v, want by-hand adopted", status)
	}
	renewal := given(asksFor("by-hand"), held, func(s *plan.State) { s.Status = status }, wants(1))
	if got := walk(t, renewal, []plan.Certificate{byHand(0, nil)}, nil).steps; !strings.HasSuffix(got, "RecordIntent Upload") {
		t.Errorf("the renewal's steps are %s, want an upload", got)
	}
	gone := given(held, func(s *plan.State) { s.Status = status })
	if got := plan.Summary(gone).Status.LastHandledAdoption; got != "" {
		t.Errorf("without the annotation, %q is still remembered", got)
	}
}

func TestAnAccountThatCannotBeToldIsKept(t *testing.T) {
	t.Parallel()
	unknown := func(s *plan.State) { s.Identified = true }
	renewed := walk(t, given(synced(0), wants(1), unknown), []plan.Certificate{certificate(0)}, nil)
	if renewed.steps != "Look RecordIntent Upload" || renewed.Status.AccountID != account {
		t.Errorf("steps %s, account %q; want a renewal that keeps the account", renewed.steps, renewed.Status.AccountID)
	}
	elsewhere := walk(t, given(synced(0), wants(1), unknown), nil, nil)
	if elsewhere.steps != "Look Wait" {
		t.Errorf("steps %s: credentials that don't see the current certificate may be another account's", elsewhere.steps)
	}
	verified := walk(t, given(synced(0), syncRequested, func(s *plan.State) { s.Status.AccountID = "" }), []plan.Certificate{certificate(0)}, nil)
	if verified.Status.AccountID != account {
		t.Errorf("the account is %q once it can be told, want %s", verified.Status.AccountID, account)
	}
}

func TestALapsedCertificateIsToldBeforeTheCloudIsAsked(t *testing.T) {
	t.Parallel()
	s := given(synced(0), func(s *plan.State) {
		s.Wanted = wantedOf(0)
		s.Wanted.NotAfter = now.Add(-time.Second)
		s.Memory.Verified = time.Time{}
		s.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: "Synced"}}
	})
	w := walk(t, s, []plan.Certificate{certificate(0)}, nil)
	if !strings.HasPrefix(w.steps, "Record Identify Look") {
		t.Errorf("steps %s, want Record first", w.steps)
	}
	if events := plan.Summary(w.State).Events; len(events) != 1 || events[0].Reason != "CertificateExpired" {
		t.Errorf("the Events are %+v, want one CertificateExpired", events)
	}
}

func TestARenewalMovesTheTimesOfTransitionForwards(t *testing.T) {
	t.Parallel()
	s := given(synced(0), wants(1), func(s *plan.State) {
		s.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue,
			Reason: "Synced", LastTransitionTime: metav1.NewTime(now.Add(-time.Hour))}}
	})
	w := walk(t, s, []plan.Certificate{certificate(0)}, nil)
	ready := meta.FindStatusCondition(plan.Summary(w.State).Status.Conditions, v1alpha1.ConditionReady)
	if ready.Status != metav1.ConditionTrue || !ready.LastTransitionTime.Time.Equal(now) {
		t.Errorf("Ready is %+v, want True since the renewal", ready)
	}
}
