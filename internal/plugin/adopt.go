package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func (a *app) adoptCommand() *cobra.Command {
	var secret string
	w := waitVerb{app: a}
	command := &cobra.Command{
		Use:   "adopt NAME ID",
		Short: "Take over a certificate that is in the cloud already, without a second upload",
		Long: `Take over a certificate that is in the cloud already, uploaded by hand or by another tool, without a second upload.

The manager takes it over when its fingerprint is that of the object's own Secret and it carries no other object's tag; a
refusal uploads nothing, and leaves an object as it was. With --secret an object that doesn't exist is made, so that nothing
is uploaded before.`,
		Example: `  kubectl clbcert adopt web 1321932713_17f1b4b696b_1114720822_-1671
  kubectl clbcert adopt web 1321932713_17f1b4b696b_1114720822_-1671 --secret web-tls`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 || strings.TrimSpace(args[1]) == "" {
				return errors.New("adopt takes the name of a ServerCertificate and the certificate's ID in the cloud")
			}
			return nil
		},
		ValidArgsFunction: func(command *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 { // the ID
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeNames(command, args, begun)
		},
		RunE: func(command *cobra.Command, args []string) error {
			cluster, err := a.connect()
			if err != nil {
				return err
			}
			return a.adopt(command.Context(), cluster, &w, bare(args[0]), args[1], secret)
		},
	}
	command.Flags().StringVar(&secret, "secret", "", "make the object, for this kubernetes.io/tls Secret, where it doesn't exist")
	command.Flags().DurationVar(&w.timeout, "timeout", time.Minute, "how long to wait for the manager at most, 0 for ever")
	return command
}

// adopt asks for an adoption and waits for the answer. After a refusal an object that was there
// before is as it was: else it would stay refused, although nothing of it has changed.
func (a *app) adopt(ctx context.Context, c *cluster, w *waitVerb, name, id, secret string) error {
	object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: c.namespace, Name: name}}
	err := c.Get(ctx, client.ObjectKeyFromObject(object), object)
	if apierrors.IsNotFound(err) {
		return a.adoptAnew(ctx, c, w, object, id, secret)
	}
	if err != nil {
		return fmt.Errorf("reading ServerCertificate %s/%s: %w", c.namespace, name, err)
	}
	if err := adoptable(object, id, secret); err != nil {
		return err
	}
	before, had := object.Annotations[v1alpha1.AnnotationAdopt]
	if err := c.annotate(ctx, object, asking(id)); err != nil {
		return fmt.Errorf("asking ServerCertificate %s/%s to adopt %s: %w", c.namespace, name, id, err)
	}
	empty := object.Status.CertificateID == ""
	err = w.until(ctx, c, object, func(o *v1alpha1.ServerCertificate) progress { return adoptionOf(o, id) })
	switch _, refused := errors.AsType[no](err); {
	case !refused:
		return err
	case empty:
		return staying(err, object)
	}
	restored := map[string]any{v1alpha1.AnnotationAdopt: nil}
	if had {
		restored[v1alpha1.AnnotationAdopt] = before
	}
	if failure := c.annotate(context.WithoutCancel(ctx), object, restored); failure != nil {
		return errors.Join(err, fmt.Errorf("taking the annotation %s out again: %w", v1alpha1.AnnotationAdopt, failure))
	}
	return no{err.Error() + "; the request is taken back"}
}

// adoptAnew makes an object that adopts: it uploads nothing before, nor after a refusal.
func (a *app) adoptAnew(ctx context.Context, c *cluster, w *waitVerb, object *v1alpha1.ServerCertificate, id, secret string) error {
	if secret == "" {
		return fmt.Errorf("there is no ServerCertificate %s/%s: --secret NAME makes it, for that Secret", object.Namespace, object.Name)
	}
	object.Annotations, object.Spec.SecretRef = map[string]string{}, &v1alpha1.SecretReference{Name: secret}
	for name, value := range asking(id) {
		object.Annotations[name] = fmt.Sprint(value)
	}
	if err := c.Create(ctx, object, fieldManager); err != nil {
		return fmt.Errorf("making ServerCertificate %s/%s: %w", object.Namespace, object.Name, err)
	}
	err := w.until(ctx, c, object, func(o *v1alpha1.ServerCertificate) progress { return adoptionOf(o, id) })
	if _, refused := errors.AsType[no](err); refused {
		return staying(err, object)
	}
	return err
}

// staying is the refusal of an object that has no certificate: without the request it would upload.
func staying(refusal error, o *v1alpha1.ServerCertificate) error {
	return no{fmt.Sprintf("%s; the request stays, so that nothing is uploaded: adopt again, or kubectl delete clbcert %s -n %s", refusal, o.Name, o.Namespace)}
}

// asking are the annotations that ask for an adoption, and for a look now: one that was refused is
// tried again.
func asking(id string) map[string]any {
	return map[string]any{
		v1alpha1.AnnotationAdopt: id, v1alpha1.AnnotationSyncRequestedAt: time.Now().UTC().Format(time.RFC3339Nano),
	}
}

// annotate sets annotations, and takes those out that are nil.
func (c *cluster) annotate(ctx context.Context, o *v1alpha1.ServerCertificate, annotations map[string]any) error {
	return c.patch(ctx, o, map[string]any{"metadata": map[string]any{"annotations": annotations}})
}

// adoptable tells what stands in the way of an adoption, as far as the object tells.
func adoptable(o *v1alpha1.ServerCertificate, id, secret string) error {
	ref := o.Spec.SecretRef
	switch {
	case secret != "" && (ref == nil || ref.Name != secret):
		return fmt.Errorf("%s is there already, and of another source than Secret %s: leave out --secret, or choose another name", called(o), secret)
	case o.Spec.Suspend:
		return fmt.Errorf("%s is suspended, and the manager adopts nothing for it: kubectl clbcert resume %s -n %s first; or set the annotation %s=%s before the resume",
			called(o), o.Name, o.Namespace, v1alpha1.AnnotationAdopt, id)
	case o.Status.LastHandledAdoption == id && o.Status.CertificateID != id:
		return fmt.Errorf("%s adopted %s before, and went on to %s: take the annotation out first (kubectl annotate clbcert %s -n %s %s-), have it synced, and adopt again",
			called(o), id, o.Status.CertificateID, o.Name, o.Namespace, v1alpha1.AnnotationAdopt)
	default:
		return nil
	}
}

// adoptionOf judges how far an adoption is.
func adoptionOf(o *v1alpha1.ServerCertificate, id string) progress {
	ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case o.Status.LastHandledAdoption == id && o.Status.CertificateID == id:
		return progress{served: true, text: "adopted certificate " + id}
	case ready == nil || !handled(o):
		return progress{text: unseen}
	case ready.Status != metav1.ConditionTrue && meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled):
		return progress{over: ready.Reason + ": " + ready.Message}
	default:
		return progress{text: ready.Message}
	}
}
