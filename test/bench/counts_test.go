package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// The calls to the cloud that are counted most.
const (
	uploadCall   = "UploadServerCertificate"
	listCall     = "DescribeServerCertificates"
	identityCall = "GetCallerIdentity"
	deleteCall   = "DeleteServerCertificate"
	setCall      = "SetLoadBalancerHTTPSListenerAttribute"
)

// otherRegion is where half of the unbound objects want their certificates.
const otherRegion = "cn-beijing"

func TestCounts(t *testing.T) {
	cluster := env.StartAuditedCluster(t)
	t.Run("objects that are bound nowhere, in two regions", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, cluster)
		w.simulate(0)
		w.live(40, 0, func(i int, o *v1alpha1.ServerCertificate) {
			if i%2 == 1 {
				o.Spec.Region = otherRegion
			}
		})
	})
	t.Run("objects that are each bound to a listener", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, cluster)
		w.simulate(0)
		w.live(40, 1, w.bound(40))
	})
	for _, n := range []int{10, 40} {
		t.Run(fmt.Sprintf("idling costs no more the more objects there are: %d", n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, cluster)
			w.simulate(0)
			w.populate(n)
			w.checkIdling(n, map[string]int{listCall: 1})
		})
		t.Run(fmt.Sprintf("keeping an eye on listeners costs calls by the load balancer: %d", n), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, cluster)
			w.simulate(0)
			w.populate(n, w.bound(n))
			w.checkIdling(n, map[string]int{listCall: 1, "DescribeLoadBalancers": 1, "DescribeLoadBalancerListeners": 1})
		})
	}
}

// live plays the life of n objects, each with so many listeners, and counts what each part
// of it costs.
func (w *world) live(n, listeners int, option func(i int, o *v1alpha1.ServerCertificate)) {
	w.populate(n, option)
	// One list is new enough for a burst, however long a slow machine takes for it.
	flags := []string{"--watch-namespaces", w.namespace, "--consistency-window", "5m"}
	w.step("a first sync takes one upload, and three writes of the object at most", n, limits{
		uploads: n, sets: n * listeners, writes: 3, identities: 1,
	}, func() {
		follower := w.follow(n, w.ready(0))
		w.manage(flags...)
		follower.wait()
	})
	for generation, sentence := range []string{
		"a renewal takes one upload, and two writes of the object at most",
		"a renewal that leaves one certificate too many takes a deletion more",
	} {
		w.step(sentence, n, limits{uploads: n, sets: n * listeners, deletions: n * generation, writes: 2}, func() {
			follower := w.follow(n, w.ready(generation+1))
			w.parallel(n, func(ctx context.Context, i int) error { return w.issue(ctx, i, generation+1) })
			follower.wait()
		})
	}
	w.step("a Secret that is touched takes no call and no write", n, limits{silent: true}, func() {
		before := w.passes()
		w.parallel(n, w.touch)
		w.poll("a pass over each object", func() bool { return w.passes() >= before+n })
	})
	w.manager.Kill(w)
	w.step("a restart uploads and writes nothing", n, limits{identities: 1}, func() {
		w.manager.Start(w)
		w.settled(n)
	})
}

// limits are what a step costs: uploads, deletions and sets of listeners are exact, the
// others the most. Lists are one for each region at most.
type limits struct {
	uploads, deletions, sets int
	identities               int
	writes                   int  // of one object
	silent                   bool // no call at all
}

// step counts while something is done, until the manager rests, and checks.
func (w *world) step(sentence string, n int, most limits, do func()) {
	w.Helper()
	meter := w.meter()
	do()
	w.rest()
	for _, wrong := range most.exceeded(n, meter.calls(), meter.audited()) {
		w.Errorf("%s: %s", sentence, wrong)
	}
}

// exceeded tells what was counted for n objects and isn't within the limits.
func (l limits) exceeded(n int, calls []env.SimulatedCall, requests []env.AuditedRequest) (wrongs []string) {
	wrong := func(format string, args ...any) { wrongs = append(wrongs, fmt.Sprintf(format, args...)) }
	counts := byAction(calls)
	for action, want := range map[string]int{uploadCall: l.uploads, deleteCall: l.deletions, setCall: l.sets} {
		if counts[action] != want {
			wrong("%d calls of %s for %d objects, want %d", counts[action], action, n, want)
		}
	}
	for object, uploads := range uploadsOf(calls) {
		if uploads != 1 {
			wrong("%d uploads for %s, want 1", uploads, object)
		}
	}
	for region, lists := range listsOf(calls) {
		if lists > 1 {
			wrong("%d lists of %s, want one at most", lists, region)
		}
	}
	if counts[identityCall] > l.identities {
		wrong("%d calls of %s, want %d at most", counts[identityCall], identityCall, l.identities)
	}
	if l.silent && len(calls) > 0 {
		wrong("the cloud was called: %s", text(counts))
	}
	tooMany := writes(requests)
	maps.DeleteFunc(tooMany, func(_ string, times int) bool { return times <= l.writes })
	if len(tooMany) > 0 {
		wrong("%d of %d objects were written more than %d times: %s; all requests: %s",
			len(tooMany), n, l.writes, text(tooMany), text(byVerb(requests)))
	}
	return wrongs
}

// uploadsOf counts uploads by the tag that names the object.
func uploadsOf(calls []env.SimulatedCall) map[string]int {
	counts := map[string]int{}
	for _, c := range calls {
		for name, value := range c.Parameters {
			number, isKey := strings.CutSuffix(name, ".Key")
			if c.Action == uploadCall && isKey && value == v1alpha1.TagObject {
				counts[c.Parameters[number+".Value"]]++
			}
		}
	}
	return counts
}

// listsOf counts lists by region: a list has no pages.
func listsOf(calls []env.SimulatedCall) map[string]int {
	counts := map[string]int{}
	for _, c := range calls {
		if c.Action == listCall {
			counts[c.Region]++
		}
	}
	return counts
}

// touch changes a Secret's labels.
func (w *world) touch(ctx context.Context, i int) error {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name(i) + "-tls"}}
	return w.cluster.Client.Patch(ctx, secret, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"touched":"yes"}}}`)))
}

// rest waits until the manager has nothing to do: no pass ends in a while.
func (w *world) rest() {
	w.Helper()
	const while = 500 * time.Millisecond
	passes, changed := -1, time.Now()
	w.poll("the manager to rest", func() bool {
		page := w.metrics()
		if now := w.total(page, passesTotal); now != passes || w.total(page, busy) > 0 {
			passes, changed = now, time.Now()
		}
		return time.Since(changed) >= while
	})
}

// checkIdling watches a manager that looks at everything each two seconds, until it has
// looked at all four times. Of each action there may be one call for each half interval,
// however many objects there are, times the number given; no other call, and no write.
func (w *world) checkIdling(n int, times map[string]int) {
	w.Helper()
	const resync = 2 * time.Second
	follower := w.follow(n, w.ready(0))
	w.manage("--watch-namespaces", w.namespace, "--resync-interval", resync.String())
	follower.wait()
	first := w.passes()
	w.poll("a pass over each synced object", func() bool { return w.passes() >= first+n })
	begin, meter, before := time.Now(), w.meter(), w.passes()
	w.poll("four passes over each object", func() bool { return w.passes() >= before+4*n })
	counts, requests := byAction(meter.calls()), meter.audited()
	most := int(time.Since(begin)/(resync/2)) + 1
	for _, action := range slices.Sorted(maps.Keys(counts)) {
		if counts[action] > most*times[action] {
			w.Errorf("%d calls of %s, want %d at most", counts[action], action, most*times[action])
		}
	}
	if counts[listCall] == 0 {
		w.Errorf("nothing was looked at: %s", text(counts))
	}
	if written := writes(requests); len(written) > 0 {
		w.Errorf("objects were written: %s", text(written))
	}
}
