package plan_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

var (
	modelSeed = flag.Uint64("model.seed", 1, "first seed of the model test")
	modelRuns = flag.Uint64("model.runs", 1000, "runs of the model test, each with a seed of its own")
)

const (
	window  = 10 * time.Second
	resync  = 10 * time.Minute
	region  = "cn-hangzhou"
	cluster = "cluster-1"
)

func settings() plan.Settings {
	return plan.Settings{ClusterID: cluster, Window: window, UploadTimeout: 10 * time.Second, Resync: resync}
}

// TestWhateverFailsTheCloudEndsUpRight plays random runs of objects, people, faults and
// crashes against the plan. The same seed gives the same run:
//
//	go test ./internal/plan -run TestWhatever -model.seed=17 -model.runs=1
func TestWhateverFailsTheCloudEndsUpRight(t *testing.T) {
	t.Parallel()
	for seed := *modelSeed; seed < *modelSeed+*modelRuns; seed++ {
		w := newWorld(seed)
		if w.play(); w.broken != "" {
			t.Fatalf("seed %d: %s\n%s", seed, w.broken, strings.Join(w.trace, "\n"))
		}
	}
}

// world is everything outside the plan: the cloud, the cluster, people and time.
type world struct {
	rng       *rand.Rand
	now       time.Time
	start     time.Time
	quiet     bool // faults and people have stopped
	cloud     []*modelCertificate
	objects   map[string][]*v1alpha1.ServerCertificate // all versions; nil where it is gone
	secrets   map[string]int
	wiped     map[string]time.Time // when the status was
	restored  time.Time            // when a status was last
	left      map[string]time.Time // when an object went and left its certificates
	missing   map[string]bool      // Secrets
	listeners map[int32]*modelListener
	version   int
	writes    int
	replicas  []*replica
	trace     []string
	broken    string
}

func newWorld(seed uint64) *world {
	start := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 0)), now: start, start: start,
		objects: map[string][]*v1alpha1.ServerCertificate{}, secrets: map[string]int{}, wiped: map[string]time.Time{},
		left: map[string]time.Time{}, missing: map[string]bool{}, listeners: newListeners(),
	}
	for i := range 1 + w.rng.IntN(2) {
		r := &replica{world: w, name: fmt.Sprintf("manager-%d", i), offset: w.upTo(2*time.Minute) - time.Minute}
		r.crash()
		w.replicas = append(w.replicas, r)
	}
	w.bystanders()
	w.create("web")
	w.create("api")
	return w
}

// bystanders are certificates that are none of ours, though they look like it.
func (w *world) bystanders() {
	for i, tags := range []map[string]string{
		{v1alpha1.TagCluster: "other", v1alpha1.TagObject: "shop/web", v1alpha1.TagDigest: digestOf(0)},
		{v1alpha1.TagCluster: cluster, v1alpha1.TagObject: "shop/else", v1alpha1.TagDigest: digestOf(0)},
		{},
	} {
		c := &modelCertificate{born: w.now, seen: w.now}
		c.ID, c.Tags, c.Fingerprint = fmt.Sprintf("bystander-%d", i), tags, fingerprintOf(digestOf(0))
		w.cloud = append(w.cloud, c)
	}
}

// play is one run: faults, then quiet.
func (w *world) play() {
	for range 40 + w.rng.IntN(160) {
		if w.broken != "" {
			return
		}
		w.act()
		w.check()
	}
	w.note("quiet")
	w.quiet = true
	i := w.rng.IntN(len(w.replicas))
	w.replicas = w.replicas[i : i+1] // two at once are a fault, too
	w.missing = map[string]bool{}
	for _, name := range []string{"web", "api"} {
		for w.replicas[0].passes[name] != nil && w.broken == "" {
			w.replicas[0].step(name)
		}
	}
	w.freeTerminating()
	for name := range w.objects {
		if o := w.latest(name); o != nil && o.Spec.Suspend {
			w.byHand(name, func(o *v1alpha1.ServerCertificate) { o.Spec.Suspend = false })
		}
		w.replicas[0].due[name] = w.now
	}
	w.settle(w.now.Add(2*resync + 5*time.Minute))
	w.checkEnd()
	w.checkServed()
	writes, certificates := w.writes, len(w.cloud)
	w.settle(w.now.Add(2 * resync))
	if w.broken == "" && (w.writes != writes || len(w.cloud) != certificates) {
		w.fail("%d writes and %d uploads although nothing changed", w.writes-writes, len(w.cloud)-certificates)
	}
}

// act is one random thing.
func (w *world) act() {
	r := w.replicas[w.rng.IntN(len(w.replicas))]
	name := w.anyName()
	switch dice := w.rng.IntN(100); {
	case dice < 70:
		if r.passes[name] == nil {
			r.begin(name)
		} else {
			r.step(name)
		}
	case dice < 80:
		w.now = w.now.Add(w.upTo([]time.Duration{time.Second, window, 2 * window, resync}[w.rng.IntN(4)]))
	case dice < 84:
		if w.now.Sub(w.restored) > 4*window {
			w.note("%s crashes", r.name)
			r.crash()
		}
	case dice < 96:
		w.people()
	default:
		for r.passes[name] != nil && w.broken == "" {
			r.step(name)
		}
	}
}

// settle lets the replicas work undisturbed, as events and their own times wake them.
func (w *world) settle(until time.Time) {
	for passes := 0; w.broken == ""; passes++ {
		if passes > 1000 {
			w.fail("passes follow each other without end")
		}
		r, name := w.nextDue()
		if at := r.due[name]; at.After(w.now) {
			w.now = at
		}
		if w.now.After(until) {
			w.now = until
			return
		}
		if r.passes[name] == nil {
			r.begin(name)
		}
		for r.passes[name] != nil && w.broken == "" {
			r.step(name)
			w.check()
		}
	}
}

// nextDue is who is woken next, and for which object.
func (w *world) nextDue() (*replica, string) {
	first, firstName := w.replicas[0], ""
	var at time.Time
	for _, r := range w.replicas {
		for _, name := range []string{"web", "api"} {
			due, ok := r.due[name]
			if r.passes[name] != nil {
				due, ok = w.now, true
			}
			if ok && (firstName == "" || due.Before(at)) {
				first, firstName, at = r, name, due
			}
		}
	}
	if firstName == "" {
		w.now = w.now.Add(10 * resync)
	}
	return first, firstName
}

// takeTime is what a call takes.
func (w *world) takeTime() {
	w.now = w.now.Add(w.upTo(200 * time.Millisecond))
	if !w.quiet && w.chance(5) {
		w.now = w.now.Add(w.upTo(3 * time.Second))
	}
}

// note adds a line to the trace.
func (w *world) note(format string, values ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%9.3f ", w.now.Sub(w.start).Seconds())+fmt.Sprintf(format, values...))
}

// fail notes the first promise that was broken.
func (w *world) fail(format string, values ...any) {
	if w.broken == "" {
		w.broken = fmt.Sprintf(format, values...)
		w.note("BROKEN: %s", w.broken)
	}
}

// digestOf is the digest of a Secret's content.
func digestOf(content int) string { return strings.Repeat(string(rune('a'+content)), 64) }

// fingerprintOf is the fingerprint of the leaf of a digest's chain.
func fingerprintOf(digest string) string { return digest[:min(4, len(digest))] }

// wantedOf is what a Secret's content asks for.
func wantedOf(content int) *plan.Wanted {
	digest := digestOf(content)
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	return &plan.Wanted{
		Digest: digest, Fingerprint: fingerprintOf(digest), CommonName: "a.com", DNSNames: []string{"a.com"},
		NotBefore: start, NotAfter: start.AddDate(0, 3, 0), Source: `Secret "web-tls"`,
	}
}
