package bench

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// managerLabel says in config/second which of two managers an object belongs to.
const managerLabel = "clbcert.dev/manager"

// pair is two managers side by side, installed by config/default and config/second.
type pair struct{ first, second *env.Manager }

// manageTwo starts the two, each under the rights and with the flag of its installation.
func (w *world) manageTwo() pair {
	w.Helper()
	w.cluster.Kubectl(w, "apply", "--server-side", "-k", filepath.Join("..", "..", "config", "second"))
	deployment := &appsv1.Deployment{}
	key := client.ObjectKey{Namespace: "clbcert-system-second", Name: "clbcert-manager-second"}
	if err := w.cluster.Client.Get(w.Context(), key, deployment); err != nil {
		w.Fatal(err)
	}
	pod := deployment.Spec.Template.Spec
	selector := pod.Containers[0].Args[slices.IndexFunc(pod.Containers[0].Args, func(arg string) bool {
		return strings.HasPrefix(arg, "--watch-label-selector=")
	})]
	user := "system:serviceaccount:" + deployment.Namespace + ":" + pod.ServiceAccountName
	start := func(namespace string, flags ...string) *env.Manager {
		flags = append(flags, "--leader-elect", "--api-qps", "0", "--cluster-id", "prod-1")
		return env.ManagerOf(w, w.cluster, w.cloud, flags, []string{"POD_NAMESPACE=" + namespace})
	}
	return pair{
		first:  start("clbcert-system", strings.Replace(selector, " in ", " notin ", 1)),
		second: start(deployment.Namespace, selector, "--kubeconfig", w.cluster.KubeconfigOf(w, user)),
	}
}

// half has each second object belong to the second manager.
func half(i int, o *v1alpha1.ServerCertificate) {
	if i%2 == 1 {
		o.Labels = map[string]string{managerLabel: "second"}
	}
}

// checkLeases checks that each holds a Lease of its own.
func (w *world) checkLeases() {
	w.Helper()
	for _, namespace := range []string{"clbcert-system", "clbcert-system-second"} {
		lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "clbcert"}}
		env.WaitFor(w, w.cluster, lease, "held", func(l *coordinationv1.Lease) bool {
			return l.Spec.HolderIdentity != nil && *l.Spec.HolderIdentity != ""
		})
	}
}

// checkShared checks that each did the work of its own objects, and nobody anything twice.
func (w *world) checkShared(managers pair, n int) {
	w.Helper()
	w.checkLeases()
	for name, manager := range map[string]*env.Manager{"first": managers.first, "second": managers.second} {
		if got := strings.Count(manager.Log(), `"step":"upload the certificate as `); got != n/2 {
			w.Errorf("the %s uploaded %d, want %d", name, got, n/2)
		}
	}
	if got := len(w.cloud.Calls(w, uploadCall)); got != n {
		w.Errorf("%d uploads of %d objects", got, n)
	}
}

func TestTwoManagersShareTheWork(t *testing.T) {
	t.Parallel()
	const n = 200
	w := newWorld(t, env.StartCluster(t))
	w.simulate(0)
	w.populate(n, half)
	follower := w.follow(n, w.ready(0))
	managers := w.manageTwo()
	follower.wait()
	w.checkShared(managers, n)

	// An object that is given to the other takes its certificate along.
	given := &v1alpha1.ServerCertificate{}
	key := client.ObjectKey{Namespace: w.namespace, Name: name(0)}
	if err := w.cluster.Client.Get(t.Context(), key, given); err != nil {
		t.Fatal(err)
	}
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"metadata":{"labels":{"%s":"second"},"annotations":{"%s":"now"}}}`,
		managerLabel, v1alpha1.AnnotationSyncRequestedAt))
	if err := w.cluster.Client.Patch(t.Context(), given, patch); err != nil {
		t.Fatal(err)
	}
	env.WaitFor(t, w.cluster, given, "looked after by the second", func(o *v1alpha1.ServerCertificate) bool {
		return o.Status.LastHandledSyncRequest == "now" && isReady(o)
	})
	w.checkShared(managers, n)
}

// BenchmarkTwoManagers has two managers share what one would do alone, at the same time.
func BenchmarkTwoManagers(b *testing.B) {
	each(b, []int{2000}, func(b *testing.B, n int) {
		w := newWorld(b, env.StartCluster(b))
		w.simulate(*latency)
		w.populate(n, half)
		w.calm(w.cluster.APIServer)
		follower := w.follow(n, w.ready(0))
		begin := time.Now()
		managers := w.manageTwo()
		when := follower.wait()
		w.checkShared(managers, n)
		record(b, "More than one manager", fmt.Sprintf("%d, two managers with a half each", n), slices.Concat(
			speed(n, begin, when), spread("wait", since(begin, when)),
			[]figure{{"calls to the cloud", byAction(w.cloud.Calls(b))}})...)
	})
}
