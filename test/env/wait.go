package env

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// WaitFor waits, for Patience at most, until the object of this name and
// namespace exists and holds, and gives it. "what" completes "waiting for …".
// When time runs out the test ends, and tells the object as it was last.
func WaitFor[T client.Object](tb TB, cluster *Cluster, object T, what string, holds func(T) bool) T {
	tb.Helper()
	w := Observe(tb, cluster, object)
	defer w.close()
	return w.Wait(tb, what, holds)
}

// WaitGone waits, for Patience at most, until there is no such object.
func WaitGone[T client.Object](tb TB, cluster *Cluster, object T) {
	tb.Helper()
	w := Observe(tb, cluster, object)
	defer w.close()
	w.WaitGone(tb)
}

// Wait looks at the object as it was last and at each state from then on, for
// Patience at most, until one holds, and gives it.
func (w *Watch[T]) Wait(tb TB, what string, holds func(T) bool) T {
	tb.Helper()
	return w.WaitWithin(tb, Patience, what, holds)
}

// WaitWithin is Wait with a limit: for what the product promises to do in time.
func (w *Watch[T]) WaitWithin(tb TB, limit time.Duration, what string, holds func(T) bool) T {
	tb.Helper()
	w.until(tb, limit, what, func() bool { return w.exists && holds(w.object) })
	return w.object
}

// WaitGone waits, for Patience at most, until the object is deleted.
func (w *Watch[T]) WaitGone(tb TB) {
	tb.Helper()
	w.until(tb, Patience, "its deletion", func() bool { return !w.exists })
}

func (w *Watch[T]) until(tb TB, limit time.Duration, what string, done func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), limit)
	defer cancel()
	for !done() {
		if err := w.next(ctx); err != nil {
			tb.Fatalf("waiting %s for %s of %T %s: %v; it was last:\n%s", limit, what, w.object, w.key, err, w.last())
		}
	}
}

// last is the object in YAML, without who set which field.
func (w *Watch[T]) last() string {
	if !w.exists {
		return "(not there)"
	}
	object, ok := w.object.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Sprintf("%+v", w.object)
	}
	object.SetManagedFields(nil)
	text, err := yaml.Marshal(object)
	if err != nil {
		return fmt.Sprintf("%+v", w.object)
	}
	return string(text)
}
