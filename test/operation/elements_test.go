package operation

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// answered is an object, as kubectl shows it, and what the cloud has of it.
type answered struct {
	*stage
	object *v1alpha1.ServerCertificate
	cloud  env.SimulatedCertificate
}

func TestEveryElementIsInTheStatus(t *testing.T) {
	s := setStage(t).manage()
	names := strings.Split("a.com,b.a.com,c.a.com,d.a.com,e.a.com,f.a.com,g.a.com,h.a.com,i.a.com,j.a.com,k.a.com,l.a.com", ",")
	object, source := s.certificate("web"), s.certificate("cas", from(v1alpha1.AliCloudCertificate{ID: "7752925", Name: "shop"}))
	s.add(object, certs.Names(names...))
	s.add(source)
	own := answered{s, s.ready(object), s.only(object)}
	cas := answered{s, s.ready(source), s.only(source)}
	for element, check := range map[string]func(own, cas answered){
		"ServerCertificateId": func(own, cas answered) {
			for _, a := range []answered{own, cas} {
				table := a.cluster.Kubectl(a, "get", "clbcert", a.object.Name, "-n", a.namespace)
				if a.object.Status.CertificateID != a.cloud.ID || !strings.Contains(table, " "+a.cloud.ID+" ") {
					a.Errorf("the status names %s, the cloud %s; kubectl get says\n%s", a.object.Status.CertificateID, a.cloud.ID, table)
				}
			}
		},
		"ServerCertificateName": func(own, _ answered) {
			if own.object.Status.CertificateName != own.cloud.Name || own.cloud.Name == "" {
				own.Errorf("the status names %s, the cloud %s", own.object.Status.CertificateName, own.cloud.Name)
			}
		},
		"RegionId": func(own, _ answered) {
			if own.object.Status.Region != own.cloud.Region {
				own.Errorf("the status names %s, the cloud %s", own.object.Status.Region, own.cloud.Region)
			}
		},
		"ResourceGroupId": func(own, _ answered) { // the spec names none: the service tells which it took
			if got := own.object.Status.ResourceGroupID; got != own.cloud.ResourceGroup || got == "" {
				own.Errorf("the status names %s, the cloud %s", got, own.cloud.ResourceGroup)
			}
		},
		"Fingerprint": func(own, cas answered) {
			for _, a := range []answered{own, cas} {
				if got := a.object.Status.Fingerprint; got != a.cloud.Fingerprint || len(got) != 59 {
					a.Errorf("the status names %s, the cloud %s", got, a.cloud.Fingerprint)
				}
			}
		},
		"CommonName": func(own, cas answered) {
			if own.object.Status.CommonName != "a.com" || cas.object.Status.CommonName != "cas-7752925.example.com" {
				own.Errorf("the status names %s and %s", own.object.Status.CommonName, cas.object.Status.CommonName)
			}
		},
		"SubjectAlternativeNames.SubjectAlternativeName": func(own, cas answered) {
			// The service tells ten names, as JSON in a string; the leaf itself tells them all.
			if got := own.object.Status.DNSNames; !slices.Equal(got, names) {
				own.Errorf("the status names %v", got)
			}
			if got := cas.object.Status.DNSNames; !slices.Equal(got, cas.cloud.DNSNames) || len(got) != 1 {
				cas.Errorf("the status names %v, the cloud %v", got, cas.cloud.DNSNames)
			}
		},
		"ExpireTime": func(own, cas answered) {
			for _, a := range []answered{own, cas} {
				table := a.cluster.Kubectl(a, "get", "clbcert", a.object.Name, "-n", a.namespace)
				if want := a.cloud.Expires.UTC().Format(time.RFC3339); !a.object.Status.NotAfter.Time.Equal(a.cloud.Expires) || !strings.Contains(table, want) {
					a.Errorf("the status says %s, the cloud %s; kubectl get says\n%s", a.object.Status.NotAfter, want, table)
				}
			}
		},
		"AliCloudCertificateId": func(own, cas answered) {
			if got := cas.object.Status.AliCloudCertificate; got == nil || got.ID != "7752925" || own.object.Status.AliCloudCertificate != nil {
				cas.Errorf("the status names %v and %v", own.object.Status.AliCloudCertificate, got)
			}
		},
		"AliCloudCertificateName": func(_, cas answered) {
			if got := cas.object.Status.AliCloudCertificate; got == nil || got.Name != "shop" {
				cas.Errorf("the status names %v", got)
			}
		},
	} {
		t.Run(element, func(t *testing.T) {
			check(answered{s.in(t), own.object, own.cloud}, answered{s.in(t), cas.object, cas.cloud})
		})
	}
}

// A certificate that is found again was uploaded when the service says so.
func TestAFoundCertificateWasUploadedWhenTheServiceSays(t *testing.T) {
	s := setStage(t).manage("--consistency-window", "300ms", "--api-timeout", "1s")
	object := s.certificate("web")
	s.send(object)
	created := s.only(object).Created.Truncate(time.Second)
	s.cluster.Kubectl(t, "patch", "clbcert", "web", "-n", s.namespace, "--subresource=status", "--type=json",
		"-p", `[{"op":"remove","path":"/status"}]`)
	if now := s.ready(object); now.Status.UploadTime == nil || !now.Status.UploadTime.Time.Equal(created) || len(s.uploadsOf(object)) != 1 {
		t.Errorf("the status says %s after %d uploads, the service %s", now.Status.UploadTime, len(s.uploadsOf(object)), created)
	}
}

// An answer whose fingerprint is another's is no success, and each try makes a certificate.
func TestAnUploadThatComesBackAsAnotherIsNoSuccess(t *testing.T) {
	s := setStage(t).manage("--resync-interval", "1s", "--consistency-window", "300ms", "--api-timeout", "1s")
	s.cloud.SetFaults(t, upload+"=foreign-fingerprint")
	object := s.certificate("web")
	s.add(object)
	said := s.unready(object, v1alpha1.ReasonRejectedByCloud)
	s.checkSays(said, `Secret "web-tls"`, "FingerprintMismatch", "certificate "+s.only(object).ID, "RequestId "+s.uploadsOf(object)[0].RequestID, "ask for a sync")

	s.elapsed(6 * time.Second)(s) // several resyncs
	s.touch("web-tls")
	s.manager.Kill(t)
	s.manager.Start(t)
	s.elapsed(4 * time.Second)(s)
	now := s.unready(object, v1alpha1.ReasonRejectedByCloud)
	if calls := s.uploadsOf(object); len(calls) != 1 || message(now) != message(said) {
		t.Errorf("%d uploads, want one; the message is %q", len(calls), message(now))
	}
	if warnings := s.warnings(object, v1alpha1.ReasonRejectedByCloud); len(warnings) != 1 {
		t.Errorf("the warnings are %q", warnings)
	}

	s.cloud.SetFaults(t)
	s.requestSync(object)
	synced := s.ready(object)
	if len(s.uploadsOf(object)) != 2 || synced.Status.CertificateID == s.foreign(synced) || synced.Status.PendingUpload != nil {
		t.Errorf("%d uploads; the status is %s", len(s.uploadsOf(object)), jsonOf(s, synced.Status))
	}
}

// foreign is the object's certificate with another fingerprint than the status's.
func (s *stage) foreign(o *v1alpha1.ServerCertificate) string {
	s.Helper()
	for _, c := range s.live(o) {
		if c.Fingerprint != o.Status.Fingerprint {
			return c.ID
		}
	}
	s.Fatalf("no certificate of %s has another fingerprint", o.Name)
	return ""
}

func jsonOf(s *stage, object any) string {
	s.Helper()
	text, err := json.Marshal(object)
	s.must(err)
	return string(text)
}
