package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// waitVerb is "wait".
type waitVerb struct {
	*app
	timeout time.Duration

	mu sync.Mutex
	// told is what was told last of each object.
	told map[string]string
}

func (a *app) waitCommand() *cobra.Command {
	v := &waitVerb{app: a}
	selected := selection{needed: true}
	command := &cobra.Command{
		Use:   "wait (NAME… | -l SELECTOR | --all)",
		Short: "Wait until every binding serves the certificate",
		Long: `Wait until certificates are ready for their present spec and every binding serves them; it tells what is waited for, and
gives up when time runs out or when only a person's change helps.

After a change of the Secret alone use "sync --wait": the object doesn't tell before the manager has looked.`,
		Example:           "  kubectl clbcert wait web --timeout=2m",
		ValidArgsFunction: a.completeNames,
		RunE: func(command *cobra.Command, names []string) error {
			cluster, objects, err := selected.reach(command.Context(), a, names)
			if err != nil {
				return err
			}
			return v.await(command.Context(), cluster, objects)
		},
	}
	selected.flags(command)
	v.flags(command)
	return command
}

func (v *waitVerb) flags(command *cobra.Command) {
	command.Flags().DurationVar(&v.timeout, "timeout", 5*time.Minute, "how long to wait at most, 0 for ever")
}

// await waits for all of the objects at once. That one isn't served is the answer no.
func (v *waitVerb) await(ctx context.Context, c *cluster, objects []v1alpha1.ServerCertificate) error {
	failures := make([]error, len(objects))
	var all sync.WaitGroup
	for i := range objects {
		all.Go(func() { failures[i] = v.until(ctx, c, &objects[i], progressOf) })
	}
	all.Wait()
	return errors.Join(failures...)
}

// until waits until an object has come to its end, or goes.
func (v *waitVerb) until(ctx context.Context, c *cluster, o *v1alpha1.ServerCertificate, judge func(*v1alpha1.ServerCertificate) progress) error {
	if v.timeout < 0 {
		return fmt.Errorf("--timeout is %s: give a positive duration, such as 2m, or 0 to wait for ever", v.timeout)
	}
	ctx, stop := watchtools.ContextWithOptionalTimeout(ctx, v.timeout)
	defer stop()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	source := &watched{cluster: c, object: o, fail: fail}
	var last progress
	gone := func(store cache.Store) (bool, error) {
		if len(store.List()) == 0 {
			return false, no{v.called(o) + " was deleted"}
		}
		return false, nil
	}
	_, err := watchtools.UntilWithSync(ctx, source.listWatch(), &v1alpha1.ServerCertificate{}, gone, func(e watch.Event) (bool, error) {
		object, is := e.Object.(*v1alpha1.ServerCertificate)
		if !is {
			return false, nil
		}
		if e.Type == watch.Deleted {
			return false, no{v.called(o) + " was deleted"}
		}
		last = judge(object)
		if last.over != "" {
			return false, no{v.called(o) + ": " + last.over}
		}
		v.tell(object, last)
		return last.served, nil
	})
	v.erase()
	if err == nil {
		return nil
	}
	return v.unended(ctx, o, last, source.failure(), err)
}

// unended is why a wait came to no good end: an answer, or that it couldn't be told.
func (v *waitVerb) unended(ctx context.Context, o *v1alpha1.ServerCertificate, last progress, failure, err error) error {
	switch answer, answered := errors.AsType[no](err); {
	case answered:
		return answer
	case !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("waiting for %s: %w", v.called(o), cmp.Or(context.Cause(ctx), err))
	case last.text == "" || failure != nil:
		return fmt.Errorf("waiting for %s: the API server didn't tell within %s: %w", v.called(o), v.timeout, cmp.Or(failure, err))
	case last.text == unseen:
		return no{fmt.Sprintf("%s: not within %s: %s; %s", v.called(o), v.timeout, last.text, seeWhether)}
	default:
		return no{fmt.Sprintf("%s: not within %s: %s", v.called(o), v.timeout, last.text)}
	}
}

// watched is one object, listed and watched. What mends itself is tried again; a right that is
// missing isn't, and fails.
type watched struct {
	cluster *cluster
	object  *v1alpha1.ServerCertificate
	fail    context.CancelCauseFunc

	mu   sync.Mutex
	last error
}

func (w *watched) listWatch() *cache.ListWatch {
	options := func(raw metav1.ListOptions) *client.ListOptions {
		if raw.ResourceVersion == "0" {
			raw.ResourceVersion = "" // any version would do for "0", also one older than what was just written
		}
		return &client.ListOptions{
			Namespace: w.object.Namespace, FieldSelector: fields.OneTermEqualSelector("metadata.name", w.object.Name), Raw: &raw,
		}
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, raw metav1.ListOptions) (runtime.Object, error) {
			list := &v1alpha1.ServerCertificateList{}
			return list, w.check(ctx, w.cluster.List(ctx, list, options(raw)))
		},
		WatchFuncWithContext: func(ctx context.Context, raw metav1.ListOptions) (watch.Interface, error) {
			events, err := w.cluster.Watch(ctx, &v1alpha1.ServerCertificateList{}, options(raw))
			return events, w.check(ctx, err)
		},
	}
}

// check keeps an error for who asks what failed last: not that time ran out.
func (w *watched) check(ctx context.Context, err error) error {
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		w.fail(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() == nil {
		w.last = err
	}
	return err
}

func (w *watched) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// unseen is the text of what waits for a manager.
const unseen = "the manager hasn't looked at it yet"

// progress is how far an object is.
type progress struct {
	served bool
	text   string
	// over says why waiting doesn't help, "" where it may.
	over string
}

// progressOf judges an object: it is served when Ready speaks of its present spec, the last
// request for a sync was handled, and every binding is in order.
func progressOf(o *v1alpha1.ServerCertificate) progress {
	ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case !o.DeletionTimestamp.IsZero():
		return progress{over: fmt.Sprintf("it is being deleted: kubectl clbcert status %s -n %s tells how far that is", o.Name, o.Namespace)}
	case o.Spec.Suspend:
		return progress{over: fmt.Sprintf("it is suspended: kubectl clbcert resume %s -n %s", o.Name, o.Namespace)}
	case ready == nil || o.Status.ObservedGeneration != o.Generation || !handled(o):
		return progress{text: unseen}
	case meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled):
		return progress{over: ready.Reason + ": " + ready.Message}
	}
	served, all, text := servedBindings(o), len(o.Spec.Bindings), ready.Message
	if meta.IsStatusConditionFalse(o.Status.Conditions, v1alpha1.ConditionBound) && meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionUploaded) {
		text = fmt.Sprintf("%d of %d bindings serve it: %s", served, all, text)
	}
	return progress{served: ready.Status == metav1.ConditionTrue && served == all, text: text}
}

// servedBindings is how many of the spec's bindings serve the current certificate.
func servedBindings(o *v1alpha1.ServerCertificate) int {
	served := 0
	for _, s := range o.Status.Bindings {
		named := func(b v1alpha1.Binding) bool { return b.Name == s.Name }
		if s.Ready && s.CertificateID == o.Status.CertificateID && slices.ContainsFunc(o.Spec.Bindings, named) {
			served++
		}
	}
	return served
}

// handled tells whether the manager has handled the last request for a sync, if there is one. The
// status echoes the annotation, cut where it is long.
func handled(o *v1alpha1.ServerCertificate) bool {
	request, echo := o.Annotations[v1alpha1.AnnotationSyncRequestedAt], o.Status.LastHandledSyncRequest
	return request == "" || echo != "" && strings.HasPrefix(request, echo)
}

// tell tells how far an object is, where that is news: on a terminal in one line that the next
// replaces, else in a line of its own.
func (v *waitVerb) tell(o *v1alpha1.ServerCertificate, p progress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text, key, t := oneLine(v.called(o)+": "+p.text), o.Namespace+"/"+o.Name, terminalOf(v.Out)
	switch {
	case v.told[key] == text:
		return
	case t.width > 0 && !p.served:
		fmt.Fprint(v.Out, erasing(t)+t.cut(text, t.width-1))
	default:
		fmt.Fprintln(v.Out, erasing(t)+text)
	}
	if v.told == nil {
		v.told = map[string]string{}
	}
	v.told[key] = text
}

// erase takes the line of progress away.
func (v *waitVerb) erase() {
	v.mu.Lock()
	defer v.mu.Unlock()
	fmt.Fprint(v.Out, erasing(terminalOf(v.Out)))
}

// erasing goes to the line's begin and clears it (ECMA-48, 8.3.41), on a terminal.
func erasing(t terminal) string {
	if t.width == 0 {
		return ""
	}
	return "\r\x1b[K"
}
