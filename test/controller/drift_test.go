package controller

import (
	"crypto/x509"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// drifting are flags with which somebody else's change is seen soon.
var drifting = []string{"--resync-interval", "2s", "--consistency-window", "500ms"}

// somebody is another client of the same account.
func (s *stage) somebody() *clb.Account {
	s.Helper()
	authority, err := os.ReadFile(s.cloud.CAFile)
	if err != nil {
		s.Fatalf("reading the simulator's authority: %v", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client, err := clb.New(clb.Config{Endpoint: s.cloud.URL, STSEndpoint: s.cloud.URL, RootCAs: roots, UserAgent: "somebody"})
	if err != nil {
		s.Fatalf("making a client: %v", err)
	}
	account, err := client.Account(s.Context(), "somebody", env.Region, credentials.Static(env.AccessKeyID, env.AccessKeySecret, ""))
	if err != nil {
		s.Fatalf("reaching the account: %v", err)
	}
	return account
}

// must ends the test on an error of somebody else's call.
func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("somebody's call: %v", err)
	}
}

func TestADeletedCertificateIsUploadedAgain(t *testing.T) {
	s := setStage(t, "--list-lag", "300ms").manage(drifting...)
	object := s.certificate("web")
	first := s.sync(object).Status
	s.must(s.somebody().Delete(t.Context(), env.Region, first.CertificateID))
	again := s.wait(object, "a new ID", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != first.CertificateID
	})
	if again.Status.Digest != first.Digest || len(again.Status.Superseded) != 0 || len(s.uploads()) != 2 {
		t.Errorf("after %d uploads the status is %+v", len(s.uploads()), again.Status)
	}
	s.checkOneOf(again)
	s.event(object, "CertificateMissing")
}

func TestLostTagsArePutBack(t *testing.T) {
	s := setStage(t).manage(drifting...)
	object := s.certificate("web", func(o *v1alpha1.ServerCertificate) {
		o.Spec.Tags = map[string]v1alpha1.TagValue{"team": "shop", "empty": ""}
	})
	id := s.sync(object).Status.CertificateID
	want := s.live(object)[0].Tags
	if len(want) != 5 || want["team"] != "shop" {
		t.Fatalf("the tags are %v", want)
	}
	somebody := s.somebody()
	s.must(somebody.Untag(t.Context(), env.Region, id, []string{"team", "empty", v1alpha1.TagDigest, v1alpha1.TagCluster}))
	s.must(somebody.Tag(t.Context(), env.Region, id, []clb.Tag{{Key: "theirs", Value: "stays"}, {Key: v1alpha1.TagObject, Value: "other/thing"}}))
	want = maps.Clone(want)
	want["theirs"] = "stays"
	s.poll("the tags", func() bool { return maps.Equal(s.cloud.Certificates(s)[0].Tags, want) })
	if now := s.get(object); !isReady(now) || now.Status.CertificateID != id || len(s.uploads()) != 1 {
		t.Errorf("after %d uploads the status is %+v", len(s.uploads()), now.Status)
	}
}

func TestTheSpecChangesACertificateInPlace(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web", func(o *v1alpha1.ServerCertificate) {
		o.Spec.Tags = map[string]v1alpha1.TagValue{"team": "shop", "stage": "test"}
	})
	synced := s.sync(object)
	if !slices.Equal(synced.Status.AppliedTagKeys, []string{"stage", "team"}) {
		t.Errorf("applied tag keys %v", synced.Status.AppliedTagKeys)
	}
	steps := map[string]struct {
		change func(*v1alpha1.ServerCertificateSpec)
		done   func(v1alpha1.ServerCertificateStatus, env.SimulatedCertificate) bool
	}{
		"another name": {func(spec *v1alpha1.ServerCertificateSpec) { spec.CertificateName = "Renamed.1" },
			func(status v1alpha1.ServerCertificateStatus, c env.SimulatedCertificate) bool {
				return status.CertificateName == "Renamed.1" && c.Name == "Renamed.1"
			}},
		"another resource group": {func(spec *v1alpha1.ServerCertificateSpec) { spec.ResourceGroupID = "rg-other" },
			func(status v1alpha1.ServerCertificateStatus, c env.SimulatedCertificate) bool {
				return status.ResourceGroupID == "rg-other" && c.ResourceGroup == "rg-other"
			}},
		"other tags": {func(spec *v1alpha1.ServerCertificateSpec) {
			spec.Tags = map[string]v1alpha1.TagValue{"team": "web", "cost": ""}
		}, func(status v1alpha1.ServerCertificateStatus, c env.SimulatedCertificate) bool {
			_, dropped := c.Tags["stage"]
			cost, there := c.Tags["cost"]
			return slices.Equal(status.AppliedTagKeys, []string{"cost", "team"}) && c.Tags["team"] == "web" && !dropped && there && cost == ""
		}},
	}
	for because, step := range steps {
		t.Run(because, func(t *testing.T) {
			s := s.in(t)
			s.update(object, func() { step.change(&object.Spec) })
			now := s.ready(object)
			if live := s.live(object); len(live) != 1 || !step.done(now.Status, live[0]) {
				t.Errorf("the cloud has %+v, the status is %+v", live, now.Status)
			}
		})
	}
	if got := s.get(object).Status; got.CertificateID != synced.Status.CertificateID || len(s.uploads()) != 1 {
		t.Errorf("%d uploads, ID %s, want one, %s", len(s.uploads()), got.CertificateID, synced.Status.CertificateID)
	}
}

// Tags are no proof: anybody may write them.
func TestACertificateWithOurTagsAndAnotherFingerprintIsNoneOfOurs(t *testing.T) {
	s := setStage(t).manage(drifting...)
	identity, strange := certs.NewLeaf(t), certs.NewLeaf(t)
	object := s.certificate("web")
	key, err := strange.KeyPEM(certs.SEC1)
	if err != nil {
		t.Fatal(err)
	}
	planted, err := s.somebody().Upload(t.Context(), env.Region, clb.Upload{
		Name: "planted", ChainPEM: string(strange.ChainPEM()), PrivateKeyPEM: key, Tags: []clb.Tag{
			{Key: v1alpha1.TagCluster, Value: clusterID},
			{Key: v1alpha1.TagObject, Value: v1alpha1.ObjectTag(s.namespace, "web")},
			{Key: v1alpha1.TagDigest, Value: factsOf(t, identity).Digest},
		},
	})
	s.must(err)
	s.create(s.secret("web-tls", identity), object)
	if now := s.ready(object); now.Status.CertificateID == planted.ID || len(s.uploads()) != 2 {
		t.Errorf("the planted certificate was adopted: %+v", now.Status)
	}
	s.barrier(object)
	s.delete(object)
	env.WaitGone(t, s.cluster, object)
	if ids := s.ids(); len(ids) != 1 || ids[0] != planted.ID {
		t.Errorf("the cloud has %v, want the planted %s", ids, planted.ID)
	}
}
