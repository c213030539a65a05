package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// world is what one scenario plays in: a namespace of a real cluster, a cloud whose state
// outlives the simulator's process, and a manager.
type world struct {
	testing.TB
	cluster   *env.Cluster
	namespace string
	folder    string // the cloud's state
	cloud     *env.Simulator
	manager   *env.Manager
	issuer    *certs.Identity
	expiry    time.Time // of the certificates' generation 0
}

// patience is how long a scenario may take that works on many objects at once.
const patience = 20 * time.Minute

// newWorld makes all but the cloud and the manager.
func newWorld(tb testing.TB, cluster *env.Cluster) *world {
	tb.Helper()
	env.Program(tb, "manager") // where it must be built, that is no part of its start
	root := certs.New(tb, certs.CommonName("Test Root"), certs.CA())
	return &world{
		TB: tb, cluster: cluster, namespace: cluster.Namespace(tb), folder: tb.TempDir(),
		issuer: certs.New(tb, certs.CommonName("Test Intermediate"), certs.CA(), certs.IssuedBy(root)),
		expiry: time.Now().Add(90 * 24 * time.Hour).Truncate(time.Second),
	}
}

// kept gives a simulator a folder that outlives it.
type kept struct {
	testing.TB
	folder string
}

// TempDir is that folder.
func (k kept) TempDir() string { return k.folder }

// simulate starts the cloud, or starts it again with another latency.
func (w *world) simulate(latency time.Duration) {
	w.Helper()
	if w.cloud != nil {
		w.cloud.Stop(w)
	}
	w.cloud = env.StartSimulator(kept{w, w.folder}, "--latency", latency.String(), "--quota", "1000000")
}

// manage starts a manager for all namespaces, without a limit of calls unless the flags name one.
func (w *world) manage(flags ...string) {
	w.Helper()
	w.manager = env.StartManager(w, w.cluster, w.cloud, append([]string{"--api-qps", "0"}, flags...)...)
}

// parallel does something for each number below n, some at once.
func (w *world) parallel(n int, do func(ctx context.Context, i int) error) {
	w.Helper()
	const workers = 16
	numbers := make(chan int)
	errs := make([]error, workers)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for i := range numbers {
				errs[worker] = errors.Join(errs[worker], do(w.Context(), i))
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		w.Fatalf("%s", line)
	}
}

// identity is the certificate of an object in one of its generations, told by its expiry.
func (w *world) identity(i, generation int) (*certs.Identity, error) {
	return certs.Make(certs.IssuedBy(w.issuer), certs.Names(fmt.Sprintf("%s.example.com", name(i))),
		certs.Valid(time.Now().Add(-time.Hour), w.expiryOf(generation)))
}

func (w *world) expiryOf(generation int) time.Time {
	return w.expiry.Add(time.Duration(generation) * time.Hour)
}

// name is that of an object; its Secret's has "-tls" behind it.
func name(i int) string { return fmt.Sprintf("web-%05d", i) }

// issue creates the Secrets, or writes another generation into them.
func (w *world) issue(ctx context.Context, i, generation int) error {
	identity, err := w.identity(i, generation)
	if err != nil {
		return err
	}
	secret, err := identity.Secret(name(i)+"-tls", w.namespace)
	if err != nil {
		return err
	}
	if generation == 0 {
		return w.cluster.Client.Create(ctx, secret)
	}
	return w.cluster.Client.Update(ctx, secret)
}

// object creates an object; options change it before.
func (w *world) object(ctx context.Context, i int, options ...func(i int, o *v1alpha1.ServerCertificate)) error {
	object := &v1alpha1.ServerCertificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name(i)},
		Spec:       v1alpha1.ServerCertificateSpec{SecretRef: &v1alpha1.SecretReference{Name: name(i) + "-tls"}},
	}
	for _, option := range options {
		option(i, object)
	}
	return w.cluster.Client.Create(ctx, object)
}

// populate creates Secrets and objects.
func (w *world) populate(n int, options ...func(i int, o *v1alpha1.ServerCertificate)) {
	w.Helper()
	w.parallel(n, func(ctx context.Context, i int) error {
		return errors.Join(w.issue(ctx, i, 0), w.object(ctx, i, options...))
	})
}

// ready tells whether an object is Ready with the certificate of a generation.
func (w *world) ready(generation int) func(*v1alpha1.ServerCertificate) bool {
	expiry := w.expiryOf(generation)
	return func(o *v1alpha1.ServerCertificate) bool {
		return o.Status.NotAfter != nil && o.Status.NotAfter.Time.Equal(expiry) && isReady(o)
	}
}

// isReady tells whether the object is Ready for its present spec.
func isReady(o *v1alpha1.ServerCertificate) bool {
	ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	return ready != nil && ready.Status == metav1.ConditionTrue && ready.ObservedGeneration == o.Generation
}
