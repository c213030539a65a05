package plan_test

import (
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

func TestATerminatingObjectLetsGo(t *testing.T) {
	t.Parallel()
	retain := func(s *plan.State) { s.Object.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain }
	abandon := func(s *plan.State) { s.Object.Annotations[v1alpha1.AnnotationAbandon] = "true" }
	blank := func(s *plan.State) { // as this process left it after an upload was refused
		held(s)
		remembering(time.Hour)(s)
		s.Memory.Complete = true
	}
	both := listed(0, certificate(0), certificate(1))
	gone := []change{listed(0), listed(window), remembering(time.Hour)}
	untagged := altered(certificate(0), func(c *plan.Certificate) { c.Tags = nil })
	inUse := map[string]*clberr.Error{"Delete": refused("CertificateAndPrivateKeyIsRefered", 400)}
	with := func(changes ...change) []change { return append(changes, deleting) }
	runWalks(t, map[string]walkCase{
		"at once where it has no finalizer":             {given: with(), steps: ""},
		"at once where nothing was uploaded":            {given: with(blank), steps: "RemoveFinalizer"},
		"after its certificates are deleted":            {given: with(synced(0), superseding(1), both), steps: "Identify Confirm Delete Confirm Delete RemoveFinalizer"},
		"on a list that isn't older than the window":    {given: with(synced(0), listed(window+1)), cloud: []plan.Certificate{certificate(0)}, steps: "Identify Look Confirm Delete RemoveFinalizer"},
		"though suspended":                              {given: with(synced(0), both, func(s *plan.State) { s.Object.Spec.Suspend = true }), steps: "Identify Confirm Delete Confirm Delete RemoveFinalizer"},
		"with Retain, and the cloud stays":              {given: with(synced(0), retain), steps: "RemoveFinalizer"},
		"with Retain, once no upload is out":            {given: with(uploading(0, 0), retain), steps: "Wait"},
		"with Retain, once none can be hidden":          {given: with(held, retain), steps: "Wait"},
		"with Retain, when the upload is over":          {given: with(uploading(0, time.Minute), remembering(time.Minute), retain), steps: "RemoveFinalizer"},
		"when abandoned, whatever is out":               {given: with(uploading(0, 0), abandon), steps: "RemoveFinalizer"},
		"not on one list that lacks its certificate":    {given: with(synced(0), listed(0)), steps: "Identify Wait"},
		"on two a window apart":                         {given: append(with(synced(0)), gone...), steps: "Identify Forget RemoveFinalizer"},
		"of a certificate that lost its tags":           {given: with(synced(0), listed(0, untagged)), steps: "Identify Forget RemoveFinalizer"},
		"not while an upload may come":                  {given: with(uploading(0, 0), listed(0)), steps: "Identify Wait"},
		"not though the upload seems to be there":       {given: with(uploading(0, 0), listed(0, certificate(0))), steps: "Identify Confirm Delete Wait"},
		"once the upload has come to nothing":           {given: append(with(uploading(0, time.Minute)), gone...), steps: "Identify RemoveFinalizer"},
		"not on the word of a wiped status":             {given: with(held, listed(0)), steps: "Identify Wait"},
		"after what a wiped status forgot":              {given: append(with(held), listed(0, certificate(0)), listed(window), remembering(time.Hour)), steps: "Identify Confirm Delete RemoveFinalizer"},
		"not while one is in use, but the others go":    {given: with(synced(0), superseding(1), both), fails: inUse, steps: "Identify Confirm Delete Locate Confirm Delete Locate"},
		"not under another account":                     {given: with(synced(0), func(s *plan.State) { s.Status.AccountID = "2" }), steps: "Identify"},
		"not without credentials":                       {given: with(synced(0), func(s *plan.State) { s.Access = &plan.Obstacle{Reason: v1alpha1.ReasonCredentialsInvalid} }), steps: ""},
		"but when abandoned without them":               {given: with(synced(0), abandon, func(s *plan.State) { s.Access = &plan.Obstacle{Reason: v1alpha1.ReasonCredentialsInvalid} }), steps: "RemoveFinalizer"},
		"which has no effect on one that isn't deleted": {given: []change{synced(0), abandon}, steps: "Identify"},
	})
}

func TestWhatKeepsATerminatingObjectIsTold(t *testing.T) {
	t.Parallel()
	inUse := map[string]*clberr.Error{"Delete": refused("CertificateAndPrivateKeyIsRefered", 400)}
	w := walk(t, given(synced(0), deleting, listed(0, certificate(0))), nil, inUse)
	ready, outlook := readyOf(w.State), plan.Summary(w.State)
	if ready.Reason != string(v1alpha1.ReasonInUse) || outlook.Wake.Sub(now) > 5*time.Second {
		t.Errorf("got %+v, tried again after %v", ready, outlook.Wake.Sub(now))
	}
	again := walk(t, w.next(time.Second), nil, inUse)
	if kept := readyOf(again.State); again.steps != "" || kept.Reason != ready.Reason || kept.Message != ready.Message {
		t.Errorf("a second later: %q, %+v", again.steps, kept)
	}
}
