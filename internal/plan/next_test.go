package plan_test

import (
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// walkCase is a pass: what it begins with, what is in the cloud and fails, and its steps.
type walkCase struct {
	given []change
	cloud []plan.Certificate
	fails map[string]*clberr.Error
	steps string
}

func runWalks(t *testing.T, cases map[string]walkCase) {
	t.Helper()
	for sentence, c := range cases {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := walk(t, given(c.given...), c.cloud, c.fails).steps; got != c.steps {
				t.Errorf("got  %s\nwant %s", got, c.steps)
			}
		})
	}
}

func TestThePathToACertificate(t *testing.T) {
	t.Parallel()
	spoofed := altered(certificate(0), func(c *plan.Certificate) { c.Fingerprint = "ff:ff" })
	foreign := altered(certificate(0), func(c *plan.Certificate) {
		c.Tags = map[string]string{v1alpha1.TagCluster: "other", v1alpha1.TagObject: "shop/web", v1alpha1.TagDigest: digestOf(0)}
	})
	runWalks(t, map[string]walkCase{
		"a new object is uploaded for, after its intent is recorded": {
			steps: "Identify Look AddFinalizer RecordIntent Upload",
		},
		"a list shared with others is new enough": {
			given: []change{listed(window)},
			steps: "Identify AddFinalizer RecordIntent Upload",
		},
		"an older one isn't": {
			given: []change{listed(window + 1)},
			steps: "Identify Look AddFinalizer RecordIntent Upload",
		},
		"a renewal is uploaded at once": {
			given: []change{synced(0), wants(1)}, cloud: []plan.Certificate{certificate(0)},
			steps: "Identify Look RecordIntent Upload",
		},
		"a renewal back to what is still there is adopted": {
			given: []change{synced(1), superseding(0)}, cloud: []plan.Certificate{certificate(0), certificate(1)},
			steps: "Identify Look Adopt",
		},
		"what the status lost is adopted": {
			given: []change{held}, cloud: []plan.Certificate{certificate(0)},
			steps: "Identify Look Adopt",
		},
		"a restored object gets its finalizer": {
			cloud: []plan.Certificate{certificate(0)},
			steps: "Identify Look Adopt AddFinalizer",
		},
		"a wiped status uploads nothing on the ground of one list": {
			given: []change{held},
			steps: "Identify Look Wait",
		},
		"nor of two from before an unknown upload could have left": {
			given: []change{held, remembering(15 * time.Second), listed(0), listed(14 * time.Second)},
			steps: "Identify Wait",
		},
		"but of two a window apart after": {
			given: []change{held, remembering(time.Minute), listed(0), listed(window)},
			steps: "Identify RecordIntent Upload",
		},
		"a spoofed tag is none of ours": {
			cloud: []plan.Certificate{spoofed},
			steps: "Identify Look AddFinalizer RecordIntent Upload",
		},
		"nor is another cluster's certificate": {
			cloud: []plan.Certificate{foreign},
			steps: "Identify Look AddFinalizer RecordIntent Upload",
		},
		"a superseded certificate of the same leaf that no list shows may be too new": {
			given: []change{synced(1), superseding(0)}, cloud: []plan.Certificate{certificate(1)},
			steps: "Identify Look Wait",
		},
		"one of another leaf is no matter": {
			given: []change{synced(1), superseding(2)}, cloud: []plan.Certificate{certificate(1)},
			steps: "Identify Look RecordIntent Upload Wait",
		},
	})
}

func TestAnUploadOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	longAgo := []change{uploading(0, time.Minute), remembering(time.Minute)}
	runWalks(t, map[string]walkCase{
		"is adopted when a list shows it": {
			given: []change{uploading(0, 5*time.Second)}, cloud: []plan.Certificate{certificate(0)},
			steps: "Identify Look Adopt",
		},
		"is looked for before the Secret's next content": {
			given: []change{uploading(0, 5*time.Second), wants(1)}, cloud: []plan.Certificate{certificate(0)},
			steps: "Identify Look Adopt RecordIntent Upload",
		},
		"is looked for although the Secret is gone": {
			given: []change{uploading(0, 5*time.Second), func(s *plan.State) {
				s.Wanted, s.Source = nil, &plan.Obstacle{Reason: v1alpha1.ReasonSecretNotFound}
			}},
			cloud: []plan.Certificate{certificate(0)},
			steps: "Identify Look Adopt",
		},
		"is waited for after one list": {
			given: longAgo,
			steps: "Identify Look Wait",
		},
		"is forgotten and made anew after two lists a window apart": {
			given: append(longAgo, listed(0), listed(window)),
			steps: "Identify Forget RecordIntent Upload",
		},
		"isn't forgotten after two that are nearer": {
			given: append(longAgo, listed(0), listed(window-time.Second)),
			steps: "Identify Wait",
		},
		"nor where one began before the request could leave last": {
			given: append(longAgo, listed(0), listed(51*time.Second)),
			steps: "Identify Wait",
		},
		"nor by its start time: another replica has a clock of its own": {
			given: []change{uploading(0, time.Hour), listed(0), listed(window)},
			steps: "Identify Wait",
		},
		"is looked for in the pass in which it got lost": {
			fails: map[string]*clberr.Error{"Upload": lost},
			steps: "Identify Look AddFinalizer RecordIntent Upload Wait",
		},
	})
}

func TestWhatCostsNoCall(t *testing.T) {
	t.Parallel()
	set := func(f func(*plan.Wanted)) change { return func(s *plan.State) { f(s.Wanted) } }
	failed := func(s *plan.State) {
		s.Memory.Failed, s.Memory.RetryAt, s.Memory.Inputs = &plan.Obstacle{Reason: v1alpha1.ReasonUnauthorized}, now.Add(time.Minute), "inputs"
	}
	for sentence, c := range map[string]struct {
		given  []change
		steps  string
		reason v1alpha1.Reason
	}{
		"a source that can't be used": {[]change{func(s *plan.State) {
			s.Wanted, s.Source = nil, &plan.Obstacle{Reason: v1alpha1.ReasonKeyMismatch}
		}}, "", v1alpha1.ReasonKeyMismatch},
		"an expired certificate":         {[]change{set(func(w *plan.Wanted) { w.NotAfter = now })}, "", v1alpha1.ReasonCertificateExpired},
		"one that isn't valid yet":       {[]change{set(func(w *plan.Wanted) { w.NotBefore = now.Add(1) })}, "", v1alpha1.ReasonCertificateNotYetValid},
		"cert-manager's temporary one":   {[]change{set(func(w *plan.Wanted) { w.Temporary = true })}, "", v1alpha1.ReasonTemporaryCertificate},
		"a region that isn't allowed":    {[]change{func(s *plan.State) { s.Access = &plan.Obstacle{Reason: v1alpha1.ReasonRegionInvalid} }}, "", v1alpha1.ReasonRegionInvalid},
		"a suspended object":             {[]change{func(s *plan.State) { s.Object.Spec.Suspend = true }}, "", v1alpha1.ReasonSuspended},
		"what was verified just now":     {[]change{synced(0)}, "Identify", v1alpha1.ReasonSynced},
		"what expired in the cloud":      {[]change{synced(0), set(func(w *plan.Wanted) { w.NotAfter = now })}, "Identify", v1alpha1.ReasonCertificateExpired},
		"another account":                {[]change{synced(0), wants(1), func(s *plan.State) { s.Status.AccountID = "2" }}, "Identify", v1alpha1.ReasonAccountChanged},
		"another cluster id":             {[]change{synced(0), wants(1), func(s *plan.State) { s.Status.ClusterID = "old" }}, "Identify", v1alpha1.ReasonClusterChanged},
		"a failure just now":             {[]change{failed}, "", v1alpha1.ReasonUnauthorized},
		"a failure, but of other inputs": {[]change{failed, func(s *plan.State) { s.Inputs = "others" }}, "Identify Look AddFinalizer RecordIntent Upload", v1alpha1.ReasonSynced},
		"a failure, but a sync is asked": {[]change{failed, syncRequested}, "Identify Look AddFinalizer RecordIntent Upload", v1alpha1.ReasonSynced},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := walk(t, given(c.given...), nil, nil)
			if w.steps != c.steps {
				t.Errorf("got %q, want %q", w.steps, c.steps)
			}
			if ready := readyOf(w.State); ready.Reason != string(c.reason) {
				t.Errorf("Ready is %s %s: %s, want %s", ready.Status, ready.Reason, ready.Message, c.reason)
			}
		})
	}
}

func TestADryRunStopsAtTheFirstWrite(t *testing.T) {
	t.Parallel()
	dry := func(s *plan.State) { s.DryRun = true }
	renamed := func(s *plan.State) { s.Object.Spec.CertificateName = "other" }
	for sentence, c := range map[string]struct {
		given   []change
		steps   string
		message string
	}{
		"an upload":                 {[]change{dry}, "Identify Look AddFinalizer", "--dry-run: would upload the certificate"},
		"a renewal":                 {[]change{dry, synced(1)}, "Identify Look RecordIntent", "--dry-run: would upload the certificate with digest " + digestOf(0)},
		"a new name":                {[]change{dry, synced(0), renamed, listed(0, certificate(0))}, "Identify Confirm Rename", "--dry-run: would rename certificate cert-0 to other"},
		"nothing to write":          {[]change{dry, synced(0)}, "Identify", "certificate cert-0 is in cn-hangzhou"},
		"an object to be deleted":   {[]change{dry, held, deleting}, "RemoveFinalizer", ""},
		"its certificates stay put": {[]change{dry, synced(0), deleting, listed(0, certificate(0))}, "Identify Confirm Delete", "--dry-run: would delete certificate cert-0"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := walk(t, given(c.given...), nil, nil)
			if w.steps != c.steps {
				t.Errorf("got %q, want %q", w.steps, c.steps)
			}
			if ready := readyOf(w.State); c.message != "" && ready.Message != c.message {
				t.Errorf("Ready says %q, want %q", ready.Message, c.message)
			}
		})
	}
}

func TestAnUploadUnderWayBindsTheObjectUntilNothingCameOfIt(t *testing.T) {
	t.Parallel()
	w := walk(t, given(), nil, map[string]*clberr.Error{"Upload": lost})
	status := w.Recorded
	if status.AccountID != account || status.ClusterID != cluster || status.Region != region || status.PendingUpload == nil {
		t.Errorf("while it is out the status has %q %q %q", status.AccountID, status.ClusterID, status.Region)
	}
	moved := walk(t, w.next(time.Second, func(s *plan.State) { s.ClusterID = "other" }), nil, nil)
	if ready := readyOf(moved.State); moved.steps != "Identify" || ready.Reason != string(v1alpha1.ReasonClusterChanged) {
		t.Errorf("under another cluster id: %s, %s", moved.steps, ready.Reason)
	}
	w = walk(t, given(), nil, map[string]*clberr.Error{"Upload": refused("CertificateFormatInvalid", 400)})
	if status := plan.Summary(w.State).Status; status.AccountID+status.ClusterID+status.Region != "" || status.PendingUpload != nil {
		t.Errorf("after it was refused the status has %q %q %q", status.AccountID, status.ClusterID, status.Region)
	}
}
