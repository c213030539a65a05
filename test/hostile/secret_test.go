package hostile

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// most is how much a Secret can hold beside a key, by the API server's limit of 1 MiB.
const most = 1<<20 - 4<<10

// fill repeats a part as often as a Secret can hold it.
func fill(part []byte) []byte { return bytes.Repeat(part, most/len(part)) }

func TestASecretThatIsNoneIsToldAndCostsLittle(t *testing.T) {
	t.Parallel()
	s := setStage(t)
	crt, key := s.pair()
	tiny := []byte("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n")
	objects := map[*v1alpha1.ServerCertificate]v1alpha1.Reason{
		s.add("letters", fill([]byte("x")), key):                                                          v1alpha1.ReasonCertificateInvalid,
		s.add("zeros", make([]byte, most), key):                                                           v1alpha1.ReasonCertificateInvalid,
		s.add("unended", append([]byte("-----BEGIN CERTIFICATE-----\n"), fill([]byte("QUFB\n"))...), key): v1alpha1.ReasonCertificateInvalid,
		s.add("begins", fill([]byte("-----BEGIN CERTIFICATE-----\n")), key):                               v1alpha1.ReasonCertificateInvalid,
		s.add("chain-10000", bytes.Repeat(tiny, 10_000), key):                                             v1alpha1.ReasonCertificateInvalid,
		s.add("same-over-and-over", fill(crt), key):                                                       v1alpha1.ReasonCertificateInvalid,
		s.add("keys", crt, fill(key)[:most-len(crt)]):                                                     v1alpha1.ReasonKeyInvalid,
	}
	for object, reason := range objects {
		s.checkSays(s.await(object, reason), object.Name+"-tls")
	}
	if calls := s.cloud.Calls(t, "UploadServerCertificate"); len(calls) != 0 {
		t.Errorf("%d uploads", len(calls))
	}
	s.checkMemory()
}

func TestNamesInEveryScriptAreServed(t *testing.T) {
	t.Parallel()
	s := setStage(t)
	for i, name := range []string{
		"例え.テスト", "مثال.إختبار", "пример.испытание", "उदाहरण.परीक्षा", "παράδειγμα.δοκιμή", "👩‍👩‍👧‍👦.example", "a\u202eb\u0000c\x1b[31m", strings.Repeat("證", 60),
	} {
		crt, key := s.pair(certs.CommonName(name), certs.Names("xn--fsq.example"))
		object := s.add(fmt.Sprint("name-", i), crt, key)
		now := env.WaitFor(s, s.cluster, object, "Ready", func(o *v1alpha1.ServerCertificate) bool {
			return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady)
		})
		if now.Status.CertificateID == "" || now.Status.CommonName == "" {
			t.Errorf("%q: the status is %+v", name, now.Status)
		}
	}
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("host-%d.example.com", i)
	}
	crt, key := s.pair(certs.Names(names...))
	now := env.WaitFor(s, s.cluster, s.add("many", crt, key), "Ready", func(o *v1alpha1.ServerCertificate) bool {
		return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady)
	})
	if got := len(now.Status.DNSNames); got != v1alpha1.MaxDNSNames {
		t.Errorf("the status names %d", got)
	}
	s.checkMemory()
}
