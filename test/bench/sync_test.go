package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/clbcert/clbcert/test/env"
)

const syncTable = "First sync"

// BenchmarkSyncAllThere has Secrets and objects wait for the manager, and counts from its
// start: its own start-up is in the time.
func BenchmarkSyncAllThere(b *testing.B) { each(b, []int{200, 1000}, allThere) }

func allThere(b *testing.B, n int) {
	b.Helper()
	w := newWorld(b, env.StartAuditedCluster(b))
	w.simulate(*latency)
	w.populate(n)
	w.calm(w.cluster.APIServer)
	follower, meter := w.follow(n, w.ready(0)), w.meter()
	begin := time.Now()
	w.manage()
	when := follower.wait()
	record(b, syncTable, fmt.Sprintf("%d, all there at the manager's start", n),
		slices.Concat(speed(n, begin, when), arrival(begin, meter.calls()), spread("wait", since(begin, when)), meter.costs(n), meter.process())...)
}

// BenchmarkSyncOneByOne has objects come while the manager runs, and counts from the first
// one's creation, and each wait from its own object's.
func BenchmarkSyncOneByOne(b *testing.B) { each(b, []int{200, 1000}, oneByOne) }

func oneByOne(b *testing.B, n int) {
	b.Helper()
	w := newWorld(b, env.StartAuditedCluster(b))
	w.simulate(*latency)
	w.parallel(n, func(ctx context.Context, i int) error { return w.issue(ctx, i, 0) })
	w.manage()
	w.calm(w.cluster.APIServer)
	follower, meter := w.follow(n, w.ready(0)), w.meter().timed()
	var mu sync.Mutex
	created := map[string]time.Time{}
	begin := time.Now()
	w.parallel(n, func(ctx context.Context, i int) error {
		mu.Lock()
		created[name(i)] = time.Now()
		mu.Unlock()
		return w.object(ctx, i)
	})
	when := follower.wait()
	var waits []time.Duration
	for name, at := range when {
		waits = append(waits, at.Sub(created[name]))
	}
	record(b, syncTable, fmt.Sprintf("%d, created while the manager runs", n),
		slices.Concat(speed(n, begin, when), arrival(begin, meter.calls()), spread("wait", waits), meter.costs(n), meter.process())...)
}

// speed is how long it took until the last was Ready, and how many that makes a second.
func speed(n int, begin time.Time, when map[string]time.Time) []figure {
	took := latest(when).Sub(begin).Seconds()
	return []figure{{"seconds", took}, {"certificates per second", float64(n) / took}}
}

// arrival is when the first and the last call came: what is before and after isn't the cloud's.
func arrival(begin time.Time, calls []env.SimulatedCall) []figure {
	return []figure{
		{"first call after (s)", calls[0].Time.Sub(begin).Seconds()},
		{"last call after (s)", calls[len(calls)-1].Time.Sub(begin).Seconds()},
	}
}

// BenchmarkRateLimit measures first syncs under a rate that is the limit: the time should
// be that of the calls.
func BenchmarkRateLimit(b *testing.B) {
	each(b, []int{200}, func(b *testing.B, n int) {
		const rate = 50
		w := newWorld(b, env.StartAuditedCluster(b))
		w.simulate(*latency)
		w.populate(n)
		w.calm(w.cluster.APIServer)
		follower, meter := w.follow(n, w.ready(0)), w.meter()
		begin := time.Now()
		w.manage("--api-qps", fmt.Sprint(rate), "--api-burst", "1")
		took := latest(follower.wait()).Sub(begin).Seconds()
		calls := meter.calls()
		least := float64(len(calls)) / rate
		record(b, "Rate limit", fmt.Sprintf("%d first syncs, --api-qps %d --api-burst 1", n, rate), slices.Concat(
			[]figure{{"seconds", took}, {"calls", len(calls)}, {"calls ÷ rate (s)", least}, {"ratio", took / least}},
			arrival(begin, calls), []figure{{"calls to the cloud", byAction(calls)}})...)
	})
}
