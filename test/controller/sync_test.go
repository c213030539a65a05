package controller

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

func TestASecretBecomesACertificateAndARenewalANewOne(t *testing.T) {
	s := setStage(t).manage()
	first, second := certs.NewLeaf(t, certs.Names("a.com", "www.a.com")), certs.NewLeaf(t, certs.Names("a.com", "www.a.com"))
	object := s.certificate("web")
	s.create(s.secret("web-tls", first), object)

	synced := s.ready(object)
	facts := factsOf(t, first)
	cloud := s.cloud.Certificates(t)
	if len(cloud) != 1 {
		t.Fatalf("the cloud has %d certificates, want 1: %v", len(cloud), cloud)
	}
	status := synced.Status
	if status.CertificateID != cloud[0].ID || status.Fingerprint != cloud[0].Fingerprint || status.Digest != cloud[0].Digest {
		t.Errorf("the status tells of %s %s %s, the cloud of %+v", status.CertificateID, status.Fingerprint, status.Digest, cloud[0])
	}
	if !status.NotAfter.Time.Equal(facts.NotAfter) || !status.NotBefore.Time.Equal(facts.NotBefore) || !slices.Equal(status.DNSNames, facts.DNSNames) {
		t.Errorf("the status has %v, %v, %v; the certificate %+v", status.NotBefore, status.NotAfter, status.DNSNames, facts)
	}
	if status.AccountID != "1000000000000001" || status.ClusterID != clusterID || status.Region != env.Region || status.PendingUpload != nil {
		t.Errorf("account, cluster, region or pending upload are wrong: %+v", status)
	}
	want := map[string]string{
		v1alpha1.TagCluster: clusterID,
		v1alpha1.TagObject:  s.namespace + "/web",
		v1alpha1.TagDigest:  facts.Digest,
	}
	for key, value := range want {
		if cloud[0].Tags[key] != value {
			t.Errorf("tag %s is %q, want %q", key, cloud[0].Tags[key], value)
		}
	}
	call := s.uploads()[0]
	if slices.Contains(call.QueryParameters, "PrivateKey") || slices.Contains(call.QueryParameters, "ServerCertificate") {
		t.Errorf("key or certificate travelled in the URL: %v", call.QueryParameters)
	}

	changed := time.Now()
	s.put("web-tls", second)
	renewed := env.WaitFor(t, s.cluster, object, "renewed", func(o *v1alpha1.ServerCertificate) bool {
		return o.Status.CertificateID != status.CertificateID && o.Status.PendingUpload == nil && o.Status.CertificateID != ""
	})
	uploads := s.uploads()
	if len(uploads) != 2 {
		t.Fatalf("%d uploads, want 2", len(uploads))
	}
	if delay := uploads[1].Time.Sub(changed); delay > time.Second {
		t.Errorf("the upload arrived %v after the Secret's change, want within 1s", delay)
	}
	if len(renewed.Status.Superseded) != 1 || renewed.Status.Superseded[0].CertificateID != status.CertificateID ||
		renewed.Status.Superseded[0].Reason != v1alpha1.ReasonRetained {
		t.Errorf("superseded is %+v, want %s alone", renewed.Status.Superseded, status.CertificateID)
	}
}

func TestLongNamesFitTheCloud(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate(strings.Repeat("a-long-name.", 20) + "end")
	object.Spec.SecretRef.Name = "web-tls"
	synced := s.sync(object)
	c := s.cloud.Certificates(t)[0]
	full := s.namespace + "/" + object.Name
	sum := sha256.Sum256([]byte(full))
	if want := full[:115] + "-" + hex.EncodeToString(sum[:])[:12]; c.Tags[v1alpha1.TagObject] != want {
		t.Errorf("tag %s is %q, want %q", v1alpha1.TagObject, c.Tags[v1alpha1.TagObject], want)
	}
	if !strings.HasSuffix(c.Name, "-"+synced.Status.Digest[:8]) || len(c.Name) > 80 || synced.Status.CertificateName != c.Name {
		t.Errorf("the name is %q, in the status %q", c.Name, synced.Status.CertificateName)
	}
	s.delete(object)
	s.gone(object, 0)
}

func factsOf(t *testing.T, identity *certs.Identity) tlspair.Facts {
	t.Helper()
	key, err := identity.KeyPEM(certs.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	pair, problem := tlspair.Parse(identity.ChainPEM(), key)
	if problem != nil {
		t.Fatal(problem.Message)
	}
	return pair.Facts
}
