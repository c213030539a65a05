package operation

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// sent is an object and the one upload call that was made for it.
type sent struct {
	*stage
	object *v1alpha1.ServerCertificate // as kubectl shows it
	call   env.SimulatedCall
}

// send creates an object and waits until it is Ready.
func (s *stage) send(object *v1alpha1.ServerCertificate) sent {
	s.Helper()
	shown := s.ready(s.add(object))
	calls := s.uploadsOf(object)
	if len(calls) != 1 {
		s.Fatalf("%d uploads of %s, want one", len(calls), object.Name)
	}
	return sent{s, shown, calls[0]}
}

// checkSent checks a parameter's value and that it travelled in the body.
func (s sent) checkSent(parameter, want string) {
	s.Helper()
	if got, there := s.call.Parameters[parameter]; !there || got != want {
		s.Errorf("%s is %q (%v), want %q", parameter, got, there, want)
	}
	if !slices.Contains(s.call.FormParameters, parameter) || slices.Contains(s.call.QueryParameters, parameter) {
		s.Errorf("%s isn't in the body alone: %v", parameter, s.call.QueryParameters)
	}
}

// checkAbsent checks that parameters weren't sent at all.
func (s sent) checkAbsent(parameters ...string) {
	s.Helper()
	for _, parameter := range parameters {
		if value, there := s.call.Parameters[parameter]; there {
			s.Errorf("%s was sent, as %q", parameter, value)
		}
	}
}

func TestEveryParameterIsSentAsTheSpecSays(t *testing.T) {
	s := setStage(t).manage()
	full := s.send(s.certificate("full", func(o *v1alpha1.ServerCertificate) {
		o.Spec.Region, o.Spec.CertificateName, o.Spec.ResourceGroupID = "cn-beijing", "Shop.web-1_a", "rg-acfmxazb4ph6aiy"
		o.Spec.Tags = map[string]v1alpha1.TagValue{"team": "shop", "empty": "", "a/b.c": "x y+z&=%"}
	}))
	plain := s.send(s.certificate("plain"))
	for parameter, check := range map[string]func(full, plain sent){
		"RegionId": func(full, plain sent) {
			for want, s := range map[string]sent{"cn-beijing": full, env.Region: plain} {
				if s.call.Region != want || s.object.Status.Region != want || s.only(s.object).Region != want {
					s.Errorf("sent %s, the status says %s, want %s", s.call.Region, s.object.Status.Region, want)
				}
			}
		},
		"ServerCertificate": func(full, _ sent) {
			if got := full.only(full.object).Digest; got != full.object.Status.Digest || got == "" {
				full.Errorf("the chain that arrived has digest %s, the status says %s", got, full.object.Status.Digest)
			}
			full.checkSent("ServerCertificate", full.call.Parameters["ServerCertificate"])
		},
		"PrivateKey": func(full, _ sent) {
			full.checkSent("PrivateKey", "(secret)")
			if text := full.described(full.object); strings.Contains(text, "PRIVATE KEY") {
				full.Errorf("kubectl shows a key:\n%s", text)
			}
		},
		"ServerCertificateName": func(full, plain sent) {
			full.checkSent("ServerCertificateName", "Shop.web-1_a")
			plain.checkSent("ServerCertificateName", plain.namespace+"-plain-"+plain.object.Status.Digest[:8])
			for _, s := range []sent{full, plain} {
				if got := s.object.Status.CertificateName; got != s.call.Parameters["ServerCertificateName"] {
					s.Errorf("the status says %s", got)
				}
			}
		},
		"ResourceGroupId": func(full, plain sent) {
			full.checkSent("ResourceGroupId", "rg-acfmxazb4ph6aiy")
			plain.checkAbsent("ResourceGroupId")
			if got := full.object.Status.ResourceGroupID; got != "rg-acfmxazb4ph6aiy" {
				full.Errorf("the status says %s", got)
			}
		},
		"Tag.N.Key": func(full, plain sent) {
			full.checkOwnTagsLast(3)
			plain.checkOwnTagsLast(0)
			if got := full.object.Status.AppliedTagKeys; !slices.Equal(got, []string{"a/b.c", "empty", "team"}) {
				full.Errorf("the status says %v", got)
			}
		},
		"Tag.N.Value": func(full, _ sent) {
			full.checkSent("Tag.1.Value", "x y+z&=%")
			full.checkSent("Tag.2.Value", "") // the SDK alone would drop it
			full.checkSent("Tag.3.Value", "shop")
			if got := full.only(full.object).Tags; !maps.Equal(got, tagsOf(full.call)) || len(got) != 6 {
				full.Errorf("sent %v, arrived %v", tagsOf(full.call), got)
			}
		},
	} {
		t.Run(parameter, func(t *testing.T) {
			check(sent{s.in(t), full.object, full.call}, sent{s.in(t), plain.object, plain.call})
		})
	}
	full.checkAbsent("AliCloudCertificateId", "AliCloudCertificateName", "AliCloudCertificateRegionId")
}

// checkOwnTagsLast checks the keys: so many of the spec's, then ours, each with its value.
func (s sent) checkOwnTagsLast(others int) {
	s.Helper()
	status := s.object.Status
	for i, tag := range [][2]string{
		{v1alpha1.TagCluster, clusterID}, {v1alpha1.TagObject, s.namespace + "/" + s.object.Name}, {v1alpha1.TagDigest, status.Digest},
	} {
		number := "Tag." + string(rune('1'+others+i))
		s.checkSent(number+".Key", tag[0])
		s.checkSent(number+".Value", tag[1])
	}
	s.checkAbsent("Tag." + string(rune('4'+others)) + ".Key")
}

func TestOurTagsCantBeSpoofed(t *testing.T) {
	s := setStage(t)
	for _, key := range []string{v1alpha1.TagCluster, v1alpha1.TagObject, v1alpha1.TagDigest, "clbcert.dev/new"} {
		_, err := s.cluster.TryKubectl(t.Context(), strings.NewReader(`{"apiVersion":"clbcert.dev/v1alpha1","kind":"ServerCertificate",
			"metadata":{"name":"web","namespace":"`+s.namespace+`"},"spec":{"secretRef":{"name":"web-tls"},"tags":{"`+key+`":"mine"}}}`), "apply", "-f", "-")
		if err == nil || !regexp.MustCompile(`spec\.tags.*clbcert\.dev/`).MatchString(err.Error()) {
			t.Errorf("%s: kubectl says %v", key, err)
		}
	}
}

func TestACASCertificateIsSentAsTheSpecNamesIt(t *testing.T) {
	s := setStage(t).manage()
	for because, source := range map[string]v1alpha1.AliCloudCertificate{
		"the id alone":                     {ID: "7752925"},
		"the id with its name":             {ID: "7752926", Name: "web"},
		"the id with its region":           {ID: "7752927", Region: "cn-shanghai"},
		"the id with its name and region":  {ID: "7752928", Name: "web", Region: "cn-hangzhou"},
		"a name that only CAS would allow": {ID: "7752929", Name: "*.example.com"},
	} {
		t.Run(because, func(t *testing.T) {
			s := s.in(t).send(s.in(t).certificate("cas-"+source.ID, from(source)))
			s.checkAbsent("ServerCertificate", "PrivateKey")
			for parameter, value := range map[string]string{
				"AliCloudCertificateId": source.ID, "AliCloudCertificateName": source.Name, "AliCloudCertificateRegionId": string(source.Region),
			} {
				if value == "" {
					s.checkAbsent(parameter)
				} else {
					s.checkSent(parameter, value)
				}
			}
			if got := s.object.Status.AliCloudCertificate; got == nil || *got != source {
				t.Errorf("the status says %+v", got)
			}
		})
	}
}

func TestAnotherCASCertificateIsARenewal(t *testing.T) {
	s := setStage(t).manage()
	object := s.certificate("cas", from(v1alpha1.AliCloudCertificate{ID: "7752925"}))
	old := s.send(object)
	s.update(object, func() { object.Spec.AliCloudCertificate.ID = "7752926" })
	now := s.ready(object)
	calls := s.uploadsOf(object)
	if len(calls) != 2 || calls[1].Parameters["AliCloudCertificateId"] != "7752926" || now.Status.CertificateID == old.object.Status.CertificateID {
		t.Errorf("%d uploads, the last of %v; the status is %+v", len(calls), calls[len(calls)-1].Parameters, now.Status)
	}
	if got := now.Status.Superseded; len(got) != 1 || got[0].CertificateID != old.object.Status.CertificateID {
		t.Errorf("superseded are %+v", got)
	}
}

// The service is said to miss an id of another spelling when a region comes with it.
func TestARefusedCASRegionSaysWhatToLeaveOut(t *testing.T) {
	s := setStage(t).manage()
	object := s.add(s.certificate("cas", from(v1alpha1.AliCloudCertificate{ID: "775292575", Name: "web", Region: "cn-hangzhou"})))
	said := s.unready(object, v1alpha1.ReasonRejectedByCloud)
	first := s.uploadsOf(object)[0]
	s.checkSays(said, `certificate "775292575" of Certificate Management Service`, "MissingParameter", "RequestId "+first.RequestID,
		"AliCouldCertificateId", "Leave out spec.aliCloudCertificate.region")
	s.update(object, func() { object.Spec.AliCloudCertificate.Region = "" })
	s.ready(object)
	if calls := s.uploadsOf(object); len(calls) != 2 {
		t.Errorf("%d uploads, want the refused one and another", len(calls))
	}
}
