package controller

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// window is how many characters of a key in a row are a leak.
const window = 32

func TestNoKeyLeavesTheManagerButToTheCloud(t *testing.T) {
	s := setStage(t).manage("--zap-log-level", "9", "--zap-devel", "--api-timeout", "1s", "--consistency-window", "300ms", "--resync-interval", "2s")
	s.ownCredentials()
	var texts []string
	var identities []*certs.Identity
	for number, kind := range []certs.KeyKind{certs.RSA2048, certs.P256} {
		identity := certs.NewLeaf(t, certs.Kind(kind))
		identities = append(identities, identity)
		for _, fault := range []string{"SignatureDoesNotMatch", "IncompleteSignature", "CertificateFormatInvalid", "http502", "applied-then-reset"} {
			s.cloud.SetFaults(t, "UploadServerCertificate="+fault+":x1")
			object := s.certificate(fmt.Sprintf("%s-%d", strings.ToLower(fault), number), signedBy("aliyun"))
			s.create(s.secret(object.Spec.SecretRef.Name, identity), object)
			reached := s.wait(object, "an upload's end", func(o *v1alpha1.ServerCertificate) bool {
				return o.Status.PendingUpload == nil && len(o.Finalizers) > 0 && len(o.Status.Conditions) > 0
			})
			texts = append(texts, yamlOf(s, reached))
		}
	}
	s.cloud.SetFaults(t)
	done := s.ready(s.barrier(s.certificate("signaturedoesnotmatch-0", signedBy("aliyun"))))
	texts = append(texts, yamlOf(s, done), yamlOf(s, s.allEvents()), s.manager.Log(), s.cloud.Log())
	all := strings.Join(texts, "\n")
	if !strings.Contains(all, "SignatureDoesNotMatch") || !strings.Contains(all, `upload the certificate`) {
		t.Fatalf("the log doesn't tell of the faults: is it the right one?")
	}
	for _, identity := range identities {
		s.checkKeyless(all, identity)
	}
	for what, secret := range map[string]string{"the manager's": env.AccessKeySecret, "the object's": ownSecret} {
		if strings.Contains(all, secret) {
			t.Errorf("%s access key secret is in a log, an Event or a status", what)
		}
	}
	for _, call := range s.uploads() {
		for _, secret := range []string{"PrivateKey", "ServerCertificate"} {
			if slices.Contains(call.QueryParameters, secret) {
				t.Errorf("%s travelled in the URL: %v", secret, call.QueryParameters)
			}
		}
	}
}

// allEvents are the namespace's.
func (s *stage) allEvents() *eventsv1.EventList {
	s.Helper()
	list := &eventsv1.EventList{}
	if err := s.cluster.Client.List(s.Context(), list, client.InNamespace(s.namespace)); err != nil {
		s.Fatalf("listing Events: %v", err)
	}
	return list
}

func yamlOf(s *stage, object any) string {
	s.Helper()
	text, err := yaml.Marshal(object)
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

// checkKeyless looks for any part of the key in any encoding that a log could show it in.
func (s *stage) checkKeyless(text string, identity *certs.Identity) {
	s.Helper()
	parts := map[string]string{}
	for _, encoding := range identity.Encodings() {
		file, err := identity.KeyPEM(encoding)
		if err != nil {
			s.Fatal(err)
		}
		for form, secret := range writings(file) {
			for i := 0; i+window <= len(secret); i++ {
				parts[secret[i:i+window]] = string(encoding) + " key as " + form
			}
		}
	}
	for i := 0; i+window <= len(text); i++ {
		if what, leaks := parts[text[i:i+window]]; leaks {
			s.Fatalf("a part of the %s is in a log, an Event or a status, behind %q", what, text[max(0, i-200):i])
		}
	}
}

// writings are a key's file and its content in the forms that a log could show.
func writings(file []byte) map[string]string {
	begin := bytes.LastIndex(file, []byte("-----BEGIN ")) // behind EC PARAMETERS
	block, _ := pem.Decode(file[begin:])
	body := base64.StdEncoding.EncodeToString(block.Bytes)
	return map[string]string{
		"base64": body, "lines of PEM": strings.ReplaceAll(string(file[begin+len("-----BEGIN RSA PRIVATE KEY-----"):]), "-----END", ""),
		"a Secret's data": base64.StdEncoding.EncodeToString(file), "a form": url.QueryEscape(body),
		"a string to sign": url.QueryEscape(url.QueryEscape(body)), "hex": hex.EncodeToString(block.Bytes),
		"numbers": strings.Trim(fmt.Sprintf("%d", block.Bytes), "[]"),
	}
}
