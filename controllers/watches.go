package controllers

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
)

// Indexes of the objects by the Secrets that they name.
const (
	indexSecret      = "spec.secretRef.name"
	indexCredentials = "spec.credentialsSecretRef.name"
)

// SecretCache is how Secrets enter the cache: those of type kubernetes.io/tls alone,
// and of those nothing but name and version.
func SecretCache() cache.ByObject {
	return cache.ByObject{
		Field:     fields.OneTermEqualSelector("type", string(corev1.SecretTypeTLS)),
		Transform: nameAndVersion,
	}
}

// nameAndVersion strips an object's metadata to what a change is told by.
func nameAndVersion(object any) (any, error) {
	meta, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return object, nil
	}
	meta.ObjectMeta = metav1.ObjectMeta{
		Namespace: meta.Namespace, Name: meta.Name, UID: meta.UID, ResourceVersion: meta.ResourceVersion,
	}
	return meta, nil
}

// SetupWithManager registers the watches and starts the reconciler with the manager.
func (r *Reconciler) SetupWithManager(ctx context.Context, manager ctrl.Manager, concurrency int) error {
	for _, index := range Indexes() {
		if err := manager.GetFieldIndexer().IndexField(ctx, index.Of, index.Field, index.Keys); err != nil {
			return err
		}
	}
	r.places.perAccount = concurrency
	r.teller = newTeller(r.Events)
	if err := manager.Add(r.teller); err != nil {
		return err
	}
	var err error
	if r.secrets, err = newSecretWatches(manager.GetConfig(), manager.GetHTTPClient(), r.credentialsUsers); err != nil {
		return err
	}
	retries := workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry)
	build := ctrl.NewControllerManagedBy(manager).
		Named("servercertificate").
		For(&v1alpha1.ServerCertificate{}, builder.WithPredicates(predicate.Funcs{UpdateFunc: r.news})).
		WatchesMetadata(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.secretUsers),
			builder.WithPredicates(predicate.ResourceVersionChangedPredicate{})).
		Watches(&corev1.Service{}, handler.EnqueueRequestsFromMapFunc(r.serviceUsers),
			builder.WithPredicates(predicate.ResourceVersionChangedPredicate{})).
		Watches(&v1alpha1.ServerCertificate{}, r.released()).
		WatchesRawSource(r.secrets.source()).
		WatchesRawSource(r.places.source()).
		WithOptions(controller.Options{MaxConcurrentReconciles: workersPerPlace * concurrency, RateLimiter: retries})
	if r.assumeRoles(); len(r.Roles) > 0 {
		build.WatchesMetadata(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.residents),
			builder.WithPredicates(predicate.LabelChangedPredicate{}))
	}
	return build.Complete(r)
}

// Passes that the API server cut short are tried again soon, and never later than what
// was mended is to be seen.
const firstRetry, lastRetry = 5 * time.Millisecond, 8 * time.Second

// Index makes the objects of a kind findable by a field.
type Index struct {
	// Of is an empty object of the kind.
	Of client.Object
	// Field is the index's name, for client.MatchingFields; Keys are an object's values of it.
	Field string
	Keys  client.IndexerFunc
}

// Indexes make objects findable by the Secrets and targets that they name, and Services by
// load balancer and certificate. Who reads without the manager's cache finds by the same.
func Indexes() []Index {
	reference := func(ref *v1alpha1.SecretReference) []string {
		if ref == nil {
			return nil
		}
		return []string{ref.Name}
	}
	return []Index{
		by(indexSecret, func(o *v1alpha1.ServerCertificate) []string { return reference(o.Spec.SecretRef) }),
		by(indexCredentials, func(o *v1alpha1.ServerCertificate) []string { return reference(o.Spec.CredentialsSecretRef) }),
		by(indexListener, listenersOf),
		by(indexBalancer, loadBalancersOf),
		by(indexService, servicesOf),
		by(indexNamed, ccm.Names),
		by(indexLoadBalancer, func(s *corev1.Service) []string {
			if id := ccm.LoadBalancerOf(s); id != "" {
				return []string{id}
			}
			return nil
		}),
	}
}

// by is an index of one kind of objects.
func by[T any, P interface {
	*T
	client.Object
}](field string, keys func(P) []string) Index {
	return Index{Of: P(new(T)), Field: field, Keys: func(object client.Object) []string {
		if known, ok := object.(P); ok {
			return keys(known)
		}
		return nil
	}}
}

// listenersOf, loadBalancersOf and servicesOf are what an object's bindings name.
func listenersOf(o *v1alpha1.ServerCertificate) []string {
	var keys []string
	for _, b := range o.Spec.Bindings {
		if l := b.Listener; l != nil {
			keys = append(keys, listenerKey(l.LoadBalancerID, l.Port, l.Domain))
		}
	}
	return keys
}

func loadBalancersOf(o *v1alpha1.ServerCertificate) []string {
	var ids []string
	for _, b := range o.Spec.Bindings {
		if b.Listener != nil && !slices.Contains(ids, b.Listener.LoadBalancerID) {
			ids = append(ids, b.Listener.LoadBalancerID)
		}
	}
	return ids
}

func servicesOf(o *v1alpha1.ServerCertificate) []string {
	var names []string
	for _, b := range o.Spec.Bindings {
		if b.Service != nil && !slices.Contains(names, b.Service.Name) {
			names = append(names, b.Service.Name)
		}
	}
	return names
}

// news tells whether an update of an object is more than the echo of an own write.
func (r *Reconciler) news(e event.UpdateEvent) bool {
	object, ok := e.ObjectNew.(*v1alpha1.ServerCertificate)
	return !ok || !r.memories.echo(object)
}

// secretUsers are the objects whose source a Secret is.
func (r *Reconciler) secretUsers(ctx context.Context, secret client.Object) []reconcile.Request {
	return r.requests(ctx, client.InNamespace(secret.GetNamespace()), client.MatchingFields{indexSecret: secret.GetName()})
}

// credentialsUsers are the objects that a credentials Secret serves.
func (r *Reconciler) credentialsUsers(ctx context.Context, secret types.NamespacedName) []reconcile.Request {
	return r.requests(ctx, client.InNamespace(secret.Namespace), client.MatchingFields{indexCredentials: secret.Name})
}

// residents are the objects of a namespace.
func (r *Reconciler) residents(ctx context.Context, namespace client.Object) []reconcile.Request {
	return r.requests(ctx, client.InNamespace(namespace.GetName()))
}

// requests ask for the objects that the cache lists.
func (r *Reconciler) requests(ctx context.Context, which ...client.ListOption) []reconcile.Request {
	var list v1alpha1.ServerCertificateList
	if err := r.Client.List(ctx, &list, which...); err != nil {
		return nil // the cache is closing
	}
	requests := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
	}
	return requests
}
