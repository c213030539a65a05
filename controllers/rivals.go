package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/plan"
)

// Indexes of the objects by where they want to be served, and of Services by their load
// balancers and the certificates that their annotations name.
const (
	indexListener     = "spec.bindings.listener"
	indexBalancer     = "spec.bindings.listener.loadBalancerID"
	indexService      = "spec.bindings.service.name"
	indexLoadBalancer = "loadBalancerID"
	indexNamed        = "certificateID"
)

// listenerKey is a listener's domain, or its default certificate, in the index.
func listenerKey(id string, port int32, domain v1alpha1.Domain) string {
	return fmt.Sprintf("%s/%d/%s", id, port, strings.ToLower(string(domain)))
}

// claim is another object's binding to the same target, found in the cache.
type claim struct {
	object  *v1alpha1.ServerCertificate
	binding v1alpha1.Binding
	// service is the one that it is bound to, nil for a listener.
	service *ccm.Service
}

// rivals are the plan's view of the claims on a binding's target.
func (r *Reconciler) rivals(ctx context.Context, object *v1alpha1.ServerCertificate, b v1alpha1.Binding, service *ccm.Service) ([]plan.Rival, error) {
	claims, err := r.claims(ctx, object, b, service)
	rivals := make([]plan.Rival, 0, len(claims))
	for _, c := range claims {
		rivals = append(rivals, plan.Rival{
			Namespace: c.object.Namespace, Name: c.object.Name, Created: c.object.CreationTimestamp,
			Terminating: !c.object.DeletionTimestamp.IsZero(), OwnCredentials: c.object.Spec.CredentialsSecretRef != nil,
			Bound: plan.ServedAt(c.object, c.binding), Service: c.service,
		})
	}
	return rivals, err
}

// claims finds the other objects' bindings to the same target: to the same Service, to the
// listeners that a Service stands for, and to other Services with the same load balancer.
func (r *Reconciler) claims(ctx context.Context, object *v1alpha1.ServerCertificate, b v1alpha1.Binding, service *ccm.Service) ([]claim, error) {
	id, ports, domain := spot(b, service)
	services, err := r.servicesAt(ctx, id, ports)
	if err != nil {
		return nil, err
	}
	if service != nil {
		same := func(other ccm.Service) bool {
			return other.Namespace == service.Namespace && other.Name == service.Name
		}
		services = append(slices.DeleteFunc(services, same), *service)
	}
	var found []claim
	for _, of := range services {
		wants := func(b v1alpha1.Binding) bool {
			return b.Service != nil && b.Service.Name == of.Name && strings.EqualFold(string(b.Service.Domain), string(domain))
		}
		some, err := r.claimants(ctx, object, &of, wants, client.InNamespace(of.Namespace), client.MatchingFields{indexService: of.Name})
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	for _, port := range ports {
		key := listenerKey(id, port, domain)
		wants := func(b v1alpha1.Binding) bool {
			return b.Listener != nil && listenerKey(b.Listener.LoadBalancerID, b.Listener.Port, b.Listener.Domain) == key
		}
		some, err := r.claimants(ctx, object, nil, wants, client.MatchingFields{indexListener: key})
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

// claimants are the listed objects, but for the one that asks, with a binding that wants it.
func (r *Reconciler) claimants(ctx context.Context, asks *v1alpha1.ServerCertificate, service *ccm.Service, wants func(v1alpha1.Binding) bool, which ...client.ListOption) ([]claim, error) {
	var list v1alpha1.ServerCertificateList
	if err := r.Client.List(ctx, &list, which...); err != nil {
		return nil, err
	}
	var found []claim
	for i := range list.Items {
		other := &list.Items[i]
		at := slices.IndexFunc(other.Spec.Bindings, wants)
		if other.UID != asks.UID && at >= 0 {
			found = append(found, claim{other, other.Spec.Bindings[at], service})
		}
	}
	return found, nil
}

// spot is where a binding is served, as far as that is known.
func spot(b v1alpha1.Binding, service *ccm.Service) (id string, ports []int32, domain v1alpha1.Domain) {
	if b.Listener != nil {
		return b.Listener.LoadBalancerID, []int32{b.Listener.Port}, b.Listener.Domain
	}
	if service == nil || service.LoadBalancerID == "" {
		return "", nil, b.Service.Domain
	}
	return service.LoadBalancerID, service.HTTPSPorts, b.Service.Domain
}

// servicesAt are the Services with HTTPS at one of the ports of a load balancer.
func (r *Reconciler) servicesAt(ctx context.Context, id string, ports []int32) ([]ccm.Service, error) {
	if id == "" {
		return nil, nil
	}
	var list corev1.ServiceList
	if err := r.Client.List(ctx, &list, client.MatchingFields{indexLoadBalancer: id}); err != nil {
		return nil, err
	}
	var found []ccm.Service
	for i := range list.Items {
		service := ccm.Read(&list.Items[i])
		if slices.ContainsFunc(service.HTTPSPorts, func(p int32) bool { return slices.Contains(ports, p) }) {
			found = append(found, service)
		}
	}
	return found, nil
}

// namedBy are the Services whose annotations name a certificate, as namespace/name.
func (r *Reconciler) namedBy(ctx context.Context, id string) ([]string, error) {
	var list corev1.ServiceList
	if err := r.Client.List(ctx, &list, client.MatchingFields{indexNamed: id}); err != nil {
		return nil, err
	}
	var names []string
	for i := range list.Items {
		names = append(names, list.Items[i].Namespace+"/"+list.Items[i].Name)
	}
	slices.Sort(names)
	return names, nil
}

// taggedBy is a Service that has the CCM write this controller's tags on a load balancer,
// as namespace/name; "" where none does.
func (r *Reconciler) taggedBy(ctx context.Context, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	var list corev1.ServiceList
	if err := r.Client.List(ctx, &list, client.MatchingFields{indexLoadBalancer: id}); err != nil {
		return "", err
	}
	for i := range list.Items {
		if ccm.Tags(&list.Items[i], v1alpha1.TagPrefix) {
			return list.Items[i].Namespace + "/" + list.Items[i].Name, nil
		}
	}
	return "", nil
}

// released asks for the objects that want what another one gives up, or takes.
func (r *Reconciler) released() handler.EventHandler {
	enqueue := func(ctx context.Context, q queue, objects ...client.Object) {
		for _, one := range objects {
			for _, request := range r.competitors(ctx, one) {
				q.Add(request)
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) {
			if !e.IsInInitialList {
				enqueue(ctx, q, e.Object)
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			if claimsChanged(e.ObjectOld, e.ObjectNew) {
				enqueue(ctx, q, e.ObjectOld, e.ObjectNew)
			}
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { enqueue(ctx, q, e.Object) },
	}
}

// claimsChanged tells whether an object gave up or took what others may want.
func claimsChanged(before, after client.Object) bool {
	old, ok := before.(*v1alpha1.ServerCertificate)
	now, also := after.(*v1alpha1.ServerCertificate)
	if !ok || !also {
		return false
	}
	served := func(o *v1alpha1.ServerCertificate) []bool {
		list := make([]bool, 0, len(o.Spec.Bindings))
		for _, b := range o.Spec.Bindings {
			list = append(list, plan.ServedAt(o, b))
		}
		return list
	}
	return old.DeletionTimestamp.IsZero() != now.DeletionTimestamp.IsZero() ||
		!equality.Semantic.DeepEqual(old.Spec.Bindings, now.Spec.Bindings) ||
		(old.Spec.CredentialsSecretRef == nil) != (now.Spec.CredentialsSecretRef == nil) || !slices.Equal(served(old), served(now))
}

// competitors are the other objects that want what this one does.
func (r *Reconciler) competitors(ctx context.Context, one client.Object) []reconcile.Request {
	object, ok := one.(*v1alpha1.ServerCertificate)
	if !ok {
		return nil
	}
	var requests []reconcile.Request
	for _, b := range object.Spec.Bindings {
		var service *ccm.Service
		if b.Service != nil {
			known := &corev1.Service{}
			if err := r.Client.Get(ctx, client.ObjectKey{Namespace: object.Namespace, Name: b.Service.Name}, known); err == nil {
				read := ccm.Read(known)
				service = &read
			}
		}
		claims, err := r.claims(ctx, object, b, service)
		if err != nil {
			return requests // the cache is closing
		}
		for _, c := range claims {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(c.object)})
		}
	}
	return requests
}
