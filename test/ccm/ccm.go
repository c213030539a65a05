// Package ccm stands in for Alibaba Cloud's cloud controller manager (CCM), which no test
// can have: its controller of Services with a Classic Load Balancer, that applies,
// refuses and puts back as the real one does, its bugs included. It is written from what
// kubernetes/cloud-provider-alibaba-cloud does at eeb0ddc6, named by file where it
// matters, and shares no code with the product's view of it.
//
// Left out is what has nothing to do with certificates: server groups and backends,
// updates of listeners that aren't HTTPS and forwarding between them, EIPs, protection of
// load balancers and changes to their other attributes. What the real one does at once,
// in parallel, this one does in order. Its first retry comes after 200 ms, not 5 s.
package ccm

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// DefaultClusterID is that of a CCM that isn't told another.
const DefaultClusterID = "clusterid"

// UserAgent is that of the CCM's calls, to tell them from an operator's.
const UserAgent = "ccm"

const (
	workers    = 3 // DefaultServiceMaxConcurrentReconciles
	firstRetry = 200 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// CCM is a running stand-in.
type CCM struct {
	kube           client.Client
	cloud          *cloud.API
	namespace      string
	clusterID      string
	typeAnnotation bool

	queue  workqueue.TypedRateLimitingInterface[string] // names of Services
	passes passes
	gate   sync.RWMutex // held by each pass for reading, while paused for writing
	paused atomic.Bool
	work   sync.WaitGroup
}

// Option changes one thing of a CCM.
type Option func(*CCM)

// ClusterID sets the cluster's ID, which is in the descriptions of listeners.
func ClusterID(id string) Option { return func(c *CCM) { c.clusterID = id } }

// TypeAnnotation turns the feature gate LoadBalancerTypeAnnotation on, which is off by
// default: Services with the annotation loadbalancer-type are left alone then.
func TypeAnnotation() Option { return func(c *CCM) { c.typeAnnotation = true } }

// Start runs a CCM for the Services of a namespace, until the test's cleanup.
func Start(tb env.TB, cluster *env.Cluster, client *cloud.Client, namespace string, options ...Option) *CCM {
	tb.Helper()
	c := &CCM{
		kube: cluster.Client, cloud: client.API.As(UserAgent), namespace: namespace, clusterID: DefaultClusterID,
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](firstRetry, lastRetry)),
	}
	for _, option := range options {
		option(c)
	}
	clientset, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		tb.Fatalf("starting the CCM: %v", err)
	}
	_, services := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(clientset.CoreV1().RESTClient(), "services", namespace, fields.Everything()),
		ObjectType:    &corev1.Service{},
		Handler:       c.handler(),
	})
	// Not the test's context: its cleanups may need the CCM.
	ctx, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	c.work.Go(func() { services.RunWithContext(ctx) })
	for range workers {
		c.work.Go(func() { c.run(ctx) })
	}
	tb.Cleanup(func() {
		stop()
		c.queue.ShutDown()
		c.Resume()
		c.work.Wait()
	})
	return c
}

// Pause lets the pass in hand end and keeps the CCM from beginning another: it is down,
// or slow.
func (c *CCM) Pause() {
	if c.paused.CompareAndSwap(false, true) {
		c.gate.Lock()
	}
}

// Resume ends Pause: what has changed meanwhile is looked at now.
func (c *CCM) Resume() {
	if c.paused.CompareAndSwap(true, false) {
		c.gate.Unlock()
	}
}

// Look makes the CCM look at a Service as a change of a node or of an endpoint does, and
// gives the outcome of a pass that began after the call, which waits for Resume. It reads
// no listener unless the Service's hash has changed.
func (c *CCM) Look(tb env.TB, service string) error {
	tb.Helper()
	outcome := c.passes.await(service)
	c.queue.Add(service)
	timer := time.NewTimer(env.Patience)
	defer timer.Stop()
	select {
	case err := <-outcome:
		return err
	case <-timer.C:
		tb.Fatalf("waiting %s for the CCM to look at the Service %s", env.Patience, service)
	case <-tb.Context().Done():
		tb.Fatalf("waiting for the CCM to look at the Service %s: the test has ended", service)
	}
	return nil
}

// Syncs counts the passes over a Service so far, and those of them that failed.
func (c *CCM) Syncs(service string) (all, failed int) { return c.passes.count(service) }
