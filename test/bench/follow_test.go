package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// follower watches all objects of a world by one stream, and notes when each first holds.
type follower struct {
	world *world
	want  int
	holds func(*v1alpha1.ServerCertificate) bool
	done  chan struct{} // closed when as many as wanted held once

	mu   sync.Mutex
	when map[string]time.Time
	last map[string]*v1alpha1.ServerCertificate // of those that never held
	err  error
}

// follow watches from now on, until so many objects hold.
func (w *world) follow(want int, holds func(*v1alpha1.ServerCertificate) bool) *follower {
	w.Helper()
	f := &follower{
		world: w, want: want, holds: holds, done: make(chan struct{}),
		when: map[string]time.Time{}, last: map[string]*v1alpha1.ServerCertificate{},
	}
	ctx, cancel := context.WithCancel(w.Context())
	stream, err := f.open(ctx)
	if err != nil {
		cancel()
		w.Fatalf("watching the objects: %v", err)
	}
	go func() {
		defer cancel()
		f.run(ctx, stream)
	}()
	return f
}

// run takes events in until all hold. A stream that the API server ends is opened again.
func (f *follower) run(ctx context.Context, stream watch.Interface) {
	defer func() { stream.Stop() }()
	for {
		select {
		case <-f.done:
			return
		case <-ctx.Done():
			return
		case event, more := <-stream.ResultChan():
			if object, ok := event.Object.(*v1alpha1.ServerCertificate); more && ok {
				f.take(object)
				continue
			}
		}
		stream.Stop()
		again, err := f.open(ctx)
		if err != nil {
			f.mu.Lock()
			f.err = err
			f.mu.Unlock()
			return
		}
		stream = again
	}
}

// open lists the objects, and watches from there.
func (f *follower) open(ctx context.Context) (watch.Interface, error) {
	list := &v1alpha1.ServerCertificateList{}
	where := client.InNamespace(f.world.namespace)
	if err := f.world.cluster.Client.List(ctx, list, where); err != nil {
		return nil, err
	}
	for i := range list.Items {
		f.take(&list.Items[i])
	}
	from := &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.ResourceVersion}}
	return f.world.cluster.Client.Watch(ctx, &v1alpha1.ServerCertificateList{}, from, where)
}

func (f *follower) take(object *v1alpha1.ServerCertificate) {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, held := f.when[object.Name]; held {
		return
	}
	if !f.holds(object) {
		f.last[object.Name] = object
		return
	}
	f.when[object.Name] = now
	delete(f.last, object.Name)
	if len(f.when) == f.want {
		close(f.done)
	}
}

// wait waits until all hold, and gives when each first did.
func (f *follower) wait() map[string]time.Time {
	f.world.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-f.done:
	case <-timer.C:
		f.world.Fatalf("waited %s: %s", patience, f.missing())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.when)
}

// missing tells of one that doesn't hold.
func (f *follower) missing() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	told := fmt.Sprintf("%d of %d objects are as they should be (%v)", len(f.when), f.want, f.err)
	for _, name := range slices.Sorted(maps.Keys(f.last)) {
		return fmt.Sprintf("%s; %s has the status %+v", told, name, f.last[name].Status)
	}
	return told
}

// latest is the end of it all.
func latest(when map[string]time.Time) time.Time {
	var last time.Time
	for _, at := range when {
		if at.After(last) {
			last = at
		}
	}
	return last
}
