package bench

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/clbcert/clbcert/test/env"
)

const restartTable, idleTable = "Restart and memory", "Idling"

// BenchmarkRestart starts a new manager on synced objects, and watches it while it has
// nothing to do: with its defaults, and with a short interval of looking again.
func BenchmarkRestart(b *testing.B) {
	each(b, []int{1000, 10000}, func(b *testing.B, n int) {
		w := newWorld(b, env.StartAuditedCluster(b))
		w.simulate(0)
		w.populate(n)
		follower, meter := w.follow(n, w.ready(0)), w.meter()
		w.manage()
		follower.wait()
		w.calm(w.manager.Process)
		record(w, restartTable, fmt.Sprintf("%d, after the first sync, the cloud without latency", n), meter.process()...)
		w.manager.Stop(w)

		w.simulate(*latency)
		w.restart(n)
		w.idle(n, "defaults")
		w.manager.Stop(w)

		w.manage("--resync-interval", shortResync)
		w.settled(n)
		w.idle(n, "--resync-interval "+shortResync)
	})
}

// shortResync has all that a manager does now and then happen in a minute.
const shortResync = "30s"

// restart measures from the manager's start until it has passed over all objects.
func (w *world) restart(n int) {
	w.Helper()
	w.calm(w.cluster.APIServer)
	meter := w.meter()
	begin := time.Now()
	w.manage()
	w.settled(n)
	took := time.Since(begin).Seconds()
	w.calm(w.manager.Process)
	requests := meter.audited()
	record(w, restartTable, fmt.Sprintf("%d synced objects, new manager", n), slices.Concat(
		[]figure{{"seconds until all were looked at", took}}, meter.process(), []figure{
			{"calls to the cloud", byAction(meter.calls())},
			{"object writes", sum(writes(requests))},
			{"API requests", byVerb(requests)},
		})...)
}

// idle watches a manager that has nothing to do.
func (w *world) idle(n int, flags string) {
	w.Helper()
	w.calm(w.manager.Process)
	meter, passes := w.meter(), w.passes()
	timer := time.NewTimer(*idlePeriod)
	defer timer.Stop()
	before := w.cpu(w.manager.PID())
	<-timer.C
	used := w.cpu(w.manager.PID()) - before
	record(w, idleTable, fmt.Sprintf("%d objects, %s", n, flags),
		figure{"over (s)", idlePeriod.Seconds()},
		figure{"CPU (% of one)", 100 * used.Seconds() / idlePeriod.Seconds()},
		figure{"passes", w.passes() - passes},
		figure{"calls to the cloud", byAction(meter.calls())},
		figure{"API requests", byVerb(meter.audited())},
		figure{"VmRSS at the end (MiB)", w.memory(w.manager.PID(), "VmRSS")},
		figure{"VmHWM (MiB)", w.memory(w.manager.PID(), "VmHWM")})
}
