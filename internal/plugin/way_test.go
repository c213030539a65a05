package plugin

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/tlspair"
)

var now = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const (
	id          = "1321932713_17f1b4b696b_1114720822_-1671"
	fingerprint = "02:df:ab:ed"
)

// inOrder are the facts of a certificate that is served by a listener and a Service.
func inOrder() facts {
	object := &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 2, CreationTimestamp: metav1.NewTime(now.Add(-time.Hour))},
		Spec: v1alpha1.ServerCertificateSpec{
			SecretRef: &v1alpha1.SecretReference{Name: "web-tls"},
			Bindings: []v1alpha1.Binding{
				{Name: "default", Listener: &v1alpha1.ListenerTarget{LoadBalancerID: "lb-1", Port: 443}},
				{Name: "ingress", Service: &v1alpha1.ServiceTarget{Name: "ingress", Domain: "*.a.com"}},
			},
		},
		Status: v1alpha1.ServerCertificateStatus{
			ObservedGeneration: 2, CertificateID: id, Region: "cn-hangzhou", Digest: "d1", Fingerprint: fingerprint,
			NotAfter: &metav1.Time{Time: now.Add(90 * 24 * time.Hour)}, UploadTime: &metav1.Time{Time: now.Add(-time.Minute)},
			Conditions: []metav1.Condition{
				{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: string(v1alpha1.ReasonBound)},
				{Type: v1alpha1.ConditionUploaded, Status: metav1.ConditionTrue, Reason: string(v1alpha1.ReasonSynced)},
			},
			Bindings: []v1alpha1.BindingStatus{
				{Name: "default", Listener: &v1alpha1.ListenerTarget{LoadBalancerID: "lb-1", Port: 443}, CertificateID: id, Ready: true, Reason: v1alpha1.ReasonBound},
				{Name: "ingress", Service: &v1alpha1.ServiceTarget{Name: "ingress", Domain: "*.a.com"}, CertificateID: id, Ready: true, Reason: v1alpha1.ReasonBound},
			},
		},
	}
	return facts{
		now: now, object: object,
		certificate: &issuance{name: "shop", issuer: "Issuer ca", ready: metav1.ConditionTrue},
		secret:      secretFacts{found: true, pair: &tlspair.Facts{Digest: "d1", Fingerprint: fingerprint, NotAfter: now.Add(90 * 24 * time.Hour), DNSNames: []string{"a.com"}}},
		services:    map[string]*ccm.Service{"ingress": {LoadBalancerID: "lb-2", Addresses: []string{"1.2.3.4"}}},
	}
}

// unready makes a condition False, and Ready with it.
func unready(f *facts, kind string, reason v1alpha1.Reason) {
	for i, c := range f.object.Status.Conditions {
		if c.Type == kind || c.Type == v1alpha1.ConditionReady {
			f.object.Status.Conditions[i] = metav1.Condition{Type: c.Type, Status: metav1.ConditionFalse, Reason: string(reason), Message: "mend it"}
		}
	}
}

func TestTheFirstLinkThatIsWrongIsTold(t *testing.T) {
	t.Parallel()
	for sentence, row := range map[string]struct {
		given func(*facts)
		// wrong is the first wrong link, "" for none; says is in the message of the link that isn't in order.
		wrong, says string
	}{
		"all is in order":               {func(*facts) {}, "", ""},
		"cert-manager can't issue":      {func(f *facts) { f.certificate.ready, f.certificate.message = metav1.ConditionFalse, "no solver" }, "Certificate shop", "no solver"},
		"cert-manager hasn't looked":    {func(f *facts) { f.certificate.ready = "" }, "Certificate shop", "hasn't looked at it yet"},
		"there is no Secret":            {func(f *facts) { f.secret = secretFacts{} }, "Secret web-tls", "create it"},
		"a Secret that can't be read":   {func(f *facts) { f.secret = secretFacts{unread: "not read"} }, "", ""},
		"it holds nothing of use":       {func(f *facts) { f.secret.pair = nil }, "Secret web-tls", "kubectl clbcert check web-tls"},
		"it is renewed, not uploaded":   {func(f *facts) { f.secret.pair.Digest = "d2" }, "", "hasn't uploaded yet"},
		"the manager refuses it":        {func(f *facts) { unready(f, v1alpha1.ConditionUploaded, v1alpha1.ReasonKeyMismatch) }, "Secret web-tls", "mend it"},
		"it is cert-manager's stand-in": {func(f *facts) { unready(f, v1alpha1.ConditionUploaded, v1alpha1.ReasonTemporaryCertificate) }, "", "mend it"},
		"the cloud refuses it":          {func(f *facts) { unready(f, v1alpha1.ConditionUploaded, v1alpha1.ReasonQuotaExceeded) }, "certificate " + id, "mend it"},
		"the cloud is away":             {func(f *facts) { unready(f, v1alpha1.ConditionUploaded, v1alpha1.ReasonCloudUnavailable) }, "", "mend it"},
		"a listener isn't there": {func(f *facts) {
			unready(f, v1alpha1.ConditionReady, v1alpha1.ReasonListenerNotFound)
			f.object.Status.Bindings[0] = v1alpha1.BindingStatus{Name: "default", Listener: f.object.Spec.Bindings[0].Listener, Reason: v1alpha1.ReasonListenerNotFound, Message: "create it"}
		}, "listener lb-1:443", "create it"},
		"the CCM takes its time": {func(f *facts) {
			unready(f, v1alpha1.ConditionReady, v1alpha1.ReasonServicePending)
			f.object.Status.Bindings[1].Ready, f.object.Status.Bindings[1].Reason = false, v1alpha1.ReasonServicePending
			f.object.Status.Bindings[1].Message = "the CCM hasn't"
		}, "", "the CCM hasn't"},
		"a new binding": {func(f *facts) { f.object.Status.Bindings = nil; f.object.Generation = 3 }, "ServerCertificate shop/web", "see whether clbcert runs"},
		"an object a moment old": {func(f *facts) {
			f.object.CreationTimestamp.Time = now
			f.object.Status = v1alpha1.ServerCertificateStatus{ObservedGeneration: -1}
		}, "", ""},
		"nobody looks at it":             {func(f *facts) { f.object.Status = v1alpha1.ServerCertificateStatus{ObservedGeneration: -1} }, "ServerCertificate shop/web", "see whether clbcert runs"},
		"suspended":                      {func(f *facts) { f.object.Spec.Suspend = true }, "", "kubectl clbcert resume web"},
		"the cloud lost the certificate": {func(f *facts) { f.cloud = &cloudFacts{served: map[string][]string{"default": {id}, "ingress": {id}}} }, "certificate " + id, "somebody deleted it"},
		"the cloud serves another": {func(f *facts) {
			f.cloud = &cloudFacts{certificate: &clb.Certificate{Fingerprint: fingerprint}, served: map[string][]string{"default": {"other"}, "ingress": {id}}}
		}, "listener lb-1:443", "somebody changed it"},
		"the cloud's list lags": {func(f *facts) {
			f.object.Status.UploadTime.Time = now.Add(-time.Second)
			f.cloud = &cloudFacts{served: map[string][]string{"default": {id}, "ingress": {id}}}
		}, "", ""},
		"a Service that isn't read": {func(f *facts) {
			f.services = nil
			f.cloud = &cloudFacts{certificate: &clb.Certificate{Fingerprint: fingerprint}, served: map[string][]string{"default": {id}}, failed: map[string]string{"ingress": "you may not"}}
		}, "", ""},
		"a Service without a load balancer yet": {func(f *facts) {
			f.object.Status.Bindings[1].Ready, f.object.Status.Bindings[1].Reason = false, v1alpha1.ReasonServicePending
			f.cloud = &cloudFacts{certificate: &clb.Certificate{Fingerprint: fingerprint}, served: map[string][]string{"default": {id}}}
		}, "", ""},
		"one without a listener any more": {func(f *facts) {
			f.cloud = &cloudFacts{certificate: &clb.Certificate{Fingerprint: fingerprint}, served: map[string][]string{"default": {}, "ingress": {id}}}
		}, "listener lb-1:443", "somebody changed it"},
		"it has expired, and nobody looks": {func(f *facts) {
			f.object.Status.NotAfter.Time, f.secret.pair.NotAfter = now.Add(-time.Hour), now.Add(-time.Hour)
		}, "Secret web-tls", "renew it"},
		"the renewed one isn't in the cloud": {func(f *facts) { f.object.Status.NotAfter.Time = now.Add(-time.Hour) }, "certificate " + id, "it has expired"},
		"Certificates can't be read":         {func(f *facts) { f.certificate = &issuance{} }, "", ""},
		"the cloud doesn't tell of one": {func(f *facts) {
			f.cloud = &cloudFacts{certificate: &clb.Certificate{Fingerprint: fingerprint}, served: map[string][]string{"ingress": {id}}, failed: map[string]string{"default": "busy"}}
		}, "", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			f := inOrder()
			row.given(&f)
			w := wayOf(f)
			if w.FirstWrong != row.wrong {
				t.Errorf("the first wrong link is %q, want %q", w.FirstWrong, row.wrong)
			}
			if messages := w.messages(); row.says == "" && messages != "" || !strings.Contains(messages, row.says) {
				t.Errorf("the messages are %q, want %q", messages, row.says)
			}
		})
	}
}

// messages are those of a link and all below.
func (l *link) messages() string {
	texts := l.Message
	for i := range l.Links {
		texts += l.Links[i].messages()
	}
	return texts
}

func TestATreeFitsItsTerminal(t *testing.T) {
	t.Parallel()
	f := inOrder()
	f.object.Status.Bindings[1].Ready, f.object.Status.Bindings[1].Reason = false, v1alpha1.ReasonServicePending
	hostile := "\x1b[31mred\n✓ ServerCertificate shop/other  ready\u202e"
	f.object.Status.Bindings[1].Message = strings.Repeat("the cloud controller manager hasn't acted yet; ", 10) + hostile
	f.certificate.issuer, f.secret.pair.DNSNames = hostile, []string{hostile}
	for _, width := range []int{40, 60, 80, 132} {
		var out strings.Builder
		tree{out: &out, terminal: terminal{width: width}, wide: true}.draw(wayOf(f))
		for line := range strings.Lines(out.String()) {
			if got := length(strings.TrimSuffix(line, "\n")); got > width {
				t.Errorf("a line of %d characters on a terminal of %d: %s", got, width, line)
			}
		}
		if strings.ContainsAny(out.String(), "\x1b\u202e") || strings.Count(out.String(), "\n✓") > 0 {
			t.Errorf("what an object says reaches the terminal as it is: %q", out.String())
		}
	}
}
