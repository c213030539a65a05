package leak

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

const upload = "UploadServerCertificate"

// faults happen once each, to whichever call comes next.
func faults() []string {
	var all []string
	for action, codes := range map[string][]string{
		upload: {
			"SignatureDoesNotMatch", "IncompleteSignature", "Throttling.User", "InternalError", "http502", "reset", "timeout",
			"applied-then-reset", "applied-then-http502", "SignatureDoesNotMatch", "IncompleteSignature",
		},
		"DescribeServerCertificates":            {"SignatureDoesNotMatch", "reset", "http502"},
		"AssumeRole":                            {"SignatureDoesNotMatch"},
		"AssumeRoleWithOIDC":                    {"http502"},
		"GetCallerIdentity":                     {"SignatureDoesNotMatch"},
		"SetLoadBalancerHTTPSListenerAttribute": {"SignatureDoesNotMatch", "reset"},
		"DeleteServerCertificate":               {"SignatureDoesNotMatch"},
	} {
		for _, code := range codes {
			all = append(all, action+"="+code+":x1")
		}
	}
	return all
}

// echoes are answers that quote what was sent where they can, and aren't what they should be.
func echoes() []echo {
	document := func(status int, edit func(body string) any) echo {
		return func(w http.ResponseWriter, body string) {
			text, err := json.Marshal(edit(body))
			if err != nil {
				text = []byte(err.Error())
			}
			w.WriteHeader(status)
			_, _ = w.Write(text)
		}
	}
	return []echo{
		document(400, func(body string) any { return map[string]any{"Code": "Odd", "Message": body, "RequestId": "R-1"} }),
		document(400, func(body string) any {
			return map[string]any{"Code": "Odd", "Message": sent(body), "RequestId": sent(body)}
		}),
		document(400, func(body string) any { return map[string]any{"Code": body, "Message": "odd", "RequestId": body} }),
		document(503, func(body string) any {
			return map[string]any{"Code": 17, "Message": []string{sent(body)}, "RequestId": map[string]string{"a": body}, "HostId": 1, "AccessDeniedDetail": body}
		}),
		document(200, func(body string) any { return sent(body) }),
		document(200, func(body string) any {
			return map[string]any{"RequestId": sent(body), "ServerCertificateId": []string{body}}
		}),
		document(200, func(body string) any { return map[string]any{"RequestId": "R-1", "Fingerprint": sent(body)} }),
		func(w http.ResponseWriter, body string) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, "<html><pre>"+sent(body)+"</pre>"+body+"</html>")
		},
		func(w http.ResponseWriter, body string) {
			w.Header().Set("Location", "https://127.0.0.1:1/?"+body)
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		func(_ http.ResponseWriter, _ string) { panic(http.ErrAbortHandler) },
	}
}

// sent is what a body carries that is to be seen nowhere: the key, or a token.
func sent(body string) string {
	values, err := url.ParseQuery(body)
	if err != nil {
		return body
	}
	return values.Get("PrivateKey") + values.Get("OIDCToken")
}

func TestNothingSecretIsLetOut(t *testing.T) {
	t.Parallel()
	s := setStage(t, env.Program(t, "manager"))
	s.record()
	s.cloud.SetFaults(t, faults()...)
	for i, answer := range echoes() {
		s.relay.answer(upload, answer)
		if i == 1 || i == 4 { // each failure of STS is one of all objects, and they wait ever longer
			s.relay.answer("AssumeRole", answer)
			s.relay.answer("AssumeRoleWithOIDC", answer)
		}
	}
	s.ownCredentials()
	own := func(o *v1alpha1.ServerCertificate) {
		o.Spec.CredentialsSecretRef = &v1alpha1.SecretReference{Name: "aliyun"}
	}
	var objects []*v1alpha1.ServerCertificate
	for i := range 4 {
		objects = append(objects, s.add(fmt.Sprint("rsa-", i), certs.RSA2048, own), s.add(fmt.Sprint("ec-", i), certs.P256))
	}
	s.manage("--zap-devel")
	for _, object := range objects {
		s.await(object, "Ready in the end", isReady)
	}
	s.live(objects[1])
	for _, code := range []string{"CertificateFormatInvalid", "foreign-fingerprint"} {
		s.cloud.SetFaults(t, upload+"="+code+":x1")
		s.await(s.add(strings.ToLower(code), certs.P256), "a refusal", says(v1alpha1.ReasonRejectedByCloud))
	}
	s.collect()
	s.checkSeen(map[string][]string{
		"the log":   {"SignatureDoesNotMatch", "IncompleteSignature", "upload the certificate", "HTTP 502"},
		"the crash": {"SIGQUIT", "goroutine "},
		"Events":    {"Uploaded", "Bound", "SignatureDoesNotMatch"},
		"objects":   {"SignatureDoesNotMatch", "certificateID:", "pendingUpload:"},
		"metrics":   {"controller_runtime_reconcile_total"},
		"requests":  {"Action=" + upload, "Action=AssumeRole&", "Action=AssumeRoleWithOIDC", "SecurityToken="},
	})
	for _, leak := range s.findings() {
		t.Error(leak)
	}
}

// live has an object be bound, renewed, and deleted.
func (s *stage) live(object *v1alpha1.ServerCertificate) {
	s.Helper()
	console, identity := cloud.New(s, s.cloud), certs.NewLeaf(s.T)
	key, err := identity.KeyPEM(certs.SEC1)
	s.must(err)
	id := console.CreateLoadBalancer(s, cloud.Elastic, map[string]string{v1alpha1.TagNamespaces: "*"}, "")
	console.CreateHTTPSListener(s, id, 443, console.Upload(s, "stranger", nil, identity.ChainPEM(), key), "")
	bound := func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && len(o.Status.Bindings) == 1 }
	now := &v1alpha1.ServerCertificate{}
	s.must(s.cluster.Client.Get(s.Context(), client.ObjectKeyFromObject(object), now))
	patched := now.DeepCopy()
	patched.Spec.Bindings = []v1alpha1.Binding{{Name: "web", Listener: &v1alpha1.ListenerTarget{LoadBalancerID: id, Port: 443}}}
	s.must(s.cluster.Client.Patch(s.Context(), patched, client.MergeFrom(now)))
	s.await(object, "bound", bound)
	s.renew(object)
	s.await(object, "renewed", func(o *v1alpha1.ServerCertificate) bool {
		return bound(o) && o.Status.Digest != now.Status.Digest
	})
	console.DeleteLoadBalancer(s, id)
	s.must(s.cluster.Client.Delete(s.Context(), patched))
	env.WaitGone(s, s.cluster, patched)
}

// Where the endpoint can't be trusted, or isn't there, the error isn't told with the URL.
func TestNothingSecretIsLetOutWhereTheCloudIsAway(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		flags func(*stage) []string
		says  string
	}{
		"for its certificate is of another authority": {func(s *stage) []string {
			other := certs.New(s.T, certs.CommonName("Another authority"), certs.CA())
			file := filepath.Join(s.TempDir(), "ca.crt")
			s.must(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Chain()[0].Raw}), 0o600))
			return []string{"--clb-ca-file", file}
		}, "certificate"},
		"for its name isn't known": {func(*stage) []string {
			return []string{"--clb-endpoint", "https://clb.invalid", "--sts-endpoint", "https://sts.invalid"}
		}, "looking up"},
		"for nobody listens there": {func(*stage) []string {
			return []string{"--clb-endpoint", "https://127.0.0.1:1"}
		}, "connection refused"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := setStage(t, env.Program(t, "manager"))
			s.record()
			s.ownCredentials()
			s.manage(c.flags(s)...)
			object := s.add("web", certs.RSA2048, func(o *v1alpha1.ServerCertificate) {
				o.Spec.CredentialsSecretRef = &v1alpha1.SecretReference{Name: "aliyun"}
			})
			plain := s.add("plain", certs.P256)
			for _, one := range []*v1alpha1.ServerCertificate{object, plain} {
				s.await(one, "that the cloud is away", unavailable)
			}
			s.collect()
			s.checkSeen(map[string][]string{"the log": {c.says}, "objects": {c.says}, "the crash": {"goroutine "}})
			for _, leak := range s.findings() {
				t.Error(leak)
			}
		})
	}
}

// unavailable tells whether an object says that the cloud can't be reached.
func unavailable(o *v1alpha1.ServerCertificate) bool {
	return says(v1alpha1.ReasonCloudUnavailable)(o) && o.Status.Conditions[0].Status != metav1.ConditionTrue
}
