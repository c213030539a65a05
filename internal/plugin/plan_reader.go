package plugin

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/controllers"
)

// planReader reads for a preview what the manager has in its cache: each list is read once, and
// searched by the manager's own indexes.
type planReader struct {
	client.Reader
	// home is the namespace of the object that is planned for: what may be read there does
	// where more may not.
	home string
	// lists are those read so far, of all objects that are planned for.
	lists map[listing]listed
	// notes say what isn't seen.
	notes []string
}

// listing is a kind's list, of all namespaces with "".
type listing struct{ kind, namespace string }

// listed is what came of it.
type listed struct {
	objects []runtime.Object
	err     error
}

// Get reads an object. What may not be read isn't for the controller to wait for, which has
// rights of its own: it is an error that ends the preview, but for others' Services.
func (r *planReader) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	err := r.Reader.Get(ctx, key, object, options...)
	if !apierrors.IsForbidden(err) {
		return err
	}
	if _, service := object.(*corev1.Service); service && key.Namespace != r.home {
		r.note(fmt.Sprintf("you may not read Service %s: it counts as one that isn't there", key))
		return err
	}
	return errors.New(explain(err).Error()) // no API error any more
}

// List gives what the options match.
func (r *planReader) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	asked := &client.ListOptions{}
	asked.ApplyOptions(options)
	all, err := r.all(ctx, list)
	if err != nil {
		return err
	}
	found, err := matching(all, asked)
	if err != nil {
		return err
	}
	return meta.SetList(list, found)
}

// all are the objects of a kind: of all namespaces, else of the object's own, else none.
func (r *planReader) all(ctx context.Context, kind client.ObjectList) ([]runtime.Object, error) {
	name, unseen := "ServerCertificates", "others that want the same listeners"
	if _, services := kind.(*corev1.ServiceList); services {
		name, unseen = "Services", "others at the same load balancers, and annotations that name a certificate,"
	}
	objects, err := r.once(ctx, kind, "")
	if !apierrors.IsForbidden(err) {
		return objects, about(name, err)
	}
	objects, err = r.once(ctx, kind, r.home)
	if !apierrors.IsForbidden(err) {
		r.note(fmt.Sprintf("you may not list %s of all namespaces: %s are seen in namespace %s alone", name, unseen, r.home))
		return objects, about(name, err)
	}
	r.note(fmt.Sprintf("you may not list %s: %s aren't seen", name, unseen))
	return nil, nil
}

// about says what couldn't be listed.
func about(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("listing %s: %w", name, err)
}

// once reads a list, if it wasn't read before.
func (r *planReader) once(ctx context.Context, kind client.ObjectList, namespace string) ([]runtime.Object, error) {
	key := listing{fmt.Sprintf("%T", kind), namespace}
	known, ok := r.lists[key]
	if !ok {
		list, isList := kind.DeepCopyObject().(client.ObjectList)
		if !isList {
			return nil, fmt.Errorf("listing: %T is no list", kind)
		}
		known.err = r.Reader.List(ctx, list, client.InNamespace(namespace))
		if known.err == nil {
			known.objects, known.err = meta.ExtractList(list)
		}
		r.lists[key] = known
	}
	return known.objects, known.err
}

// note notes what isn't seen, once.
func (r *planReader) note(text string) {
	if !slices.Contains(r.notes, text) {
		r.notes = append(r.notes, text)
	}
}

// matching are the objects that the options ask for, by namespace and by the manager's indexes.
func matching(all []runtime.Object, asked *client.ListOptions) ([]runtime.Object, error) {
	found := []runtime.Object{}
	for _, one := range all {
		object, ok := one.(client.Object)
		if !ok {
			return nil, fmt.Errorf("searching a list: %T is no object", one)
		}
		matches, err := indexed(object, asked)
		if err != nil {
			return nil, err
		}
		if matches && (asked.Namespace == "" || asked.Namespace == object.GetNamespace()) {
			found = append(found, one)
		}
	}
	return found, nil
}

// indexed tells whether an object has the values of its indexes that are asked for.
func indexed(object client.Object, asked *client.ListOptions) (bool, error) {
	if asked.FieldSelector == nil {
		return true, nil
	}
	for _, want := range asked.FieldSelector.Requirements() {
		index, err := indexOf(object, want.Field)
		if err != nil {
			return false, err
		}
		if !slices.Contains(index.Keys(object), want.Value) {
			return false, nil
		}
	}
	return true, nil
}

// indexOf is the index of an object's kind by that name.
func indexOf(object client.Object, field string) (controllers.Index, error) {
	for _, index := range controllers.Indexes() {
		if index.Field == field && reflect.TypeOf(index.Of) == reflect.TypeOf(object) {
			return index, nil
		}
	}
	return controllers.Index{}, fmt.Errorf("searching a list: %T has no index %s", object, field)
}
