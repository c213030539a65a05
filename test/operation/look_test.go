package operation

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

const upload = "UploadServerCertificate"

// shown is the object as `kubectl get -o json` shows it.
func (s *stage) shown(object *v1alpha1.ServerCertificate) *v1alpha1.ServerCertificate {
	s.Helper()
	now := &v1alpha1.ServerCertificate{}
	text := s.cluster.Kubectl(s, "get", "clbcert", object.Name, "-n", object.Namespace, "-o", "json")
	s.must(json.Unmarshal([]byte(text), now))
	return now
}

// described is what `kubectl describe` tells of the object, its Events among it.
func (s *stage) described(object *v1alpha1.ServerCertificate) string {
	s.Helper()
	return s.cluster.Kubectl(s, "describe", "clbcert", object.Name, "-n", object.Namespace)
}

// warnings are the messages of the object's Warnings of a reason, as kubectl describes them.
func (s *stage) warnings(object *v1alpha1.ServerCertificate, reason v1alpha1.Reason) []string {
	s.Helper()
	row := regexp.MustCompile(`(?m)^\s+Warning\s+` + string(reason) + `\s+\S.*?\s+clbcert\s+(.+)$`)
	var messages []string
	for _, found := range row.FindAllStringSubmatch(s.described(object), -1) {
		messages = append(messages, found[1])
	}
	return messages
}

// message is that of Ready.
func message(o *v1alpha1.ServerCertificate) string {
	if c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.Message
	}
	return ""
}

// checkSays checks what the message of Ready tells.
func (s *stage) checkSays(o *v1alpha1.ServerCertificate, wants ...string) {
	s.Helper()
	for _, want := range wants {
		if !strings.Contains(message(o), want) {
			s.Errorf("the message doesn't tell %q: %s", want, message(o))
		}
	}
}

// requestSync asks for a sync and waits until it was handled.
func (s *stage) requestSync(object *v1alpha1.ServerCertificate) *v1alpha1.ServerCertificate {
	s.Helper()
	request := time.Now().Format(time.RFC3339Nano)
	s.cluster.Kubectl(s, "annotate", "clbcert", object.Name, "-n", object.Namespace, "--overwrite",
		v1alpha1.AnnotationSyncRequestedAt+"="+request)
	env.WaitFor(s, s.cluster, object, "handled sync request", func(o *v1alpha1.ServerCertificate) bool {
		return o.Status.LastHandledSyncRequest == request
	})
	return s.shown(object)
}

// elapsed gives a function that returns once the manager has lived through a time from
// now, by its own clock: a certificate expires then, and its object says so.
func (s *stage) elapsed(duration time.Duration) func(*stage) {
	s.Helper()
	end := time.Now().Add(duration).Truncate(time.Second).Add(time.Second) // certificates keep whole seconds
	clock := s.add(s.certificate("clock-"+strconv.FormatInt(time.Now().UnixNano(), 36)), certs.Valid(end.Add(-time.Hour), end))
	return func(s *stage) {
		s.Helper()
		s.unready(clock, v1alpha1.ReasonCertificateExpired)
	}
}

// uploadsOf are the upload calls for the object.
func (s *stage) uploadsOf(object *v1alpha1.ServerCertificate) []env.SimulatedCall {
	s.Helper()
	tag := v1alpha1.ObjectTag(object.Namespace, object.Name)
	return slices.DeleteFunc(s.cloud.Calls(s, upload), func(c env.SimulatedCall) bool {
		for _, value := range c.Parameters {
			if value == tag {
				return false
			}
		}
		return true
	})
}

// digest is that of the chain in a Secret: of the DER, leaf first.
func (s *stage) digest(name string) string {
	s.Helper()
	secret := &corev1.Secret{}
	s.must(s.cluster.Client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: name}, secret))
	sum := sha256.New()
	for block, rest := pem.Decode(secret.Data[corev1.TLSCertKey]); block != nil; block, rest = pem.Decode(rest) {
		_, _ = sum.Write(block.Bytes) // a hash never refuses
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// live are the certificates in the cloud that carry the object's tag.
func (s *stage) live(object *v1alpha1.ServerCertificate) []env.SimulatedCertificate {
	s.Helper()
	tag := v1alpha1.ObjectTag(object.Namespace, object.Name)
	return slices.DeleteFunc(s.cloud.Certificates(s), func(c env.SimulatedCertificate) bool {
		return c.Tags[v1alpha1.TagObject] != tag
	})
}

// only is the one certificate that the object has in the cloud.
func (s *stage) only(object *v1alpha1.ServerCertificate) env.SimulatedCertificate {
	s.Helper()
	live := s.live(object)
	if len(live) != 1 {
		s.Fatalf("%s has %d certificates in the cloud, want one: %+v", object.Name, len(live), live)
	}
	return live[0]
}

// checkNothingTwice checks that no digest of any object was uploaded a second time with success.
func (s *stage) checkNothingTwice() {
	s.Helper()
	seen := map[string]bool{}
	for _, call := range s.cloud.Calls(s, upload) {
		tags := tagsOf(call)
		key := tags[v1alpha1.TagObject] + " " + tags[v1alpha1.TagDigest]
		if call.Outcome == "ok" && seen[key] {
			s.Errorf("uploaded twice: %s", key)
		}
		seen[key] = seen[key] || call.Outcome == "ok"
	}
}

// tagsOf are the tags that a call sent.
func tagsOf(call env.SimulatedCall) map[string]string {
	tags := map[string]string{}
	for name, key := range call.Parameters {
		if number, isKey := strings.CutSuffix(name, ".Key"); isKey && strings.HasPrefix(name, "Tag.") {
			tags[key] = call.Parameters[number+".Value"]
		}
	}
	return tags
}

// poll waits until something outside the cluster holds, where nothing can be watched.
func (s *stage) poll(what string, holds func() bool) {
	s.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for limit := time.Now().Add(env.Patience); !holds(); <-ticker.C {
		if time.Now().After(limit) {
			s.Fatalf("waited %s for %s", env.Patience, what)
		}
	}
}

// somebody is another client of the simulator's first account.
func (s *stage) somebody() (*clb.Client, *clb.Account) {
	s.Helper()
	authority, err := os.ReadFile(s.cloud.CAFile)
	s.must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client, err := clb.New(clb.Config{Endpoint: s.cloud.URL, STSEndpoint: s.cloud.URL, RootCAs: roots, UserAgent: "somebody"})
	s.must(err)
	account, err := client.Account(s.Context(), "somebody", env.Region, credentials.Static(env.AccessKeyID, env.AccessKeySecret, ""))
	s.must(err)
	return client, account
}
