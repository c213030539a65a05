package chaos

import (
	"context"
	"slices"
	"syscall"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/test/env"
)

// leaseNamespace is where the managers' Lease is.
const leaseNamespace = "clbcert-system"

// takeover is how long it may take until another leads.
const takeover = 20 * time.Second

// brawl does violence to the processes. It runs on the test's own goroutine.
type brawl struct {
	tb        env.TB
	cluster   *env.Cluster
	simulator *env.Simulator
	replicas  []*replica
	world     *world
	witness   *witness
	clerk     *clerk
	trace     *trace
	faults    []string
	slowest   time.Duration // of the take-overs that were left to themselves
}

// leader is the one that became it last, or nil.
func (b *brawl) leader() *replica {
	var newest *replica
	for _, r := range b.replicas {
		if r.leads() && (newest == nil || r.ledSince().After(newest.ledSince())) {
			newest = r
		}
	}
	return newest
}

func (b *brawl) other(r *replica) *replica {
	for _, other := range b.replicas {
		if other != r {
			return other
		}
	}
	return r
}

// rage strikes until the context ends.
func (b *brawl) rage(ctx context.Context, day time.Duration, next func() strike) {
	pending := appointments(day)
	began := time.Now()
	for ctx.Err() == nil {
		s := next()
		if kind := due(pending, time.Since(began).Seconds()/day.Seconds()); kind != "" {
			s.kind = kind
		}
		if s.faults != nil {
			b.setFaults(s.faults)
		}
		b.strike(ctx, s)
	}
}

// due gives an appointment whose time has come, and forgets it.
func due(pending map[string][]float64, part float64) string {
	for _, kind := range []string{restartServer, pastTheLease, restartEtcd, killAndWait, cloudIsAway} {
		times := pending[kind]
		if len(times) > 0 && part >= times[0] {
			pending[kind] = times[1:]
			return kind
		}
	}
	return ""
}

func (b *brawl) setFaults(faults []string) {
	b.faults = faults
	b.trace.note("faults: %v", faults)
	b.simulator.SetFaults(b.tb, faults...)
}

// awaitLeader waits until somebody leads; a lease that nobody alive holds is given free.
func (b *brawl) awaitLeader(ctx context.Context) *replica {
	for range 4 {
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := poll(short, "a leader", func() bool { return b.leader() != nil })
		cancel()
		if err == nil || ctx.Err() != nil {
			break
		}
		b.free(ctx)
	}
	return b.leader()
}

// free empties the lease, as if its time had passed: so whoever asks next leads at once.
func (b *brawl) free(ctx context.Context) {
	for _, r := range b.replicas {
		r.loseLease() // a living one may have taken it meanwhile
	}
	_ = b.world.insist(ctx, "freeing the lease", func() error {
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: leaseNamespace, Name: "clbcert"}}
		if err := b.cluster.Client.Get(ctx, client.ObjectKeyFromObject(lease), lease); err != nil {
			return client.IgnoreNotFound(err)
		}
		lease.Spec.HolderIdentity = new(string)
		return b.cluster.Client.Update(ctx, lease)
	})
}

// strike waits for its time, and strikes.
func (b *brawl) strike(ctx context.Context, s strike) {
	leader := b.awaitLeader(ctx)
	if leader == nil {
		return
	}
	wait(ctx, s.delay)
	if ctx.Err() != nil {
		return
	}
	b.trace.note("%s: %s, %.2fs after it took the lead", s.kind, leader.name, time.Since(leader.ledSince()).Seconds())
	switch s.kind {
	case killLeader:
		leader.kill()
		b.free(ctx)
	case killStandby:
		b.other(leader).kill()
	case killBoth:
		for _, r := range b.replicas {
			r.kill()
		}
		b.free(ctx)
	case stopLeader:
		b.stop(ctx, leader)
	case pauseLeader:
		b.pause(leader)
		wait(ctx, s.hold)
		leader.resume()
	case calm:
		wait(ctx, s.hold)
	default:
		b.strikeHard(ctx, s, leader)
	}
}

// strikeHard strikes what takes longer.
func (b *brawl) strikeHard(ctx context.Context, s strike, leader *replica) {
	switch s.kind {
	case usurp:
		b.pause(leader)
		b.free(ctx)
		b.other(leader).kill() // the next one asks for the lease at once
		b.awaitOther(ctx, leader)
		wait(ctx, s.hold)
		leader.resume()
	case pastTheLease:
		b.pause(leader)
		b.timeTakeover(ctx, leader)
		wait(ctx, s.hold)
		leader.resume()
	case killAndWait:
		leader.kill()
		b.timeTakeover(ctx, leader)
	case restartCloud:
		b.restartCloud(ctx, 0)
	case cloudIsAway:
		b.restartCloud(ctx, 20*time.Second)
	case restartServer:
		b.restart(ctx, b.cluster.APIServer, s.hold)
	case restartEtcd:
		b.restart(ctx, b.cluster.Etcd, s.hold)
	}
}

func (b *brawl) pause(r *replica) {
	r.excuse() // it may lose the lease
	if r.pause() {
		b.trace.count("pauses", 1)
	}
}

// stop asks the leader to end: it lets the calls under way end, and the lease go.
func (b *brawl) stop(ctx context.Context, leader *replica) {
	began := time.Now()
	if !leader.signal(syscall.SIGTERM) {
		return
	}
	b.trace.count("stops", 1)
	short, cancel := context.WithTimeout(ctx, takeover)
	defer cancel()
	if err := poll(short, "another leader", func() bool { return b.leader() != nil }); err != nil && ctx.Err() == nil {
		b.trace.violate("take-over", "nobody leads %s after %s was asked to stop", time.Since(began), leader.name)
	}
}

func (b *brawl) awaitOther(ctx context.Context, not *replica) {
	short, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_ = poll(short, "another leader", func() bool { return b.leader() != nil && b.leader() != not })
}

// timeTakeover waits until another process leads, without help, and looks how long that took.
func (b *brawl) timeTakeover(ctx context.Context, not *replica) {
	began := time.Now()
	short, cancel := context.WithTimeout(ctx, 2*takeover)
	defer cancel()
	err := poll(short, "another leader", func() bool { return b.leader() != nil })
	if ctx.Err() != nil {
		return
	}
	took := time.Since(began)
	b.slowest = max(b.slowest, took)
	b.trace.note("  taken over from %s after %.1fs", not.name, took.Seconds())
	b.trace.count("take-overs", 1)
	if err != nil || took > takeover {
		b.trace.violate("take-over", "it took %s", took)
	}
}

// restart kills a part of the control plane, and starts it again after a while.
func (b *brawl) restart(ctx context.Context, process *env.Process, hold time.Duration) {
	for _, r := range b.replicas {
		r.excuseServer()
	}
	b.trace.count("control plane restarts", 1)
	process.Kill(b.tb)
	wait(ctx, hold)
	process.Start(b.tb)
	for _, r := range b.replicas {
		r.excuseServer()
	}
	b.trace.note("  it is back")
}

// restartCloud kills the simulator, and starts it again after a while. What it wrote to its
// journal and its log of calls is read before, as both begin anew.
func (b *brawl) restartCloud(ctx context.Context, hold time.Duration) {
	b.trace.count("simulator restarts", 1)
	_ = b.clerk.read(ctx)
	b.simulator.Kill(b.tb)
	b.witness.drain()
	wait(ctx, hold)
	b.simulator.Start(b.tb)
	if err := b.witness.reopen(); err != nil {
		b.tb.Fatalf("%v", err)
	}
	b.clerk.begin()
	b.setFaults(b.faults)
}

// rest lets all go on undisturbed.
func (b *brawl) rest() {
	b.setFaults([]string{})
	for _, r := range b.replicas {
		r.resume()
	}
	b.trace.note("the day is over: %d kills, %d pauses", b.trace.of("kills"), b.trace.of("pauses"))
}

// hit are the kinds of faults that there were, for the table.
func hit(t *trace) []string {
	var kinds []string
	for _, code := range faultCodes {
		if t.of("fault "+code) > 0 {
			kinds = append(kinds, code)
		}
	}
	slices.Sort(kinds)
	return kinds
}
