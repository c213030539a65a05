package chaos

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/clbcert/clbcert/test/env"
)

// A leader that is paused past its lease doesn't know that another leads when it goes on. It
// may act until it finds out; nothing comes of that, and then it ends.
func TestALeaderThatWasPausedPastItsLeaseDoesNoHarm(t *testing.T) {
	t.Parallel()
	l := newLife(t, env.Program(t, "manager"))
	b, w := l.stage.brawl, l.stage.world
	right := newReplica(t, "right", b.cluster, b.simulator, b.trace)
	right.args = b.replicas[0].args
	b.replicas = append(b.replicas, right)
	all, stop := context.WithCancel(t.Context())
	var companions sync.WaitGroup
	companions.Go(func() { w.witness.follow(all) })
	for _, r := range b.replicas {
		companions.Go(func() { r.supervise(all) })
	}
	defer companions.Wait()
	defer stop()

	l.make()
	leader := b.awaitLeader(t.Context())
	wait(t.Context(), time.Second)
	process := leader.running()
	b.pause(leader)
	l.must(w.replace(t.Context(), l.slot.secret, deed{kind: renew}))
	b.timeTakeover(t.Context(), leader)
	l.await("renewed by the other", l.isServed)
	leader.resume()
	short, cancel := context.WithTimeout(t.Context(), env.Patience)
	defer cancel()
	for leader.running() == process && short.Err() == nil { // people go on while two believe that they lead
		l.must(w.replace(t.Context(), l.slot.secret, deed{kind: renew}))
		l.await("renewed while two lead", l.isServed)
	}
	l.must(short.Err())
	l.must(w.replace(t.Context(), l.slot.secret, deed{kind: renew}))
	l.await("renewed by the one that leads", l.isServed)
	l.stage.checkWitness()
	if w.trace.violated() || w.trace.of("ends by themselves") != 1 {
		t.Errorf("%d ended by themselves, want the one that was paused\n%s", w.trace.of("ends by themselves"), w.trace)
	}
	t.Logf("taken over after %.1fs; %d renewals", b.slowest.Seconds(), w.trace.of("deed "+renew))
}
