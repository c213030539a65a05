package controller

import (
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// uploaded is a certificate that somebody uploaded by hand.
func (s *stage) uploaded(identity *certs.Identity) clb.Certificate {
	s.Helper()
	key, err := identity.KeyPEM(certs.SEC1)
	if err != nil {
		s.Fatal(err)
	}
	certificate, err := s.somebody().Upload(s.Context(), env.Region,
		clb.Upload{Name: "by-hand", ChainPEM: string(identity.ChainPEM()), PrivateKeyPEM: key})
	s.must(err)
	return certificate
}

// adopting asks for a certificate to be taken over.
func adopting(id string) func(*v1alpha1.ServerCertificate) {
	return func(o *v1alpha1.ServerCertificate) { o.Annotations = map[string]string{v1alpha1.AnnotationAdopt: id} }
}

func TestACertificateUploadedByHandIsTakenOver(t *testing.T) {
	s := setStage(t).manage(drifting...)
	identity := certs.NewLeaf(t)
	hand := s.uploaded(identity)
	object := s.certificate("web", adopting(hand.ID))
	s.create(s.secret("web-tls", identity), object)

	adopted := s.ready(object).Status
	if adopted.CertificateID != hand.ID || adopted.Digest != factsOf(t, identity).Digest || len(s.uploads()) != 1 {
		t.Fatalf("after %d uploads the status is %+v, want %s", len(s.uploads()), adopted, hand.ID)
	}
	if live := s.live(object); len(live) != 1 || live[0].ID != hand.ID || live[0].Name != "by-hand" {
		t.Errorf("under the object's tags there is %+v, want %s", live, hand.ID)
	}

	s.put("web-tls", certs.NewLeaf(t)) // the annotation stays
	renewed := s.wait(object, "renewed", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != hand.ID
	})
	if list := renewed.Status.Superseded; len(list) != 1 || list[0].CertificateID != hand.ID {
		t.Errorf("superseded is %+v, want %s", list, hand.ID)
	}
}

func TestAnAdoptionThatIsRefusedUploadsNothingUntilTheAnnotationGoes(t *testing.T) {
	s := setStage(t).manage(drifting...)
	hand := s.uploaded(certs.NewLeaf(t)) // of another Secret
	object := s.certificate("web", adopting(hand.ID))
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)

	refused := s.unready(object, v1alpha1.ReasonRejectedByCloud)
	s.checkSays(refused, hand.ID, "fingerprint", v1alpha1.AnnotationAdopt)
	s.checkParts(refused, true)
	s.barrier(object)
	if len(s.uploads()) != 1 {
		t.Errorf("%d uploads, want somebody's alone", len(s.uploads()))
	}
	s.update(object, func() { delete(object.Annotations, v1alpha1.AnnotationAdopt) })
	if now := s.ready(object); now.Status.CertificateID == hand.ID || len(s.uploads()) != 2 {
		t.Errorf("after %d uploads the status is %+v", len(s.uploads()), now.Status)
	}
}

// An upload while STS is away must not wipe the guard against a changed account.
func TestTheAccountIsRememberedWhileSTSIsAway(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("web")
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	first := s.ready(object).Status

	s.cloud.SetFaults(t, "GetCallerIdentity=reset")
	s.manager.Restart(t)
	s.put("web-tls", certs.NewLeaf(t))
	renewed := s.wait(object, "renewed", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != first.CertificateID
	})
	if renewed.Status.AccountID != first.AccountID || first.AccountID == "" {
		t.Errorf("the account was %q and is %q", first.AccountID, renewed.Status.AccountID)
	}
}
