package plan_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// verified is when the current certificate was last compared with a list.
func verified(ago time.Duration) change {
	return func(s *plan.State) { s.Memory.Verified = now.Add(-ago) }
}

func TestTheCurrentCertificateIsLookedAfter(t *testing.T) {
	t.Parallel()
	found := []plan.Certificate{certificate(0)}
	changedByHand := altered(certificate(0), func(c *plan.Certificate) { c.Name = "by-hand" })
	runWalks(t, map[string]walkCase{
		"nothing is done before half a resync interval": {
			given: []change{synced(0), verified(resync / 2)}, cloud: found,
			steps: "Identify",
		},
		"then it is compared with a list": {
			given: []change{synced(0), verified(resync/2 + 1)}, cloud: found,
			steps: "Identify Look",
		},
		"a changed spec is compared at once": {
			given: []change{synced(0), func(s *plan.State) { s.Object.Generation = 2 }}, cloud: found,
			steps: "Identify Look",
		},
		"a sync asks for a list begun after it": {
			given: []change{synced(0), syncRequested, listed(1, certificate(0))}, cloud: found,
			steps: "Identify Look",
		},
		"what was adopted is looked at again a window later": {
			given: []change{synced(0), func(s *plan.State) { s.Memory.VerifyAt, s.Memory.Verified = now, now.Add(-window) }}, cloud: found,
			steps: "Identify Look",
		},
		"one list without it proves nothing": {
			given: []change{synced(0), verified(resync)},
			steps: "Identify Look Wait",
		},
		"nor do two from before it was known": {
			given: []change{synced(0), verified(resync), remembering(5 * time.Second), listed(0), listed(window)},
			steps: "Identify Wait",
		},
		"two a window apart do, and it is uploaded anew": {
			given: []change{synced(0), verified(resync), remembering(time.Hour), listed(0), listed(window)},
			steps: "Identify Forget RecordIntent Upload",
		},
		"a wrong name stays where the spec has none": {
			given: []change{synced(0), listed(0, changedByHand)},
			steps: "Identify",
		},
	})
}

func TestChangesInPlaceAreNoSecondUpload(t *testing.T) {
	t.Parallel()
	spec := func(f func(*v1alpha1.ServerCertificateSpec)) change { return func(s *plan.State) { f(&s.Object.Spec) } }
	untagged := altered(certificate(0), func(c *plan.Certificate) { c.Tags = map[string]string{"somebody": "else's"} })
	tagged := altered(certificate(0), func(c *plan.Certificate) { c.Tags["old"], c.Tags["theirs"] = "x", "y" })
	applied := func(s *plan.State) { s.Status.AppliedTagKeys = []string{"old"} }
	own := []plan.Tag{{Key: v1alpha1.TagCluster, Value: cluster}, {Key: v1alpha1.TagObject, Value: "shop/web"}, {Key: v1alpha1.TagDigest, Value: digestOf(0)}}
	for sentence, c := range map[string]struct {
		given []change
		want  plan.Step
	}{
		"another name":                   {[]change{spec(func(s *v1alpha1.ServerCertificateSpec) { s.CertificateName = "other" }), listed(0, certificate(0))}, plan.Rename{ID: "cert-0", Name: "other"}},
		"another resource group":         {[]change{spec(func(s *v1alpha1.ServerCertificateSpec) { s.ResourceGroupID = "rg-1" }), listed(0, certificate(0))}, plan.MoveGroup{ID: "cert-0", ResourceGroupID: "rg-1"}},
		"a new tag, with an empty value": {[]change{spec(func(s *v1alpha1.ServerCertificateSpec) { s.Tags = map[string]v1alpha1.TagValue{"team": ""} }), listed(0, certificate(0))}, plan.PutTags{ID: "cert-0", Tags: []plan.Tag{{Key: "team"}}}},
		"own tags that were lost":        {[]change{listed(0, untagged)}, plan.PutTags{ID: "cert-0", Tags: own}},
		"a tag that left the spec":       {[]change{applied, listed(0, tagged)}, plan.RemoveTags{ID: "cert-0", Keys: []string{"old"}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			w := walk(t, given(append([]change{synced(0)}, c.given...)...), nil, nil)
			if len(w.taken) != 3 || w.taken[1] != (plan.Confirm{}) || !reflect.DeepEqual(w.taken[2], c.want) {
				t.Errorf("got %v, want %v after a confirmation", w.taken, c.want)
			}
		})
	}
}

func TestSupersededCertificatesAreTidiedUp(t *testing.T) {
	t.Parallel()
	all := listed(0, certificate(0), certificate(1), certificate(2), certificate(3))
	double := altered(certificate(0), func(c *plan.Certificate) { c.ID = "cert-double" })
	superseded := func(id string, reason v1alpha1.Reason) change {
		return func(s *plan.State) {
			s.Status.Superseded = append(s.Status.Superseded, v1alpha1.SupersededCertificate{CertificateID: id, Reason: reason})
		}
	}
	later := func(s *plan.State) { s.TidyDue = false }
	inUse := map[string]*clberr.Error{"Delete": refused("CertificateAndPrivateKeyIsRefered", 400)}
	runWalks(t, map[string]walkCase{
		"one is kept by default":  {given: []change{synced(0), superseding(1, 2), all}, steps: "Identify Confirm Delete"},
		"all go at limit 0":       {given: []change{synced(0), superseding(1, 2), keeps(0), all}, steps: "Identify Confirm Delete Confirm Delete"},
		"all stay within limit 3": {given: []change{synced(0), superseding(1, 2, 3), keeps(3), all}, steps: "Identify"},
		"a double of the current one goes at any limit": {
			given: []change{synced(0), superseded("cert-double", v1alpha1.ReasonRetained), keeps(3), listed(0, certificate(0), double)},
			steps: "Identify Confirm Delete",
		},
		"a double goes once the other is adopted": {
			given: []change{held, keeps(3), listed(0, certificate(0), double)},
			steps: "Identify Adopt Confirm Delete",
		},
		"after a renewal the new one is recorded before the old one is deleted": {
			given: []change{synced(1), keeps(0), listed(0, certificate(1))},
			steps: "Identify RecordIntent Upload Record Delete",
		},
		"one that lost its tags is let alone": {
			given: []change{synced(0), superseding(1), keeps(0), listed(0, certificate(0), altered(certificate(1), func(c *plan.Certificate) { c.Tags = nil }))},
			steps: "Identify Forget",
		},
		"one that a list lacks is waited for":                {given: []change{synced(0), superseding(1), keeps(0), listed(0, certificate(0))}, steps: "Identify Wait"},
		"one in use doesn't keep the next":                   {given: []change{synced(0), superseding(1, 2), keeps(0), all}, fails: inUse, steps: "Identify Confirm Delete Locate Confirm Delete Locate"},
		"any other failure does":                             {given: []change{synced(0), superseding(1, 2), keeps(0), all}, fails: map[string]*clberr.Error{"Delete": lost}, steps: "Identify Confirm Delete"},
		"what was refused is not tried before its time":      {given: []change{synced(0), superseded("cert-1", v1alpha1.ReasonInUse), keeps(0), all, later}, steps: "Identify"},
		"but where a sync is asked for":                      {given: []change{synced(0), superseded("cert-1", v1alpha1.ReasonInUse), keeps(0), later, syncRequested}, cloud: []plan.Certificate{certificate(0), certificate(1)}, steps: "Identify Look Confirm Delete"},
		"a suspended object's stay":                          {given: []change{synced(0), superseding(1), keeps(0), all, func(s *plan.State) { s.Object.Spec.Suspend = true }}, steps: ""},
		"a full quota takes the oldest, and tries once more": {given: []change{synced(1), superseding(2, 3), all, wants(4)}, fails: map[string]*clberr.Error{"Upload": refused("OverQuota", 400)}, steps: "Identify RecordIntent Upload Confirm Delete RecordIntent Upload Confirm Delete RecordIntent Upload"},
	})
}
