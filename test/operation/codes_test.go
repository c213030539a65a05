package operation

import (
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// documented is what comes of one of UploadServerCertificate's error codes.
type documented struct {
	reason v1alpha1.Reason
	says   []string                                  // besides code and RequestId
	mend   func(*stage, *v1alpha1.ServerCertificate) // what a person does about it
	source *v1alpha1.AliCloudCertificate             // instead of a Secret
}

// What mends a refusal.
func aRenewedSecret(s *stage, o *v1alpha1.ServerCertificate) { s.renew(o) }
func aSyncRequest(s *stage, o *v1alpha1.ServerCertificate)   { s.requestSync(o) }
func newCredentials(s *stage, o *v1alpha1.ServerCertificate) {
	s.touch(o.Spec.CredentialsSecretRef.Name)
}
func otherTags(s *stage, o *v1alpha1.ServerCertificate) { s.retag(o, "mended") }
func anotherSource(s *stage, o *v1alpha1.ServerCertificate) {
	s.update(o, func() { o.Spec.AliCloudCertificate.ID = "7752926" })
}
func (s *stage) retag(o *v1alpha1.ServerCertificate, v string) {
	s.update(o, func() { o.Spec.Tags = map[string]v1alpha1.TagValue{"team": v1alpha1.TagValue(v)} })
}

// The codes of the CLB API reference, UploadServerCertificate, "Error codes".
var documentedCodes = map[string]documented{
	"IllegalParam.ServerCertificate":         {v1alpha1.ReasonRejectedByCloud, []string{"Mend tls.crt and tls.key"}, aRenewedSecret, nil},
	"InvalidParameter":                       {v1alpha1.ReasonRejectedByCloud, []string{"Mend tls.crt and tls.key"}, aRenewedSecret, nil},
	"CertificateFormatInvalid":               {v1alpha1.ReasonRejectedByCloud, []string{"Mend tls.crt and tls.key"}, aSyncRequest, nil},
	"ServerCertificate.NotSupport":           {v1alpha1.ReasonRegionInvalid, []string{"Use a region"}, aSyncRequest, nil},
	"InvalidParameter.AliCloudCertificateId": {v1alpha1.ReasonRejectedByCloud, []string{"Mend spec.aliCloudCertificate"}, anotherSource, &v1alpha1.AliCloudCertificate{ID: "7752925"}},
	"OperationDenied.IllegalKeyLength":       {v1alpha1.ReasonKeyUnsupported, []string{"RSA of 2048"}, aRenewedSecret, nil},
	"EccCertificateNotSupport":               {v1alpha1.ReasonKeyUnsupported, []string{"RSA of 2048"}, aRenewedSecret, nil},
	"InvalidParam.TagKey":                    {v1alpha1.ReasonRejectedByCloud, []string{"Mend spec.tags"}, otherTags, nil},
	"InvalidParam.TagValue":                  {v1alpha1.ReasonRejectedByCloud, []string{"Mend spec.tags"}, otherTags, nil},
	"MissingParam.TagKey":                    {v1alpha1.ReasonRejectedByCloud, []string{"Mend spec.tags"}, aSyncRequest, nil},
	"SizeLimitExceeded.Tag":                  {v1alpha1.ReasonRejectedByCloud, []string{"Mend spec.tags"}, otherTags, nil},
	"UnauthorizedRegion":                     {v1alpha1.ReasonUnauthorized, []string{"slb:UploadServerCertificate"}, newCredentials, nil},
}

// ownKey makes an access key known to the cloud, and a credentials Secret of that name with it.
func (s *stage) ownKey(name string, key env.SimulatedAccessKey, more ...string) {
	s.Helper()
	s.cloud.PutAccessKey(s, key)
	data := map[string]string{"accessKeyID": key.ID, "accessKeySecret": key.Secret}
	for i := 0; i+1 < len(more); i += 2 {
		data[more[i]] = more[i+1]
	}
	s.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}, StringData: data})
}

const (
	ownAccount    = "1000000000000002"
	secondAccount = "1000000000000003"
)

// TestEveryDocumentedCode injects each code. A refused upload costs one call in the first
// 20 s of the manager's time, also when its Secret is touched meanwhile; asked for a sync,
// one more. The clock's certificate expires after these 20 s by the manager's own clock,
// which makes the time a thing to wait for.
func TestEveryDocumentedCode(t *testing.T) {
	s := setStage(t).manage("--api-qps", "0")
	for code, c := range documentedCodes {
		s.addRefused(code, c)
	}
	passed := s.elapsed(21 * time.Second)
	said := map[string]*v1alpha1.ServerCertificate{}
	for code, c := range documentedCodes {
		said[code] = s.unready(s.certificate(strings.ToLower(code)), c.reason)
		s.touchSource(said[code])
	}
	passed(s)
	for code, c := range documentedCodes {
		t.Run(code, func(t *testing.T) { s.in(t).checkCode(code, c, said[code]) })
	}
}

// addRefused creates an object whose uploads the cloud refuses with the code. It has an
// access key of its own, so that all codes share a cloud and a manager.
func (s *stage) addRefused(code string, c documented) {
	s.Helper()
	name := strings.ToLower(code)
	s.ownKey(name, env.SimulatedAccessKey{ID: keyOf(code), Secret: "secret", Account: ownAccount})
	s.faults = append(s.faults, faultOf(code))
	s.cloud.SetFaults(s, s.faults...)
	object := s.certificate(name, signedBy(name))
	if c.source != nil {
		from(*c.source)(object)
	}
	s.add(object)
}

func keyOf(code string) string { return "LTAI5t" + strings.ReplaceAll(code, ".", "") }

func faultOf(code string) string { return upload + "@" + keyOf(code) + "=" + code }

// checkCode checks what was said of a code 20 s ago, and that it is mended.
func (s *stage) checkCode(code string, c documented, said *v1alpha1.ServerCertificate) {
	s.Helper()
	calls := s.uploadsOf(said)
	if len(calls) != 1 || calls[0].Outcome != code {
		s.Fatalf("%d uploads within 20 s, want one: %+v", len(calls), calls)
	}
	s.checkSays(said, append(c.says, "UploadServerCertificate: "+code, "RequestId "+calls[0].RequestID)...)
	if !meta.IsStatusConditionTrue(said.Status.Conditions, v1alpha1.ConditionStalled) || said.Status.PendingUpload != nil || said.Status.CertificateID != "" {
		s.Errorf("the status is %s", jsonOf(s, said.Status))
	}
	s.checkEqualErrorTellsNothing(said, c.reason)

	s.faults = slices.DeleteFunc(slices.Clone(s.faults), func(fault string) bool { return fault == faultOf(code) })
	s.cloud.SetFaults(s, s.faults...)
	object := said.DeepCopy()
	c.mend(s, object)
	if now := s.ready(object); now.Status.CertificateID != s.only(object).ID || len(s.uploadsOf(object)) != 3 {
		s.Errorf("after %d uploads the status is %s", len(s.uploadsOf(object)), jsonOf(s, now.Status))
	}
}

// touchSource touches the Secret that is the object's source, if it is one.
func (s *stage) touchSource(object *v1alpha1.ServerCertificate) {
	s.Helper()
	if ref := object.Spec.SecretRef; ref != nil {
		s.touch(ref.Name)
	}
}

// checkWarned checks that kubectl describes exactly one Warning, with the whole message.
func (s *stage) checkWarned(object *v1alpha1.ServerCertificate, reason v1alpha1.Reason, text string) {
	s.Helper()
	if warnings := s.warnings(object, reason); len(warnings) != 1 || warnings[0] != text {
		s.Errorf("kubectl describes the warnings %q, want once %q", warnings, text)
	}
}

// checkEqualErrorTellsNothing has the object ask the cloud again: the same error changes no
// condition, not even its time, and makes no Event. The upload's intent is written all the
// same, before each try.
func (s *stage) checkEqualErrorTellsNothing(said *v1alpha1.ServerCertificate, reason v1alpha1.Reason) {
	s.Helper()
	s.checkWarned(said, reason, message(said))
	again := s.requestSync(said)
	if calls := s.uploadsOf(said); len(calls) != 2 {
		s.Errorf("%d uploads after a sync request, want two", len(calls))
	}
	again.Status.LastHandledSyncRequest = said.Status.LastHandledSyncRequest
	if !equality.Semantic.DeepEqual(again.Status, said.Status) {
		s.Errorf("an equal error changed the status from\n%s to\n%s", jsonOf(s, said.Status), jsonOf(s, again.Status))
	}
	s.checkWarned(said, reason, message(said))
}

func TestARefusalIsLookedAtAgainByItself(t *testing.T) {
	s := setStage(t).manage("--resync-interval", "2s")
	s.cloud.SetFaults(t, upload+"=CertificateFormatInvalid:x3")
	object := s.add(s.certificate("web"))
	said := s.unready(object, v1alpha1.ReasonRejectedByCloud)
	s.ready(object)
	calls := s.uploadsOf(object)
	if len(calls) != 4 {
		t.Fatalf("%d uploads, want three refused ones and another", len(calls))
	}
	if pause := calls[1].Time.Sub(calls[0].Time); pause < 1500*time.Millisecond {
		t.Errorf("asked again after %s, want %s less a fifth", pause, "2s")
	}
	s.checkSays(said, "RequestId "+calls[0].RequestID)
	s.checkWarned(object, v1alpha1.ReasonRejectedByCloud, message(said))
}
