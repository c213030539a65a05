package controller

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

const (
	// takeover is within what time after a leader's end another has synced what changed then.
	takeover = 20 * time.Second
	// outage is how long the cloud is away, and backWithin is how soon after it all is Ready: a
	// call is tried again at most 8 s after the last, and for an upload whose outcome is unknown
	// two lists are to be read, a consistency window of 10 s apart.
	outage, backWithin = time.Minute, 30 * time.Second
)

// elect starts a manager that leads only while it holds the Lease of the stage's namespace, so
// that stages don't wait for each other.
func (s *stage) elect(flags ...string) *env.Manager {
	s.Helper()
	flags = append([]string{"--watch-namespaces", s.namespace, "--cluster-id", clusterID, "--leader-elect"}, flags...)
	manager := env.ManagerOf(s, s.cluster, s.cloud, flags, []string{"POD_NAMESPACE=" + s.namespace})
	s.Cleanup(s.checkRights(manager))
	return manager
}

// grantLease lets managers have their Lease in the stage's namespace, which config/rbac has in
// its own; it gives the Lease.
func (s *stage) grantLease() *coordinationv1.Lease {
	s.Helper()
	s.cluster.Kubectl(s, "create", "role", "leases", "-n", s.namespace, "--verb=create,get,update", "--resource=leases.coordination.k8s.io,events")
	s.cluster.Kubectl(s, "create", "rolebinding", "leases", "-n", s.namespace, "--role=leases", "--serviceaccount=clbcert-system:clbcert-manager")
	return &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "clbcert"}}
}

func isHeld(l *coordinationv1.Lease) bool { return holder(l) != "" }

// fleet makes objects, each with a listener of a load balancer of its own, and waits until all
// are served.
func (s *stage) fleet(size int) []*servedObject {
	s.Helper()
	fleet := make([]*servedObject, size)
	for i := range fleet {
		balancer, _ := s.loadBalancer(443)
		fleet[i] = &servedObject{stage: s, balancer: balancer}
	}
	for i, o := range fleet {
		o.object = s.bind(fmt.Sprintf("web-%d", i), toListener(o.balancer, 443, ""))
	}
	for _, o := range fleet {
		o.id = s.ready(o.object).Status.CertificateID
	}
	return fleet
}

// change puts another certificate into the object's Secret, and doesn't wait.
func (o *servedObject) change() { o.put(o.object.Spec.SecretRef.Name, certs.NewLeaf(o.T, covering)) }

// isRenewed tells whether the object is Ready with another certificate than it had.
func (o *servedObject) isRenewed(now *v1alpha1.ServerCertificate) bool {
	return isReady(now) && now.Status.CertificateID != o.id && now.Status.PendingUpload == nil
}

// checkRenewedOnce waits until the object is renewed, and checks that there is its certificate
// and the one before, and that its listener serves it.
func (o *servedObject) checkRenewedOnce() {
	o.Helper()
	now := o.wait(o.object, "renewed", o.isRenewed)
	o.checkServed(o.balancer, 443, now.Status.CertificateID, nil)
	if live := o.live(now); len(live) != 2 || !slices.Equal(supersededIDs(now), []string{o.id}) {
		o.Errorf("%s: superseded %v, in the cloud is %+v, want the present certificate and %s", now.Name, supersededIDs(now), live, o.id)
	}
	o.checkNoDoubles()
}

func TestAStandbyTakesOverFromAKilledLeaderInTime(t *testing.T) {
	s := setStage(t)
	leader, o := s.twoReplicas()
	before := s.lastCall()
	killed := time.Now()
	leader.Kill(t)
	renewed := env.Observe(t, s.cluster, o.object)
	o.change()
	renewed.WaitWithin(t, takeover-time.Since(killed), "renewed by the other", o.isRenewed)
	t.Logf("renewed %.1fs after the kill", time.Since(killed).Seconds())
	o.checkRenewedOnce()
	o.checkWrites(before, "UploadServerCertificate", "SetLoadBalancerHTTPSListenerAttribute "+o.balancer+" 443")
}

func TestAStandbyFindsTheUploadOfAKilledLeader(t *testing.T) {
	s := setStage(t, "--latency", "400ms", "--list-lag", "1s")
	leader, o := s.twoReplicas()
	before := s.lastCall()
	o.change()
	s.wait(o.object, "an intent", isPending)
	leader.Kill(t)
	o.checkRenewedOnce()
	o.checkWrites(before, "UploadServerCertificate", "SetLoadBalancerHTTPSListenerAttribute "+o.balancer+" 443")
}

// twoReplicas starts a leader and a standby, and makes an object.
func (s *stage) twoReplicas() (leader *env.Manager, o *servedObject) {
	s.Helper()
	lease := s.grantLease()
	leader = s.elect()
	env.WaitFor(s, s.cluster, lease, "a leader", isHeld)
	s.elect()
	return leader, s.fleet(1)[0]
}

// A shutdown lets the writes to listeners under way end, and what is known by then be recorded.
func TestAStopEndsTheWritesToListeners(t *testing.T) {
	s := setStage(t, "--latency", "1s")
	lease := s.grantLease()
	leader := s.elect("--api-qps", "0")
	o := s.fleet(1)[0]
	before := s.lastCall()
	o.change()
	s.poll("a write's effect", func() bool { return !o.servesStill() })
	leader.Stop(t) // while the answer is on its way; it checks that the manager ends with exit code 0
	if now := env.WaitFor(t, s.cluster, lease, "the Lease", func(*coordinationv1.Lease) bool { return true }); isHeld(now) {
		t.Errorf("%s ended and holds the Lease", holder(now))
	}
	if strings.Count(leader.Log(), "set listener "+o.balancer) != 2 {
		t.Error("the answer to the write wasn't waited for")
	}
	now := s.get(o.object)
	if now.Status.CertificateID == o.id || now.Status.PendingUpload != nil {
		t.Errorf("the upload's outcome isn't recorded: %+v", now.Status)
	}
	if entry := now.Status.Bindings[0]; entry.CertificateID != now.Status.CertificateID {
		t.Errorf("the write's outcome isn't recorded: %+v", entry)
	}
	s.elect()
	o.checkRenewedOnce()
	o.checkWrites(before, "UploadServerCertificate", "SetLoadBalancerHTTPSListenerAttribute "+o.balancer+" 443")
}

// servesStill tells whether the listener still serves the first certificate. It asks the
// simulator itself: its answers to the API take their time.
func (o *servedObject) servesStill() bool {
	o.Helper()
	return slices.ContainsFunc(o.cloud.Listeners(o), func(l env.SimulatedListener) bool {
		return l.LoadBalancerID == o.balancer && l.ServerCertificateID == o.id
	})
}

// TestAnAPIServerThatWasAwayCostsNothing: it is killed when intents are recorded and uploads
// under way, so that no outcome can be.
func TestAnAPIServerThatWasAwayCostsNothing(t *testing.T) {
	t.Parallel()
	cluster := env.StartCluster(t)
	s := &stage{T: t, cluster: cluster, cloud: env.StartSimulator(t, "--latency", "1s"), namespace: cluster.Namespace(t)}
	// Its log isn't searched for missing rights: an API server that begins knows none yet.
	s.manager = env.StartManager(t, cluster, s.cloud, "--watch-namespaces", s.namespace, "--cluster-id", clusterID,
		"--api-qps", "0", "--consistency-window", "2s")
	fleet := s.fleet(4)
	uploads, process := len(s.uploads()), s.manager.PID()
	for _, o := range fleet {
		o.change()
	}
	for _, o := range fleet {
		s.wait(o.object, "an intent", isPending)
	}
	cluster.APIServer.Kill(t)
	s.poll("the uploads' effects", func() bool { return len(s.uploads()) == uploads+len(fleet) })
	answered := time.Now()
	s.poll("some passes without an API server", func() bool { return time.Since(answered) > 3*time.Second })
	cluster.APIServer.Start(t)
	back := time.Now()
	for _, o := range fleet {
		o.checkRenewedOnce()
	}
	t.Logf("all are renewed %.1fs after it came back", time.Since(back).Seconds())
	if got := len(s.uploads()) - uploads; got != len(fleet) || s.manager.PID() != process {
		t.Errorf("%d uploads for %d renewals", got, len(fleet))
	}
	o := fleet[0] // what is watched is seen again, once the watches are open
	o.id = s.get(o.object).Status.CertificateID
	o.change()
	o.wait(o.object, "renewed again", o.isRenewed)
	t.Logf("what changed after it came back was seen within %.1fs of that", time.Since(back).Seconds())
}

// TestAMinuteWithoutTheCloud: some uploads are under way when it goes, and some Secrets change
// while it is away.
func TestAMinuteWithoutTheCloud(t *testing.T) {
	s := setStage(t, "--latency", "500ms", "--list-lag", "1s").manage("--api-qps", "0")
	fleet := s.fleet(6)
	under, later, untouched := fleet[:2], fleet[2:4], fleet[4:]
	for _, o := range under {
		o.change()
	}
	for _, o := range under {
		s.wait(o.object, "an intent", isPending)
	}
	s.cloud.Kill(t)
	gone := time.Now()
	for _, o := range later {
		o.change()
		s.unready(o.object, v1alpha1.ReasonCloudUnavailable)
	}
	s.poll("the end of the outage", func() bool { return time.Since(gone) > outage })
	for _, o := range untouched {
		if now := s.get(o.object); !isReady(now) || now.Status.CertificateID != o.id {
			t.Errorf("nothing was to do for %s, and its status is %+v", now.Name, now.Status)
		}
	}
	s.cloud.Start(t)
	back := time.Now()
	for _, o := range fleet[:4] {
		env.Observe(t, s.cluster, o.object).WaitWithin(t, backWithin-time.Since(back), "renewed", o.isRenewed)
	}
	t.Logf("all are renewed %.1fs after it came back", time.Since(back).Seconds())
	for _, o := range fleet[:4] {
		o.checkRenewedOnce()
	}
	for _, o := range untouched {
		o.checkServed(o.balancer, 443, o.id, nil)
	}
}
