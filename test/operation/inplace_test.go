package operation

import (
	"slices"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/test/env"
)

func TestTheSpecIsAppliedInPlaceByTheActionForIt(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web", func(o *v1alpha1.ServerCertificate) {
		o.Spec.Tags = map[string]v1alpha1.TagValue{"team": "shop", "stage": "test", "kept": "yes"}
	})
	synced := s.send(object)
	id := synced.object.Status.CertificateID
	_, somebody := s.somebody()
	s.must(somebody.Tag(t.Context(), env.Region, id, []clb.Tag{{Key: "theirs", Value: "stays"}}))
	steps := []struct {
		because string
		change  func(*v1alpha1.ServerCertificateSpec)
		calls   map[string]map[string]string // by action: what is sent besides the certificate's ID
		done    func(v1alpha1.ServerCertificateStatus, env.SimulatedCertificate) bool
	}{
		{"another name", func(spec *v1alpha1.ServerCertificateSpec) { spec.CertificateName = "Renamed.1" },
			map[string]map[string]string{"SetServerCertificateName": {"ServerCertificateName": "Renamed.1"}},
			func(status v1alpha1.ServerCertificateStatus, c env.SimulatedCertificate) bool {
				return status.CertificateName == "Renamed.1" && c.Name == "Renamed.1"
			}},
		{"another resource group", func(spec *v1alpha1.ServerCertificateSpec) { spec.ResourceGroupID = "rg-other" },
			map[string]map[string]string{"MoveResourceGroup": {"NewResourceGroupId": "rg-other", "ResourceType": "certificate"}},
			func(status v1alpha1.ServerCertificateStatus, c env.SimulatedCertificate) bool {
				return status.ResourceGroupID == "rg-other" && c.ResourceGroup == "rg-other"
			}},
		{"other tags", func(spec *v1alpha1.ServerCertificateSpec) {
			spec.Tags = map[string]v1alpha1.TagValue{"team": "web", "kept": "yes", "cost": ""}
		}, map[string]map[string]string{
			"TagResources":   {"Tag.1.Key": "cost", "Tag.1.Value": "", "Tag.2.Key": "team", "Tag.2.Value": "web", "ResourceType": "certificate"},
			"UntagResources": {"TagKey.1": "stage", "ResourceType": "certificate"},
		}, func(status v1alpha1.ServerCertificateStatus, c env.SimulatedCertificate) bool {
			tags := c.Tags
			return slices.Equal(status.AppliedTagKeys, []string{"cost", "kept", "team"}) && len(tags) == 7 &&
				tags["team"] == "web" && tags["theirs"] == "stays" && tags["kept"] == "yes"
		}},
		{"no tags", func(spec *v1alpha1.ServerCertificateSpec) { spec.Tags = nil },
			map[string]map[string]string{"UntagResources": {"TagKey.1": "cost", "TagKey.2": "kept", "TagKey.3": "team", "ResourceType": "certificate"}},
			func(status v1alpha1.ServerCertificateStatus, c env.SimulatedCertificate) bool {
				return len(status.AppliedTagKeys) == 0 && len(c.Tags) == 4 && c.Tags["theirs"] == "stays"
			}},
	}
	for _, step := range steps {
		t.Run(step.because, func(t *testing.T) {
			s := s.in(t)
			before := len(s.cloud.Calls(t))
			s.update(object, func() { step.change(&object.Spec) })
			status := s.ready(object).Status
			if c := s.only(object); !step.done(status, c) || status.CertificateID != id {
				t.Errorf("the cloud has %+v, the status is %+v", c, status)
			}
			s.checkChanges(s.cloud.Calls(t)[before:], step.calls)
		})
	}
	if len(s.uploadsOf(object)) != 1 {
		t.Errorf("%d uploads, want one", len(s.uploadsOf(object)))
	}
}

// checkChanges checks that the calls, but for lists, are exactly those wanted, once each.
func (s *stage) checkChanges(calls []env.SimulatedCall, wants map[string]map[string]string) {
	s.Helper()
	seen := map[string]int{}
	for _, call := range calls {
		if call.Action == "DescribeServerCertificates" {
			continue
		}
		seen[call.Action]++
		for parameter, want := range wants[call.Action] {
			if got, there := call.Parameters[parameter]; !there || got != want {
				s.Errorf("%s: %s is %q (%v), want %q", call.Action, parameter, got, there, want)
			}
		}
	}
	for action := range wants {
		if seen[action] != 1 {
			s.Errorf("%d calls of %s, want one", seen[action], action)
		}
		delete(seen, action)
	}
	if len(seen) != 0 {
		s.Errorf("calls that nothing asked for: %v", seen)
	}
}
