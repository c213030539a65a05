package served

import (
	"context"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/metrics"
)

// Patrol looks now and then at each binding that its status says is ready, and has the metric
// tell what it saw. The leader alone does; reconciliations have no part in it, nor wait for it.
type Patrol struct {
	// Cache is where objects and Services are read.
	Cache client.Reader
	// Balancer gives the address of a load balancer that an object's binding names.
	Balancer func(ctx context.Context, object *v1alpha1.ServerCertificate, id string) (string, error)
	// Interval is that between two looks at a binding.
	Interval time.Duration
	// Told is the metric.
	Told *metrics.Served
}

// NeedLeaderElection says that one replica is enough.
func (*Patrol) NeedLeaderElection() bool { return true }

const (
	// atOnce is how many looks there may be at a time.
	atOnce = 8
	// spread is by what part a pause between two looks may be longer than the shortest.
	spread = 0.6
	// doubt is how long after a look that showed another certificate comes one more: in a renewal
	// the listener is ahead of the status.
	doubt = 10 * time.Second
)

// Start walks its rounds until the context ends.
func (p *Patrol) Start(ctx context.Context) error {
	for {
		next := time.Now().Add(p.Interval)
		p.round(ctx)
		if !pause(ctx, time.Until(next)) {
			return nil
		}
	}
}

// round looks at each binding once, in any order, spread over most of the interval: neither the
// network nor those who are looked at are to see them all at once.
func (p *Patrol) round(ctx context.Context) {
	bindings, err := p.bindings(ctx)
	if err != nil {
		return // the cache ends
	}
	p.Told.Keep(bindings)
	var looks sync.WaitGroup
	defer looks.Wait()
	places := make(chan struct{}, atOnce)
	for at := range bindings {
		if !pause(ctx, wait.Jitter(p.Interval/2/time.Duration(len(bindings)), spread)) {
			return
		}
		places <- struct{}{}
		looks.Go(func() {
			defer func() { <-places }()
			p.look(ctx, at)
		})
	}
}

// pause tells whether the context lasted for a while.
func pause(ctx context.Context, while time.Duration) bool {
	timer := time.NewTimer(while)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// bindings are those of which the status says that they are in order.
func (p *Patrol) bindings(ctx context.Context) (map[metrics.Binding]bool, error) {
	var list v1alpha1.ServerCertificateList
	if err := p.Cache.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	bindings := map[metrics.Binding]bool{}
	for i := range list.Items {
		object := &list.Items[i]
		for _, binding := range object.Spec.Bindings {
			if metrics.Promises(object, binding.Name) {
				bindings[metrics.Binding{Namespace: object.Namespace, Name: object.Name, Binding: binding.Name}] = true
			}
		}
	}
	return bindings, nil
}

// look tells what a binding's clients are shown.
func (p *Patrol) look(ctx context.Context, at metrics.Binding) {
	id, seen := p.see(ctx, at)
	if seen == differs && pause(ctx, min(doubt, p.Interval/10)) {
		id, seen = p.see(ctx, at)
	}
	switch {
	case ctx.Err() != nil:
	case seen == unknown:
		p.Told.Forget(at)
	default:
		p.Told.Saw(at, id, seen == matches)
	}
}

// sight is what came of a look at all addresses of a binding.
type sight int

const (
	unknown sight = iota
	matches
	differs
)

// see looks at a binding as it is now, and says of which certificate it tells.
func (p *Patrol) see(ctx context.Context, at metrics.Binding) (certificateID string, seen sight) {
	object := &v1alpha1.ServerCertificate{}
	err := p.Cache.Get(ctx, client.ObjectKey{Namespace: at.Namespace, Name: at.Name}, object)
	if err != nil || !metrics.Promises(object, at.Binding) {
		return "", unknown // it is gone, or waits for something
	}
	i := slices.IndexFunc(object.Spec.Bindings, func(b v1alpha1.Binding) bool { return b.Name == at.Binding })
	binding := object.Spec.Bindings[i]
	return object.Status.CertificateID, seeAll(ctx, p.addresses(ctx, object, binding), ServerName(binding), &object.Status)
}

// seeAll looks at all addresses: one that shows another certificate tells enough, and all must
// tell that none does.
func seeAll(ctx context.Context, addresses []string, serverName string, status *v1alpha1.ServerCertificateStatus) sight {
	seen := matches
	for _, address := range addresses {
		chain, err := Probe(ctx, address, serverName)
		switch {
		case err != nil:
			seen = unknown
		case Compare(chain, status, nil).Verdict != Match:
			return differs
		}
	}
	if len(addresses) == 0 {
		return unknown
	}
	return seen
}

// addresses are a binding's, none where they can't be told.
func (p *Patrol) addresses(ctx context.Context, object *v1alpha1.ServerCertificate, binding v1alpha1.Binding) []string {
	if binding.Service != nil {
		service := &corev1.Service{}
		if err := p.Cache.Get(ctx, client.ObjectKey{Namespace: object.Namespace, Name: binding.Service.Name}, service); err != nil {
			return nil
		}
		return Addresses(service)
	}
	host, err := p.Balancer(ctx, object, binding.Listener.LoadBalancerID)
	if err != nil || host == "" {
		return nil
	}
	return []string{Address(host, binding.Listener.Port)}
}
