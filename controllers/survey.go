package controllers

import (
	"context"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// survey looks at the targets of bindings: Services and rivals in the cache, load balancers
// and listeners in the cloud. What the cloud says against one of them is in its sight; the
// error is the API server's.
func (r *Reconciler) survey(ctx context.Context, s plan.State, step plan.Survey, account *clb.Account) (map[string]plan.Sight, error) {
	sights := map[string]plan.Sight{}
	ids := map[time.Time][]string{} // by how old the look may be
	for _, want := range step.Wants {
		sight, err := r.sight(ctx, s, want, account)
		if err != nil {
			return nil, err
		}
		if sight.LoadBalancer.ID != "" {
			ids[want.Since] = append(ids[want.Since], sight.LoadBalancer.ID)
		}
		sights[want.Key()] = sight
	}
	fronts, failures := map[time.Time]map[string]clb.Front{}, map[time.Time]*clberr.Error{}
	for since, some := range ids {
		found, err := account.Fronts(ctx, s.Region, some, since)
		fronts[since], failures[since] = found, cloudError(err)
	}
	for _, want := range step.Wants {
		sight := sights[want.Key()]
		switch front, ok := fronts[want.Since][sight.LoadBalancer.ID]; {
		case sight.Err != nil || sight.LoadBalancer.ID == "":
		case failures[want.Since] != nil:
			sight.Err = failures[want.Since]
		case ok:
			sight = r.complete(ctx, s, want, sight, front, account)
		}
		sights[want.Key()] = sight
	}
	return sights, ctx.Err()
}

// sight is what the cluster tells of a binding's target, and the ID of its load balancer.
func (r *Reconciler) sight(ctx context.Context, s plan.State, want plan.Want, account *clb.Account) (plan.Sight, error) {
	sight := plan.Sight{Began: r.Clock()}
	var err error
	if want.Service != nil {
		if sight.Service, sight.Manager, err = r.service(ctx, s, want); err != nil {
			return sight, err
		}
	}
	sight.LoadBalancer.ID, err = loadBalancerID(ctx, s, want, sight.Service, account)
	sight.Err = cloudError(err)
	if sight.LoadBalancer.TaggedBy, err = r.taggedBy(ctx, sight.LoadBalancer.ID); err != nil {
		return sight, err
	}
	sight.Rivals, err = r.rivals(ctx, s.Object, want.Binding, sight.Service)
	return sight, err
}

// cloudError is the cloud's error in err, nil where there is none.
func cloudError(err error) *clberr.Error {
	failure, _ := errors.AsType[*clberr.Error](err)
	return failure
}

// loadBalancerID is that of a binding's target, "" where there is none yet. A Service may
// tell of its load balancer by nothing but the address; and before the CCM has done
// everything, it tells nothing, and the CCM's tag in the cloud does.
func loadBalancerID(ctx context.Context, s plan.State, want plan.Want, service *ccm.Service, account *clb.Account) (string, error) {
	var found []string
	var err error
	switch {
	case want.Listener != nil:
		return want.Listener.LoadBalancerID, nil
	case service == nil || service.Unsupported != "":
		return "", nil
	case service.LoadBalancerID != "":
		return service.LoadBalancerID, nil
	case len(service.Addresses) > 0:
		found, err = account.FindLoadBalancers(ctx, s.Region, service.Addresses[0])
	default:
		found, err = account.LoadBalancersTagged(ctx, s.Region, clb.Tag{Key: ccm.TagOwner, Value: service.Mark})
	}
	if err != nil || len(found) != 1 {
		return "", err
	}
	return found[0], nil
}

// complete completes a sight with the load balancer, and the listeners that the binding is about.
func (r *Reconciler) complete(ctx context.Context, s plan.State, want plan.Want, sight plan.Sight, front clb.Front, account *clb.Account) plan.Sight {
	sight.Began = earliest(sight.Began, front.Began)
	sight.LoadBalancer.Found, sight.LoadBalancer.Tags, sight.LoadBalancer.Shared = front.Found, front.Tags, front.Spec == ""
	for _, port := range front.Listeners {
		sight.LoadBalancer.Listeners = append(sight.LoadBalancer.Listeners, plan.Listener{
			Port: port.Port, Protocol: port.Protocol, CertificateID: front.Defaults[port.Port], Owner: r.owner(ctx, port.Description),
		})
	}
	ports := want.Ports(sight.Service)
	for i := range sight.LoadBalancer.Listeners {
		l := &sight.LoadBalancer.Listeners[i]
		if l.Protocol != "https" || !slices.Contains(ports, l.Port) {
			continue
		}
		if want.Domain() != "" {
			seen, began, err := account.ListenerSince(ctx, s.Region, front.ID, l.Port, want.Since)
			if err != nil {
				sight.Err = cloudError(err)
				return sight
			}
			sight.Began = earliest(sight.Began, began)
			l.CertificateID, l.Extensions = seen.CertificateID, extensionsOf(seen.Extensions)
		}
		var err error
		if l.Clusters, l.Unlisted, err = clusters(ctx, s, served(*l, want.Domain()), account); err != nil {
			sight.Err = cloudError(err)
			return sight
		}
	}
	return sight
}

// served is what a listener serves for a domain, or by default.
func served(l plan.Listener, domain string) string {
	if domain == "" {
		return l.CertificateID
	}
	for _, e := range l.Extensions {
		if ccm.Find([]ccm.Extension{{Domain: e.Domain, CertificateID: e.CertificateID}}, domain) != "" {
			return e.CertificateID
		}
	}
	return ""
}

// clusters tells whose a certificate is that a listener serves, unless it is this object's
// own: by its tag, in a list that has it. One in no list may be too new to be in one.
func clusters(ctx context.Context, s plan.State, id string, account *clb.Account) (byID map[string]string, unlisted bool, err error) {
	if id == "" || s.Knows(id) {
		return nil, false, nil
	}
	var lists []clb.List
	for _, since := range []time.Time{s.Now.Add(-s.Resync / 2), s.Now} {
		if lists, err = account.Certificates(ctx, s.Region, since, clb.Concern{IDs: []string{id}}); err != nil {
			return nil, false, err
		}
		for _, c := range lists[0].Certificates {
			return map[string]string{id: c.Tags[v1alpha1.TagCluster]}, false, nil
		}
	}
	return nil, lists[0].Began.Sub(lists[len(lists)-1].Began) < s.Window, nil
}

func extensionsOf(list []clb.Extension) []plan.Extension {
	converted := make([]plan.Extension, 0, len(list))
	for _, e := range list {
		converted = append(converted, plan.Extension{ID: e.ID, Domain: e.Domain, CertificateID: e.CertificateID})
	}
	return converted
}

// service is what a binding's Service says: from the cache where it says what is wanted, else
// live, with who wrote the annotation last.
func (r *Reconciler) service(ctx context.Context, s plan.State, want plan.Want) (*ccm.Service, string, error) {
	key := types.NamespacedName{Namespace: s.Object.Namespace, Name: want.Service.Name}
	service := &corev1.Service{}
	err := r.Client.Get(ctx, key, service)
	if apierrors.IsNotFound(err) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	read := ccm.Read(service)
	annotation, named := ccm.AnnotationCertificate, read.CertificateID
	if want.Domain() != "" {
		annotation, named = ccm.AnnotationExtensions, ccm.Find(read.Extensions, want.Domain())
	}
	if named == s.Status.CertificateID && !want.Left {
		return &read, "", nil
	}
	live := &corev1.Service{}
	if err := r.Live.Get(ctx, key, live); err != nil {
		return nil, "", client.IgnoreNotFound(err)
	}
	read = ccm.Read(live)
	return &read, managerOf(live, annotation), nil
}

// owner is the Service that the CCM made a listener for, by its description.
func (r *Reconciler) owner(ctx context.Context, description string) *ccm.Service {
	namespace, name, ok := ccm.ListenerOwner(description)
	if !ok {
		return nil
	}
	service := &corev1.Service{}
	if err := r.Client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, service); err != nil {
		return &ccm.Service{Namespace: namespace, Name: name}
	}
	read := ccm.Read(service)
	return &read
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
