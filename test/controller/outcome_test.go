package controller

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
)

// An upload's answer may be lost before or after its effect. Whatever happened, one
// certificate is there at the end, and the status names it.
func TestALostAnswerLeavesOneCertificate(t *testing.T) {
	cases := map[string]struct {
		faults  []string
		uploads int // calls at the end; those without an effect count too
	}{
		"the connection broke after the effect":      {[]string{"UploadServerCertificate=applied-then-reset:x1"}, 1},
		"no answer came after the effect":            {[]string{"UploadServerCertificate=applied-then-timeout:x1"}, 1},
		"a gateway answered 502 after the effect":    {[]string{"UploadServerCertificate=applied-then-http502:x1"}, 1},
		"the connection broke before it":             {[]string{"UploadServerCertificate=reset:x1"}, 2},
		"no answer came, and no effect":              {[]string{"UploadServerCertificate=timeout:x1"}, 2},
		"a gateway answered 502, and no effect":      {[]string{"UploadServerCertificate=http502:x1"}, 2},
		"it broke, and the lists are away for a bit": {[]string{"UploadServerCertificate=applied-then-reset:x1", "DescribeServerCertificates=ServiceUnavailable:x2"}, 1},
	}
	for because, c := range cases {
		t.Run(because, func(t *testing.T) {
			s := setStage(t, "--list-lag", "400ms").manage("--api-timeout", "1s", "--consistency-window", "500ms")
			s.cloud.SetFaults(t, c.faults...)
			object := s.certificate("web")
			s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
			s.checkOne(object)
			if got := len(s.uploads()); got != c.uploads {
				t.Errorf("%d upload calls, want %d: %+v", got, c.uploads, s.uploads())
			}
		})
	}
}

// checkOne waits until the object is Ready, and checks that it has exactly one certificate.
func (s *stage) checkOne(object *v1alpha1.ServerCertificate) {
	s.Helper()
	now := s.ready(object)
	if ids := s.ids(); len(ids) != 1 || ids[0] != now.Status.CertificateID || now.Status.PendingUpload != nil {
		s.Errorf("the cloud has %v, the status %s and %+v", ids, now.Status.CertificateID, now.Status.PendingUpload)
	}
}

func TestWhileAnOutcomeIsUnknownTheObjectSaysSo(t *testing.T) {
	s := setStage(t, "--latency", "200ms").manage("--api-timeout", "1s", "--consistency-window", "500ms")
	s.cloud.SetFaults(t, "UploadServerCertificate=applied-then-reset")
	object := s.certificate("web")
	s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
	s.wait(object, "an intent", isPending)
	s.cloud.SetFaults(t, "UploadServerCertificate=applied-then-reset", "DescribeServerCertificates=ServiceUnavailable")
	said := s.wait(object, "what it waits for", func(o *v1alpha1.ServerCertificate) bool {
		return isPending(o) && condition(o, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonCloudUnavailable)
	})
	s.checkParts(said, false)
	s.cloud.SetFaults(t)
	s.checkOne(object)
	if got := len(s.uploads()); got != 1 {
		t.Errorf("%d upload calls, want 1", got)
	}
}

// isPending tells whether an upload's intent is recorded, and its outcome isn't.
func isPending(o *v1alpha1.ServerCertificate) bool { return o.Status.PendingUpload != nil }

// A manager that dies while an upload is out must not make a second certificate.
func TestAKilledManagersUploadIsFound(t *testing.T) {
	flags := []string{"--api-timeout", "1500ms", "--consistency-window", "500ms"}
	cases := map[string]func(*stage, *v1alpha1.ServerCertificate){
		"once the intent is recorded": func(s *stage, o *v1alpha1.ServerCertificate) { s.wait(o, "an intent", isPending) },
		"once the certificate is there": func(s *stage, _ *v1alpha1.ServerCertificate) {
			s.poll("the upload's effect", func() bool { return len(s.ids()) > 0 })
		},
	}
	for when, await := range cases {
		t.Run(when, func(t *testing.T) {
			s := setStage(t, "--list-lag", "400ms", "--latency", "600ms").manage(flags...)
			object := s.certificate("web")
			s.create(s.secret("web-tls", certs.NewLeaf(t)), object)
			await(s, object)
			s.manager.Kill(t)
			if o := s.get(object); o.Status.CertificateID != "" || o.Status.PendingUpload == nil {
				t.Fatalf("killed too late: %+v", o.Status)
			}
			s.manager.Start(t)
			s.checkOne(object)
		})
	}
}
