package chaos

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// managersKey is the managers' own: so faults can be theirs alone, and not the operator's.
var managersKey = env.SimulatedAccessKey{ID: managersKeyID, Secret: managersSecret, Account: "1000000000000001"}

// clusterID is the managers' cluster id.
const clusterID = "chaos-1"

// What a day of five minutes must have had.
const (
	wholeDay      = 5 * time.Minute
	wantKills     = 200
	wantFaults    = 2000
	wantTakeovers = 3
	wantAway      = time.Minute
)

// stage is all that takes part.
type stage struct {
	*testing.T
	brawl *brawl
	world *world
}

func TestNothingIsDoubledLostOrUnservedOnABadDay(t *testing.T) {
	s := setStage(t)
	all, stopAll := context.WithCancel(t.Context())
	var companions sync.WaitGroup
	companions.Go(func() { s.world.witness.follow(all) })
	companions.Go(func() { s.brawl.clerk.follow(all) })
	for _, r := range s.brawl.replicas {
		companions.Go(func() { r.supervise(all) })
	}
	defer companions.Wait()
	defer stopAll()
	defer s.brawl.endCCM()

	s.day()
	s.world.settle(t.Context())
	_ = s.brawl.clerk.read(t.Context())
	s.judge()
}

// day lets people and violence loose for the time of the flag.
func (s *stage) day() {
	day, over := context.WithTimeout(s.Context(), *duration)
	defer over()
	choices := newChoices(*seed)
	var people sync.WaitGroup
	people.Go(func() { s.world.live(s.Context(), day, choices.deed) })
	s.brawl.setFaults(choices.mood())
	s.brawl.rage(day, *duration, choices.strike)
	people.Wait()
	s.brawl.rest()
	if *duration < wholeDay {
		s.brawl.relieve(s.Context())
	}
}

func setStage(t *testing.T) *stage {
	t.Helper()
	cluster := env.StartCluster(t)
	simulator := env.StartSimulator(t, "--list-lag", "1500ms", "--settle-time", "300ms", "--latency", "20ms",
		"--quota", "500", "--extension-limit", "10", "--seed", fmt.Sprint(*seed))
	simulator.PutAccessKey(t, managersKey)
	trace, ledger := newTrace(), newLedger()
	witness, err := newWitness(simulator, trace, ledger, clusterID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(witness.close)
	clerk, err := newClerk(simulator, trace)
	if err != nil {
		t.Fatal(err)
	}
	console := cloud.New(t, simulator)
	w := &world{client: cluster.Client, cloud: console.API, trace: trace, ledger: ledger, witness: witness}
	s := &stage{T: t, world: w, brawl: &brawl{
		tb: t, cluster: cluster, simulator: simulator, world: w, witness: witness, clerk: clerk, trace: trace,
		console:  console,
		replicas: []*replica{newReplica(t, "left", cluster, simulator, trace), newReplica(t, "right", cluster, simulator, trace)},
	}}
	w.putKey = clerk.putKey
	s.furnish(console)
	return s
}

// newReplica is a manager that isn't started yet.
func newReplica(t *testing.T, name string, cluster *env.Cluster, simulator *env.Simulator, trace *trace) *replica {
	t.Helper()
	return &replica{
		name: name, path: env.Program(t, "manager"), trace: trace,
		args: []string{
			"--kubeconfig", cluster.ManagerKubeconfig, "--clb-endpoint", simulator.URL, "--sts-endpoint", simulator.URL,
			"--clb-ca-file", simulator.CAFile, "--region", env.Region, "--cluster-id", clusterID, "--leader-elect",
			"--consistency-window", "2s", "--resync-interval", "2s", "--api-timeout", "1s", "--api-qps", "0",
		},
		env: []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "POD_NAMESPACE=" + leaseNamespace,
			"ALIBABA_CLOUD_ACCESS_KEY_ID=" + managersKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET=" + managersSecret,
		},
	}
}

// furnish makes load balancers with listeners that serve strangers, the Secrets and objects.
func (s *stage) furnish(console *cloud.Client) {
	s.Helper()
	for i := range 6 {
		s.world.strangers = append(s.world.strangers, s.upload(console, i))
	}
	all := map[string]string{v1alpha1.TagNamespaces: "*"}
	ids := s.balancers(console, balancers, all, ports)
	given := s.balancers(console, 2, all, servicePorts)
	untagged := s.balancers(console, 1, nil, servicePorts)
	for _, name := range namespaces {
		s.insist(func() error {
			return s.world.client.Create(s.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
		})
	}
	w := s.world
	w.keyrings, w.services = newKeyrings(), newServices(given)
	plain, secrets := newSlots(ids)
	served, theirs := newServiceSlots(plainSlots)
	own, owns := newOwnSlots(plainSlots+serviceSlots, untagged[0], w.keyrings)
	w.slots, w.secrets = slices.Concat(plain, served, own), slices.Concat(secrets, theirs, owns)
	for _, k := range w.keyrings {
		s.insist(func() error { return w.putKey(s.Context(), k.key(0)) })
		s.insist(func() error { return w.putKeys(s.Context(), k) })
	}
	for _, service := range w.services {
		s.insist(func() error { return w.makeService(s.Context(), service) })
	}
	s.brawl.startCCM()
	for _, secret := range s.world.secrets {
		s.insist(secret.renew)
		s.insist(func() error { return s.world.put(s.Context(), secret) })
	}
	for _, slot := range s.world.slots {
		s.insist(func() error { return s.world.create(s.Context(), slot) })
	}
}

// balancers makes load balancers with a listener at each port, in turn, as they are busy for
// a while after each.
func (s *stage) balancers(console *cloud.Client, n int, tags map[string]string, ports []int) (ids []string) {
	s.Helper()
	for range n {
		ids = append(ids, console.CreateLoadBalancer(s, "slb.s2.small", tags, ""))
	}
	for _, port := range ports {
		for _, id := range ids {
			s.insist(func() error {
				return console.API.CreateListener(s.Context(), cloud.Listener{
					LoadBalancerID: id, Port: port, Protocol: "https", CertificateID: s.world.strangers[0],
					Settings: map[string]string{"Bandwidth": "-1"},
				})
			})
		}
	}
	return ids
}

func (s *stage) insist(do func() error) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), env.Patience)
	defer cancel()
	if err := s.world.insist(ctx, "setting the stage", do); err != nil {
		s.Fatal(err)
	}
}

// upload makes a certificate that is none of ours, some with another cluster's tags.
func (s *stage) upload(console *cloud.Client, i int) string {
	s.Helper()
	identity := certs.NewLeaf(s.T)
	key, err := identity.KeyPEM(certs.SEC1)
	if err != nil {
		s.Fatal(err)
	}
	id := console.Upload(s, "stranger", nil, identity.ChainPEM(), key)
	console.Upload(s, "neighbour", map[string]string{
		v1alpha1.TagCluster: "chaos-2", v1alpha1.TagObject: fmt.Sprintf("%s/web-%02d", namespaces[i%3], i), v1alpha1.TagDigest: digest(identity),
	}, identity.ChainPEM(), key)
	return id
}

// promises are what must not happen at all.
var promises = []string{
	"duplicates", "lost", "foreign deletions", "gaps", "uploads beyond decisions", "order", "take-over", "crashes", "rights",
	"witness", "the test itself",
}

// judge prints the table, and what went wrong with all that led to it.
func (s *stage) judge() {
	s.Helper()
	s.checkWitness()
	trace := s.world.trace
	s.Logf("\n%s", s.table())
	if *duration >= wholeDay {
		s.checkWhole()
	}
	if !trace.violated() {
		return
	}
	var text strings.Builder
	for _, kind := range promises {
		for _, violation := range trace.violations(kind) {
			fmt.Fprintf(&text, "%s: %s\n", kind, violation)
		}
	}
	for _, r := range s.brawl.replicas {
		s.Logf("the end of the log of %s:\n%s", r.name, r.tail())
	}
	s.Errorf("make chaos SEED=%d DURATION=%s\n%s\n%s", *seed, *duration, trace, text.String())
}

// checkWhole checks that a whole day had all that it is to have.
func (s *stage) checkWhole() {
	s.Helper()
	trace := s.world.trace
	if trace.of("kills") < wantKills || trace.of("faults") < wantFaults {
		s.Errorf("%d kills and %d faults, want %d and %d", trace.of("kills"), trace.of("faults"), wantKills, wantFaults)
	}
	if trace.of("take-overs") < wantTakeovers || s.brawl.longest < wantAway {
		s.Errorf("%d take-overs without help, and the cloud away for %s, want %d and %s", trace.of("take-overs"), s.brawl.longest,
			wantTakeovers, wantAway)
	}
}

// checkWitness checks that the journal told all: what it led to is what there is.
func (s *stage) checkWitness() {
	s.Helper()
	var ids []string
	for _, c := range s.brawl.simulator.Certificates(s) {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	if told := s.world.witness.ids(); !slices.Equal(ids, told) {
		s.world.trace.violate("witness", "the simulator has %v, its journal told of %v", ids, told)
	}
	serves := map[target]string{}
	for _, l := range s.brawl.simulator.Listeners(s) {
		serves[target{l.LoadBalancerID, l.Port, ""}] = l.ServerCertificateID
	}
	for _, e := range s.brawl.simulator.Extensions(s) {
		serves[target{e.LoadBalancerID, e.ListenerPort, strings.ToLower(e.Domain)}] = e.ServerCertificateID
	}
	if told := s.world.witness.served(); !maps.Equal(serves, told) {
		s.world.trace.violate("witness", "the simulator serves %v, its journal told of %v", serves, told)
	}
}

// table is what the day was like.
func (s *stage) table() string {
	trace := s.world.trace
	var text strings.Builder
	row := func(name string, value any) { fmt.Fprintf(&text, "%-28s %v\n", name, value) }
	row("seed", *seed)
	row("duration", *duration)
	row("objects", slots)
	row("  that bind Services", serviceSlots)
	row("  with keys of their own", ownSlots)
	for _, what := range []string{
		"kills", "pauses", "stops", "simulator restarts", "control plane restarts", "CCM pauses", "CCM restarts", "ends by themselves",
	} {
		row(what, trace.of(what))
	}
	row("the cloud away, at most", fmt.Sprintf("%.1fs", s.brawl.longest.Seconds()))
	row("take-overs without help", fmt.Sprintf("%d, the slowest after %.1fs of %.0fs", trace.of("take-overs"), s.brawl.slowest.Seconds(), takeover.Seconds()))
	row("calls", trace.of("calls"))
	row("faults", trace.of("faults"))
	for _, code := range hit(trace) {
		row("  "+code, trace.of("fault "+code))
	}
	deeds := 0
	for _, w := range deedWeights {
		deeds += trace.of("deed " + w.kind)
	}
	row("deeds", deeds)
	for _, w := range deedWeights {
		row("  "+w.kind, trace.of("deed "+w.kind))
	}
	row("in order again after", fmt.Sprintf("%ds", trace.of("settled")))
	row("uploads", trace.of("uploads"))
	row("certificates deleted", trace.of("deletions"))
	row("certificates at the end", len(s.world.witness.ids()))
	for _, what := range promises {
		row(what, len(trace.violations(what)))
	}
	return text.String()
}
