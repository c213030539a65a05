package controllers

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// queue is where a watch puts the objects that it concerns.
type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// secretWatches watch credentials Secrets one by one, by name and by metadata alone:
// they may be of any type, and the cluster's other Secrets are nobody's business.
type secretWatches struct {
	client metadata.Interface
	users  func(context.Context, types.NamespacedName) []reconcile.Request

	mutex   sync.Mutex
	running map[types.NamespacedName]context.CancelFunc
	// start starts a watch; nil before the controller runs.
	start func(types.NamespacedName) context.CancelFunc
}

// newSecretWatches watches nothing yet. users tells who is concerned by a Secret.
func newSecretWatches(config *rest.Config, client *http.Client, users func(context.Context, types.NamespacedName) []reconcile.Request) (*secretWatches, error) {
	metadataClient, err := metadata.NewForConfigAndClient(metadata.ConfigFor(config), client)
	if err != nil {
		return nil, fmt.Errorf("making a client for Secrets: %w", err)
	}
	return &secretWatches{client: metadataClient, users: users, running: map[types.NamespacedName]context.CancelFunc{}}, nil
}

// source connects the watches with the controller's queue.
func (w *secretWatches) source() source.Source {
	return source.Func(func(ctx context.Context, q queue) error {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		w.start = func(secret types.NamespacedName) context.CancelFunc { return w.run(ctx, q, secret) }
		return nil
	})
}

// watch makes sure that a Secret is watched, and ends watches that nobody needs any
// more. The caller reads the Secret after: so no change is missed in between.
func (w *secretWatches) watch(ctx context.Context, secret types.NamespacedName) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.running[secret] != nil || w.start == nil {
		return
	}
	for other, stop := range w.running {
		if len(w.users(ctx, other)) == 0 {
			stop()
			delete(w.running, other)
		}
	}
	w.running[secret] = w.start(secret)
}

// run watches one Secret until it is stopped.
func (w *secretWatches) run(ctx context.Context, q queue, secret types.NamespacedName) context.CancelFunc {
	ctx, stop := context.WithCancel(ctx)
	byName := func(options *metav1.ListOptions) {
		options.FieldSelector = fields.OneTermEqualSelector("metadata.name", secret.Name).String()
	}
	informer := metadatainformer.NewFilteredMetadataInformer(w.client, corev1.SchemeGroupVersion.WithResource("secrets"),
		secret.Namespace, 0, toolscache.Indexers{}, byName).Informer()
	changed := func(any) {
		for _, request := range w.users(ctx, secret) {
			q.Add(request)
		}
	}
	_, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: changed, DeleteFunc: changed, UpdateFunc: func(_, object any) { changed(object) },
	})
	if err == nil {
		go informer.RunWithContext(ctx)
	}
	return stop
}
