package controllers

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// unwritable is a client with nothing behind it that could write: every write is an error. It
// embeds no client.Client, so that one with more writes doesn't compile.
type unwritable struct{ client.Reader }

// errPreview is what every write of a preview would end in.
var errPreview = errors.New("a preview writes nothing")

// Get reads an object; a ServerCertificate as if it weren't suspended.
func (u unwritable) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	err := u.Reader.Get(ctx, key, object, options...)
	if certificate, ok := object.(*v1alpha1.ServerCertificate); ok {
		certificate.Spec.Suspend = false
	}
	return err
}

// Create, Delete, Update, Patch, Apply and DeleteAllOf fail.
func (unwritable) Create(context.Context, client.Object, ...client.CreateOption) error {
	return errPreview
}

// Delete fails.
func (unwritable) Delete(context.Context, client.Object, ...client.DeleteOption) error {
	return errPreview
}

// Update fails.
func (unwritable) Update(context.Context, client.Object, ...client.UpdateOption) error {
	return errPreview
}

// Patch fails.
func (unwritable) Patch(context.Context, client.Object, client.Patch, ...client.PatchOption) error {
	return errPreview
}

// Apply fails.
func (unwritable) Apply(context.Context, runtime.ApplyConfiguration, ...client.ApplyOption) error {
	return errPreview
}

// DeleteAllOf fails.
func (unwritable) DeleteAllOf(context.Context, client.Object, ...client.DeleteAllOfOption) error {
	return errPreview
}

// Status is a writer that fails.
func (unwritable) Status() client.SubResourceWriter { return unwritableStatus{} }

// SubResource is a client that fails.
func (unwritable) SubResource(string) client.SubResourceClient { return unwritableStatus{} }

// Scheme is unknown.
func (unwritable) Scheme() *runtime.Scheme { return runtime.NewScheme() }

// RESTMapper knows no kind.
func (unwritable) RESTMapper() meta.RESTMapper { return meta.NewDefaultRESTMapper(nil) }

// GroupVersionKindFor fails: only writes ask for it.
func (unwritable) GroupVersionKindFor(runtime.Object) (schema.GroupVersionKind, error) {
	return schema.GroupVersionKind{}, errPreview
}

// IsObjectNamespaced fails: only writes ask for it.
func (unwritable) IsObjectNamespaced(runtime.Object) (bool, error) { return false, errPreview }

// unwritableStatus is the same for what belongs to an object.
type unwritableStatus struct{}

// Get fails.
func (unwritableStatus) Get(context.Context, client.Object, client.Object, ...client.SubResourceGetOption) error {
	return errPreview
}

// Create fails.
func (unwritableStatus) Create(context.Context, client.Object, client.Object, ...client.SubResourceCreateOption) error {
	return errPreview
}

// Update fails.
func (unwritableStatus) Update(context.Context, client.Object, ...client.SubResourceUpdateOption) error {
	return errPreview
}

// Patch fails.
func (unwritableStatus) Patch(context.Context, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
	return errPreview
}

// Apply fails.
func (unwritableStatus) Apply(context.Context, runtime.ApplyConfiguration, ...client.SubResourceApplyOption) error {
	return errPreview
}
