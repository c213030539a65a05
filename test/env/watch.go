package env

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Watch follows one object, of a type that the cluster's client knows. One that
// is opened before an act sees every state that comes of it.
type Watch[T client.Object] struct {
	client  client.WithWatch
	key     client.ObjectKey
	list    client.ObjectList // of the object's type, filled at each opening
	options []client.ListOption
	stream  watch.Interface

	object T    // as it was last
	exists bool // whether it was there last
}

// Observe opens a watch on the object of this name and namespace, which need not
// exist. It ends with the test.
func Observe[T client.Object](tb TB, cluster *Cluster, object T) *Watch[T] {
	tb.Helper()
	w, err := newWatch(cluster.Client, object)
	if err == nil {
		err = w.open(tb.Context())
	}
	if err != nil {
		tb.Fatalf("watching %T %s: %v", object, client.ObjectKeyFromObject(object), err)
	}
	tb.Cleanup(func() { w.close() })
	return w
}

func newWatch[T client.Object](c client.WithWatch, object T) (*Watch[T], error) {
	kind, err := c.GroupVersionKindFor(object)
	if err != nil {
		return nil, err
	}
	list, err := c.Scheme().New(kind.GroupVersion().WithKind(kind.Kind + "List"))
	if err != nil {
		return nil, err
	}
	typed, ok := list.(client.ObjectList)
	if !ok {
		return nil, fmt.Errorf("%T is no list", list)
	}
	return &Watch[T]{
		client: c,
		key:    client.ObjectKeyFromObject(object),
		list:   typed,
		options: []client.ListOption{
			client.InNamespace(object.GetNamespace()),
			client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", object.GetName())},
		},
	}, nil
}

// open reads the object and watches it from there.
func (w *Watch[T]) open(ctx context.Context) error {
	if err := w.client.List(ctx, w.list, w.options...); err != nil {
		return err
	}
	items, err := meta.ExtractList(w.list)
	if err != nil {
		return err
	}
	w.exists = false
	for _, item := range items {
		w.object, w.exists = item.(T)
	}
	from := &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: w.list.GetResourceVersion()}}
	w.stream, err = w.client.Watch(ctx, w.list, append([]client.ListOption{from}, w.options...)...)
	return err
}

func (w *Watch[T]) close() {
	if w.stream != nil {
		w.stream.Stop()
		w.stream = nil
	}
}

// next waits for a change and takes it in.
func (w *Watch[T]) next(ctx context.Context) error {
	if w.stream == nil {
		return w.reopen(ctx)
	}
	select {
	case event, more := <-w.stream.ResultChan():
		object, ok := event.Object.(T)
		if !more || !ok { // the API server ended it, or told an error
			w.close()
			return nil
		}
		w.object, w.exists = object, event.Type != watch.Deleted
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reopen opens the stream again; of an API server that is away it asks now and then.
func (w *Watch[T]) reopen(ctx context.Context) error {
	timer := time.NewTimer(100 * time.Millisecond)
	defer timer.Stop()
	err := w.open(ctx)
	if err == nil {
		return nil
	}
	w.close()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return err
	}
}
