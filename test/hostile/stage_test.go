package hostile

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

const (
	// soon is how long it may take until an object says what is wrong; its calls may take
	// apiTimeout each.
	soon       = time.Minute
	apiTimeout = 20 * time.Second
	// mostMemory is what the manager may hold at its worst, in KiB: that of the manifest.
	mostMemory = 256 << 10
)

// stage is a manager with a namespace.
type stage struct {
	*testing.T
	cluster   *env.Cluster
	cloud     *env.Simulator
	manager   *env.Manager
	namespace string
}

// setStage starts a manager, with the simulator unless the flags say otherwise.
func setStage(t *testing.T, flags ...string) *stage {
	t.Helper()
	cluster, cloud := env.Shared(t), env.StartSimulator(t)
	s := &stage{T: t, cluster: cluster, cloud: cloud, namespace: cluster.Namespace(t)}
	s.manager = env.StartManager(t, cluster, cloud, append([]string{
		"--watch-namespaces", s.namespace, "--cluster-id", "test-1", "--api-timeout", apiTimeout.String(),
		"--consistency-window", "300ms", "--resync-interval", "2s",
	}, flags...)...)
	return s
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// add creates an object with a Secret of these files.
func (s *stage) add(name string, crt, key []byte) *v1alpha1.ServerCertificate {
	s.Helper()
	object := &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name},
		Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: name + "-tls"}},
	}
	for _, one := range []client.Object{certs.Secret(name+"-tls", s.namespace, crt, key), object} {
		s.must(s.cluster.Client.Create(s.Context(), one))
	}
	return object
}

// await waits until Ready has the reason, and gives its message.
func (s *stage) await(object *v1alpha1.ServerCertificate, reason v1alpha1.Reason) string {
	s.Helper()
	watch := env.Observe(s, s.cluster, object)
	now := watch.WaitWithin(s, soon, "Ready says "+string(reason), func(o *v1alpha1.ServerCertificate) bool {
		c := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
		return c != nil && c.Reason == string(reason)
	})
	return meta.FindStatusCondition(now.Status.Conditions, v1alpha1.ConditionReady).Message
}

var peak = regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`)

// checkMemory checks how much memory the manager held at its worst, where the kernel tells.
func (s *stage) checkMemory() {
	s.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.manager.PID()))
	s.must(err)
	match := peak.FindStringSubmatch(string(text))
	if match == nil {
		s.Fatalf("no peak in %s", text)
	}
	held, err := strconv.Atoi(match[1])
	s.must(err)
	if held > mostMemory {
		s.Errorf("it held %d MiB, want %d at most", held>>10, mostMemory>>10)
	}
}

// pair is a good pair of files.
func (s *stage) pair(options ...certs.Option) (crt, key []byte) {
	s.Helper()
	identity := certs.NewLeaf(s.T, options...)
	key, err := identity.KeyPEM(certs.PKCS8)
	s.must(err)
	return identity.ChainPEM(), key
}

// checkSays checks a message.
func (s *stage) checkSays(message string, parts ...string) {
	s.Helper()
	for _, part := range parts {
		if !strings.Contains(message, part) {
			s.Errorf("it says %q, without %q", message, part)
		}
	}
	if len(message) > v1alpha1.MaxMessage {
		s.Errorf("it says %d bytes", len(message))
	}
}
