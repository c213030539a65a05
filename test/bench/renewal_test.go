package bench

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

const rotationTable = "Mass renewal"

// BenchmarkRenewal renews single Secrets among many idle objects, each bound to a listener
// of its own, and then all at once.
func BenchmarkRenewal(b *testing.B) {
	each(b, []int{1000}, func(b *testing.B, n int) {
		w := newWorld(b, env.StartAuditedCluster(b))
		w.simulate(0)
		w.populate(n, w.bound(n))
		w.syncAll(n)
		w.simulate(*latency)
		w.manage()
		w.settled(n)
		w.calm(w.manager.Process)
		w.renewSome(n, min(n, 50))
		w.rotate(n, 2, fmt.Sprintf("%d, each bound to a listener", n))
	})
}

// BenchmarkRotation renews all at once, of objects that are bound nowhere.
func BenchmarkRotation(b *testing.B) {
	each(b, []int{1000}, func(b *testing.B, n int) {
		w := newWorld(b, env.StartAuditedCluster(b))
		w.simulate(0)
		w.populate(n)
		w.syncAll(n)
		w.simulate(*latency)
		w.manage()
		w.settled(n)
		w.calm(w.manager.Process)
		w.rotate(n, 1, fmt.Sprintf("%d, not bound", n))
	})
}

// syncAll has a manager of its own bring all objects to Ready. It is gone at the end.
func (w *world) syncAll(n int) {
	w.Helper()
	follower := w.follow(n, w.ready(0))
	w.manage()
	follower.wait()
	w.manager.Stop(w)
}

// perBalancer is how many listeners a load balancer can have.
const perBalancer = 50

// bound makes a listener for each object, and gives what binds the object to it.
func (w *world) bound(n int) func(i int, o *v1alpha1.ServerCertificate) {
	w.Helper()
	console := cloud.New(w, w.cloud)
	identity := certs.NewLeaf(w)
	key, err := identity.KeyPEM(certs.SEC1)
	if err != nil {
		w.Fatal(err)
	}
	before := console.Upload(w, "stranger", nil, identity.ChainPEM(), key)
	var balancers []string
	for i := range n {
		if i%perBalancer == 0 {
			balancers = append(balancers, console.CreateLoadBalancer(w, "slb.s2.small", map[string]string{v1alpha1.TagNamespaces: w.namespace}, ""))
		}
		id, port := balancers[i/perBalancer], portOf(i)
		console.CreateHTTPSListener(w, id, port, before, "")
		console.StartListener(w, id, port)
	}
	return func(i int, o *v1alpha1.ServerCertificate) {
		o.Spec.Bindings = []v1alpha1.Binding{{Name: "listener", Listener: &v1alpha1.ListenerTarget{
			LoadBalancerID: balancers[i/perBalancer], Port: int32(portOf(i)),
		}}}
	}
}

// portOf is the port of an object's listener; no two objects have the same.
func portOf(i int) int { return 1000 + i }

// renewSome renews so many of n Secrets, one after the other.
func (w *world) renewSome(n, times int) {
	w.Helper()
	meter := w.meter()
	begins, readies, recorded := map[string]time.Time{}, []time.Duration{}, []time.Duration{}
	for k := range times {
		i := k * n / times
		written := w.follow(1, func(o *v1alpha1.ServerCertificate) bool {
			return o.Name == name(i) && o.Status.NotAfter != nil && o.Status.NotAfter.Time.Equal(w.expiryOf(1))
		})
		ready := w.follow(1, func(o *v1alpha1.ServerCertificate) bool { return o.Name == name(i) && w.ready(1)(o) })
		begin := time.Now()
		if err := w.issue(w.Context(), i, 1); err != nil {
			w.Fatalf("renewing a Secret: %v", err)
		}
		begins[name(i)] = begin
		recorded = append(recorded, latest(written.wait()).Sub(begin))
		readies = append(readies, latest(ready.wait()).Sub(begin))
	}
	uploads, moves := w.arrivals(meter, begins)
	record(w, "Renewal", fmt.Sprintf("%d renewals, one after the other, among %d bound objects", times, n), slices.Concat(
		spread("Secret's write to upload's arrival", uploads), spread("to the listener's change", moves),
		spread("to the new ID in the status", recorded), spread("to Ready", readies), meter.costs(times))...)
}

// arrivals are how long after the Secret's write each upload arrived, and each listener
// was set: half the latency after the call's arrival.
func (w *world) arrivals(m *meter, begins map[string]time.Time) (uploads, moves []time.Duration) {
	w.Helper()
	byTag, byPort := map[string]time.Time{}, map[string]time.Time{}
	for i := 0; len(byTag) < len(begins); i++ {
		if begin, renewed := begins[name(i)]; renewed {
			byTag[v1alpha1.ObjectTag(w.namespace, name(i))] = begin
			byPort[strconv.Itoa(portOf(i))] = begin
		}
	}
	for _, call := range m.calls() {
		switch call.Action {
		case "UploadServerCertificate":
			for _, value := range call.Parameters {
				if begin, renewed := byTag[value]; renewed {
					uploads = append(uploads, call.Time.Sub(begin))
				}
			}
		case "SetLoadBalancerHTTPSListenerAttribute":
			if begin, renewed := byPort[call.Parameters["ListenerPort"]]; renewed {
				moves = append(moves, call.Time.Add(*latency/2).Sub(begin))
			}
		}
	}
	if len(uploads) != len(begins) || len(moves) != len(begins) {
		w.Errorf("%d renewals made %d uploads and set %d listeners", len(begins), len(uploads), len(moves))
	}
	return uploads, moves
}

// rotate renews all Secrets at once, as when an authority is replaced.
func (w *world) rotate(n, generation int, scenario string) {
	w.Helper()
	follower, meter := w.follow(n, w.ready(generation)), w.meter().timed()
	begin := time.Now()
	w.parallel(n, func(ctx context.Context, i int) error { return w.issue(ctx, i, generation) })
	when := follower.wait()
	record(w, rotationTable, scenario, slices.Concat(speed(n, begin, when), meter.costs(n), meter.process())...)
}
