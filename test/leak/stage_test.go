package leak

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// The manager's account is the one that the simulator starts with; another is the object's
// that brings its own credentials.
const (
	account    = "1000000000000001"
	ownAccount = "1000000000000002"
	ownKeyID   = "LTAI5tOwnKey"
	ownSecret  = "own-access-key-secret"
)

// verbosity is from where on client-go would log all of the API server's answers, Secrets
// among them: the manager goes no further than what comes before them.
const verbosity = "10"

// stage is one manager with a namespace, a cloud, and a relay between the two.
type stage struct {
	*testing.T
	program   string
	cluster   *env.Cluster
	cloud     *env.Simulator
	relay     *relay
	manager   *env.Manager
	namespace string
	scan      *scan

	mu    sync.Mutex
	texts map[string]string // what was seen, by what it is
}

// setStage starts all but the manager, which is to be that program.
func setStage(t *testing.T, program string) *stage {
	t.Helper()
	cluster, cloud := env.Shared(t), env.StartSimulator(t)
	s := &stage{
		T: t, program: program, cluster: cluster, cloud: cloud, relay: startRelay(t, cloud), namespace: cluster.Namespace(t),
		scan: newScan(), texts: map[string]string{},
	}
	s.scan.addSecret("the simulator's access key secret", env.AccessKeySecret)
	return s
}

// manage starts the manager, which tells all that it can, with the identity of a pod.
func (s *stage) manage(flags ...string) {
	s.Helper()
	file := filepath.Join(s.TempDir(), "token")
	encode := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"iss":"https://oidc.example.com","sub":"system:serviceaccount:clbcert-system:clbcert-manager","aud":["sts.aliyuncs.com"],"iat":%d,"exp":%d}`,
		time.Now().Unix(), time.Now().Add(time.Hour).Unix())
	oidc := encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(claims)) + "." + encode([]byte("signature"))
	s.must(os.WriteFile(file, []byte(oidc), 0o600))
	s.scan.addSecret("the OIDC token", oidc)
	s.manager = env.ManagerAt(s, s.program, s.cluster, s.cloud, append([]string{
		"--clb-endpoint", s.relay.url, "--sts-endpoint", s.relay.url, "--clb-ca-file", s.relay.caFile,
		"--watch-namespaces", s.namespace, "--cluster-id", "test-1", "--zap-log-level", verbosity,
		"--api-timeout", "1s", "--consistency-window", "300ms", "--resync-interval", "2s",
	}, flags...), []string{
		"ALIBABA_CLOUD_ACCESS_KEY_ID=", "ALIBABA_CLOUD_ACCESS_KEY_SECRET=",
		"ALIBABA_CLOUD_ROLE_ARN=acs:ram::" + account + ":role/clbcert", "ALIBABA_CLOUD_OIDC_TOKEN_FILE=" + file,
		"ALIBABA_CLOUD_OIDC_PROVIDER_ARN=acs:ram::" + account + ":oidc-provider/ack-rrsa-c1",
		"GOTRACEBACK=system",
	})
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) create(objects ...client.Object) {
	s.Helper()
	for _, object := range objects {
		s.must(s.cluster.Client.Create(s.Context(), object))
	}
}

// ownCredentials makes a credentials Secret that assumes a role with an access key.
func (s *stage) ownCredentials() {
	s.Helper()
	s.cloud.PutAccessKey(s, env.SimulatedAccessKey{ID: ownKeyID, Secret: ownSecret, Account: ownAccount})
	s.scan.addSecret("the object's access key secret", ownSecret)
	s.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "aliyun"},
		StringData: map[string]string{"accessKeyID": ownKeyID, "accessKeySecret": ownSecret, "roleARN": "acs:ram::" + ownAccount + ":role/shop"},
	})
}

// add creates an object with a Secret of its own.
func (s *stage) add(name string, kind certs.KeyKind, options ...func(*v1alpha1.ServerCertificate)) *v1alpha1.ServerCertificate {
	s.Helper()
	identity := certs.NewLeaf(s.T, certs.Kind(kind))
	s.scan.addKey(s.T, identity)
	secret, err := identity.Secret(name+"-tls", s.namespace)
	s.must(err)
	object := &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: secret.Name}},
	}
	for _, option := range options {
		option(object)
	}
	s.create(secret, object)
	return object
}

// renew puts another certificate into an object's Secret.
func (s *stage) renew(object *v1alpha1.ServerCertificate) {
	s.Helper()
	identity := certs.NewLeaf(s.T)
	s.scan.addKey(s.T, identity)
	fresh, err := identity.Secret(object.Spec.SecretRef.Name, s.namespace)
	s.must(err)
	s.must(s.cluster.Client.Update(s.Context(), fresh))
}

// record keeps every state of every object from now on.
func (s *stage) record() {
	s.Helper()
	watch, err := s.cluster.Client.Watch(s.Context(), &v1alpha1.ServerCertificateList{}, client.InNamespace(s.namespace))
	s.must(err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for event := range watch.ResultChan() {
			if text, err := yaml.Marshal(event.Object); err == nil {
				s.keep("objects", string(text))
			}
		}
	}()
	s.Cleanup(func() {
		watch.Stop()
		<-done
	})
}

// await waits until an object holds.
func (s *stage) await(object *v1alpha1.ServerCertificate, what string, holds func(*v1alpha1.ServerCertificate) bool) {
	s.Helper()
	env.WaitFor(s, s.cluster, object, what, holds)
}

func isReady(o *v1alpha1.ServerCertificate) bool {
	return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady)
}

// says tells whether Ready has that reason.
func says(reason v1alpha1.Reason) func(*v1alpha1.ServerCertificate) bool {
	return func(o *v1alpha1.ServerCertificate) bool {
		c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
		return c != nil && c.Reason == string(reason)
	}
}

// keep adds what was seen.
func (s *stage) keep(what string, object any) {
	s.Helper()
	text, isText := object.(string)
	if !isText {
		encoded, err := yaml.Marshal(object)
		s.must(err)
		text = string(encoded)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts[what] += text + "\n"
}

// collect ends the manager as a crash does, and keeps all that it has left.
func (s *stage) collect() {
	s.Helper()
	events, objects := &eventsv1.EventList{}, &v1alpha1.ServerCertificateList{}
	s.must(s.cluster.Client.List(s.Context(), events, client.InNamespace(s.namespace)))
	s.must(s.cluster.Client.List(s.Context(), objects, client.InNamespace(s.namespace)))
	s.keep("Events", events)
	s.keep("objects", objects)
	s.keep("metrics", s.read(s.manager.MetricsURL+"/metrics"))
	before := len(s.manager.Log())
	s.manager.Abort(s)
	log := s.manager.Log()
	s.keep("the log", log[:before])
	s.keep("the crash", log[before:])
	s.keep("requests", s.relay.requests())
	for what, secret := range s.relay.given() {
		s.scan.addSecret(what, secret)
	}
}

// read gets a page of the manager.
func (s *stage) read(url string) string {
	s.Helper()
	request, err := http.NewRequestWithContext(s.Context(), http.MethodGet, url, http.NoBody)
	s.must(err)
	response, err := http.DefaultClient.Do(request)
	s.must(err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	s.must(err)
	return string(page)
}

// findings are the leaks, as "where: what".
func (s *stage) findings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for where, text := range s.texts {
		scan := s.scan
		if where == "requests" {
			scan = scan.without(token)
		}
		for _, what := range scan.find(text) {
			all = append(all, where+": "+what)
		}
	}
	return all
}

// checkSeen makes sure that it was the right thing that was looked at.
func (s *stage) checkSeen(parts map[string][]string) {
	s.Helper()
	for where, wants := range parts {
		for _, want := range wants {
			if !strings.Contains(s.texts[where], want) {
				s.Errorf("%s: there is nothing of %q: is it the right place?", where, want)
			}
		}
	}
}
