package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/hack/mutants/overlay"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// dieAt names, to the manager that mortal builds, the point where it kills itself.
const dieAt = "CLBCERT_TEST_DIE_AT"

// mortal is what has the manager kill itself: at each side of each step of a pass, and of
// the record of it.
var mortal = []overlay.Edit{
	{File: "controllers/reconcile.go", Old: "\t\"errors\"\n\t\"fmt\"\n", New: "\t\"errors\"\n\t\"fmt\"\n\t\"os\"\n\t\"syscall\"\n"},
	{File: "controllers/reconcile.go", Old: "\t\toutcome, err := r.act(ctx, state, step, means)\n", New: `
		dieAt(fmt.Sprintf("before %T", step))
		outcome, err := r.act(ctx, state, step, means)
		dieAt(fmt.Sprintf("after %T", step))
`},
	{File: "controllers/reconcile.go", Old: " && !state.Intended {\n\t\t\treturn r.record(ctx, state, means)\n", New: ` && !state.Intended {
			dieAt("before the record")
			result, err := r.record(ctx, state, means)
			dieAt("after the record")
			return result, err
`},
	{File: "controllers/reconcile.go", Old: "// Reconcile is one pass over one object.\n", New: `
func dieAt(point string) {
	if os.Getenv("` + dieAt + `") == point {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// Reconcile is one pass over one object.
`},
}

// points are where the manager dies.
func points() []string {
	all := []string{"before the record", "after the record"}
	for _, step := range []string{
		"Look", "AddFinalizer", "RecordIntent", "Upload", "Survey", "Confirm", "ClaimExtension", "CreateExtension", "SetCertificate",
		"SetExtension", "DeleteExtension", "Delete", "RemoveFinalizer",
	} {
		all = append(all, "before plan."+step, "after plan."+step)
	}
	return all
}

func TestKilledAtAnyPointItEndsTheSame(t *testing.T) {
	t.Parallel()
	root, err := overlay.Root()
	if err != nil {
		t.Fatal(err)
	}
	program, err := overlay.Build(t.Context(), root, t.TempDir(), "manager", mortal...)
	if err != nil {
		t.Fatal(err)
	}
	for _, point := range points() {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			newLife(t, program, "--leader-elect=false").live(point)
		})
	}
}

// life is that of one object, under a manager that dies once.
type life struct {
	*testing.T
	stage *stage
	slot  *slot
	// died is closed at the manager's death.
	died chan struct{}
}

// newLife makes a world of one object, which has a listener and a domain, with one manager.
func newLife(t *testing.T, program string, flags ...string) *life {
	t.Helper()
	cluster := env.Shared(t)
	simulator := env.StartSimulator(t, "--list-lag", "300ms", "--latency", "5ms")
	namespace, console, trace, ledger := cluster.Namespace(t), cloud.New(t, simulator), newTrace(), newLedger()
	witness, err := newWitness(simulator, trace, ledger, clusterID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(witness.close)
	simulator.PutAccessKey(t, managersKey)
	r := newReplica(t, "left", cluster, simulator, trace)
	r.path = program
	r.args = append(append(r.args, "--watch-namespaces", namespace, "--consistency-window", "500ms"), flags...)
	w := &world{client: cluster.Client, cloud: console.API, trace: trace, ledger: ledger, witness: witness}
	s := &stage{T: t, world: w, brawl: &brawl{
		tb: t, cluster: cluster, simulator: simulator, world: w, replicas: []*replica{r}, witness: witness, trace: trace,
		console: console,
	}}
	s.world.strangers = []string{s.upload(console, 0)}
	balancer := console.CreateLoadBalancer(t, "slb.s2.small", map[string]string{v1alpha1.TagNamespaces: namespace}, "")
	console.CreateHTTPSListener(t, balancer, 443, s.world.strangers[0], "")
	slot := &slot{namespace: namespace, name: "web", out: map[string]bool{}, state: gone, secret: &secret{namespace: namespace, name: "web-tls"}}
	for _, domain := range []v1alpha1.Domain{"", "a.chaos.test"} {
		slot.bindings = append(slot.bindings, v1alpha1.Binding{Name: fmt.Sprintf("b%d", len(slot.bindings)), Listener: &v1alpha1.ListenerTarget{
			LoadBalancerID: balancer, Port: 443, Domain: domain,
		}})
	}
	slot.secret.objects = append(slot.secret.objects, slot)
	s.world.slots, s.world.secrets = append(s.world.slots, slot), append(s.world.secrets, slot.secret)
	return &life{T: t, stage: s, slot: slot, died: make(chan struct{})}
}

// live makes the object, renews it, takes its domain out and deletes it. The manager dies
// somewhere in between, and another takes its place.
func (l *life) live(point string) {
	w, r := l.stage.world, l.stage.brawl.replicas[0]
	all, stop := context.WithCancel(l.Context())
	var companions sync.WaitGroup
	companions.Go(func() { w.witness.follow(all) })
	companions.Go(func() { l.liveAndDie(all, r, point) })
	defer companions.Wait()
	defer stop()

	l.make()
	none := int32(0)
	l.must(w.change(l.Context(), l.slot, keepMore, func(o *v1alpha1.ServerCertificate) { o.Spec.RevisionHistoryLimit = &none }))
	l.must(w.replace(l.Context(), l.slot.secret, deed{kind: renew}))
	l.await("renewed", l.isServed)
	l.await("nothing superseded", func(o *v1alpha1.ServerCertificate) bool { return len(o.Status.Superseded) == 0 })
	l.slot.out[l.slot.bindings[1].Name] = true
	l.must(w.changeBindings(l.Context(), l.slot, unbind))
	l.await("one binding", func(o *v1alpha1.ServerCertificate) bool { return l.isServed(o) && len(o.Status.Bindings) == 1 })
	l.must(w.remove(l.Context(), l.slot, false))
	w.free(l.Context(), l.slot)
	l.must(w.hurry(l.Context()))
	env.WaitGone(l.T, env.Shared(l.T), l.slot.object())
	select {
	case <-l.died: // at the last point the object goes a moment before
	case <-time.After(env.Patience):
	}
	l.check()
}

// make makes the object, and waits until it is served.
func (l *life) make() {
	l.Helper()
	w := l.stage.world
	l.must(l.slot.secret.renew())
	l.must(w.put(l.Context(), l.slot.secret))
	l.must(w.create(l.Context(), l.slot))
	l.await("Ready", l.isServed)
}

// liveAndDie runs the manager that dies, and then one that doesn't.
func (l *life) liveAndDie(ctx context.Context, r *replica, point string) {
	began := time.Now()
	r.env = append(r.env, dieAt+"="+point)
	err := r.once(ctx)
	if ctx.Err() == nil {
		l.stage.world.trace.note("the manager ended at its point: %v", err)
		l.stage.world.trace.count("kills", 1)
		close(l.died)
		r.excuse()
	}
	r.reap(ctx, err, time.Since(began))
	r.env = slices.DeleteFunc(r.env, func(v string) bool { return strings.HasPrefix(v, dieAt) })
	r.supervise(ctx)
}

func (l *life) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// await waits until the object holds.
func (l *life) await(what string, holds func(*v1alpha1.ServerCertificate) bool) {
	l.Helper()
	env.WaitFor(l.T, env.Shared(l.T), l.slot.object(), what, holds)
}

// isServed tells whether the object is Ready, with the Secret's certificate.
func (l *life) isServed(o *v1alpha1.ServerCertificate) bool {
	ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	return ready != nil && ready.Status == metav1.ConditionTrue && ready.ObservedGeneration == o.Generation &&
		o.Status.Digest == digest(l.slot.secret.current())
}

// check checks that there was a death, two uploads and two deletions, and nothing is left.
func (l *life) check() {
	l.Helper()
	w := l.stage.world
	l.stage.checkWitness()
	serves, _ := w.witness.servedBy(l.slot.tag())
	left := w.lost(nil)
	if trace := w.trace; trace.of("kills") != 1 || trace.of("uploads") != 2 || trace.of("deletions") != 2 || len(serves)+len(left) > 0 || trace.violated() {
		l.Errorf("%d deaths, %d uploads, %d deletions, want 1, 2, 2; left is %v\n%s", trace.of("kills"), trace.of("uploads"),
			trace.of("deletions"), left, trace)
	}
}
