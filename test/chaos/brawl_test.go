package chaos

import (
	"context"
	"slices"
	"syscall"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/test/cloud"
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
	console   *cloud.Client
	faults    []string
	slowest   time.Duration // of the take-overs that were left to themselves

	ccm     *shift        // nil while it is down
	ccmBack time.Time     // when it goes on; zero while it is up
	away    time.Time     // when the cloud was taken away; zero while it is there
	back    time.Time     // when it is to come back
	longest time.Duration // that it was away
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
		b.comeBack(time.Now())
		s := next()
		if kind := due(pending, time.Since(began).Seconds()/day.Seconds()); kind != "" {
			s.kind = kind
		}
		if s.faults != nil {
			b.setFaults(s.faults)
		}
		if s.kind == cloudIsAway {
			s.hold = outage(day)
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
	if !b.away.IsZero() {
		return // it gets them when it is back
	}
	b.trace.note("faults: %v", faults)
	b.simulator.SetFaults(b.tb, keyed(faults, b.world.keyrings)...)
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
		b.takeCloudAway(ctx, 0) // it is back before the next strike
	case cloudIsAway:
		b.takeCloudAway(ctx, s.hold)
	case pauseCCM, restartCCM:
		b.takeCCMAway(s)
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
	b.judgeTakeover(not.name, time.Since(began), err)
}

// judgeTakeover holds a take-over to its limit. One that the day's end cut short within it
// says nothing.
func (b *brawl) judgeTakeover(from string, took time.Duration, err error) {
	if err != nil && took <= takeover {
		return
	}
	b.slowest = max(b.slowest, took)
	b.trace.note("  taken over from %s after %.1fs: %v", from, took.Seconds(), err)
	b.trace.count("take-overs", 1)
	if err != nil || took > takeover {
		b.trace.violate("take-over", "it took %s, and may take %s", took, takeover)
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

// takeCloudAway kills the simulator, for a while in which the violence goes on. What it wrote
// to its journal and its log of calls is read before, as both begin anew.
func (b *brawl) takeCloudAway(ctx context.Context, hold time.Duration) {
	if !b.away.IsZero() {
		return
	}
	b.trace.count("simulator restarts", 1)
	_ = b.clerk.read(ctx)
	b.simulator.Kill(b.tb)
	b.away, b.back = time.Now(), time.Now().Add(hold)
	b.witness.drain()
}

// comeBack brings back what was taken away, and whose time has come.
func (b *brawl) comeBack(now time.Time) {
	if !b.away.IsZero() && !now.Before(b.back) {
		b.startCloud()
	}
	if !b.ccmBack.IsZero() && !now.Before(b.ccmBack) {
		b.startCCM()
	}
}

func (b *brawl) startCloud() {
	b.simulator.Start(b.tb)
	if err := b.witness.reopen(); err != nil {
		b.tb.Fatalf("%v", err)
	}
	b.clerk.begin()
	was := time.Since(b.away)
	b.longest, b.away = max(b.longest, was), time.Time{}
	b.trace.note("  the simulator is back after %.1fs", was.Seconds())
	b.world.ledger.mend()
	b.setFaults(b.faults)
}

// takeCCMAway has the CCM slow, or down, for some strikes.
func (b *brawl) takeCCMAway(s strike) {
	if !b.ccmBack.IsZero() {
		return
	}
	b.ccmBack = time.Now().Add(4 * s.hold)
	if s.kind == pauseCCM {
		b.trace.count("CCM pauses", 1)
		b.ccm.ccm.Pause()
		return
	}
	b.trace.count("CCM restarts", 1)
	b.ccm.end()
	b.ccm = nil
}

// startCCM starts the CCM, or has it go on.
func (b *brawl) startCCM() {
	if b.ccm == nil {
		b.ccm = startShift(b.tb, b.cluster, b.console, namespaces[0])
	}
	b.ccm.ccm.Resume()
	b.ccmBack = time.Time{}
	b.trace.note("  the CCM is back")
	b.world.ledger.mend()
}

// relieve has somebody else lead. Throttling has taught the leader to ask slowly, which it
// forgets in a minute: too long for a short day.
func (b *brawl) relieve(ctx context.Context) {
	for _, r := range b.replicas {
		r.kill()
	}
	b.free(ctx)
}

// endCCM ends the CCM with the day.
func (b *brawl) endCCM() {
	if b.ccm != nil {
		b.ccm.end()
	}
}

// rest lets all go on undisturbed.
func (b *brawl) rest() {
	if !b.away.IsZero() {
		b.startCloud()
	}
	b.startCCM()
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
