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
refusal uploads nothing. With --secret an object that doesn't exist is made, so that nothing is uploaded before.`,
		Example: `  kubectl clbcert adopt web 1321932713_17f1b4b696b_1114720822_-1671
  kubectl clbcert adopt web 1321932713_17f1b4b696b_1114720822_-1671 --secret web-tls`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 || strings.TrimSpace(args[1]) == "" {
				return errors.New("adopt takes the name of a ServerCertificate and the certificate's ID in the cloud")
			}
			return nil
		},
		ValidArgsFunction: a.completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			cluster, err := a.connect()
			if err != nil {
				return err
			}
			object, err := adopting(command.Context(), cluster, args[0], args[1], secret)
			if err != nil {
				return err
			}
			return w.until(command.Context(), cluster, object, func(o *v1alpha1.ServerCertificate) progress { return adoptionOf(o, args[1]) })
		},
	}
	command.Flags().StringVar(&secret, "secret", "", "make the object, for this kubernetes.io/tls Secret, where it doesn't exist")
	command.Flags().DurationVar(&w.timeout, "timeout", time.Minute, "how long to wait for the manager at most, 0 for ever")
	return command
}

// adopting is the object with the annotation that asks for the adoption, and the request to look
// now: an adoption that was refused is tried again.
func adopting(ctx context.Context, c *cluster, name, id, secret string) (*v1alpha1.ServerCertificate, error) {
	annotations := map[string]string{
		v1alpha1.AnnotationAdopt: id, v1alpha1.AnnotationSyncRequestedAt: time.Now().UTC().Format(time.RFC3339Nano),
	}
	object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: c.namespace, Name: name}}
	err := c.Get(ctx, client.ObjectKeyFromObject(object), object)
	switch {
	case apierrors.IsNotFound(err) && secret != "":
		object.Annotations, object.Spec.SecretRef = annotations, &v1alpha1.SecretReference{Name: secret}
		err = c.Create(ctx, object, fieldManager)
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("there is no ServerCertificate %s/%s: --secret NAME makes it, for that Secret", c.namespace, name)
	case err == nil && object.Spec.Suspend:
		return nil, fmt.Errorf("%s is suspended: kubectl clbcert resume %s has it adopt, too, once it is annotated", called(object), name)
	case err == nil && object.Status.LastHandledAdoption == id && object.Status.CertificateID != id:
		return nil, fmt.Errorf("%s adopted %s before, and went on to %s: take the annotation %s out first (kubectl annotate clbcert %s %[4]s-), wait for it, and adopt again",
			called(object), id, object.Status.CertificateID, v1alpha1.AnnotationAdopt, name)
	case err == nil:
		err = c.patch(ctx, object, map[string]any{"metadata": map[string]any{"annotations": annotations}})
	}
	if err != nil {
		return nil, fmt.Errorf("asking ServerCertificate %s/%s to adopt %s: %w", c.namespace, name, id, err)
	}
	return object, nil
}

// adoptionOf judges how far an adoption is.
func adoptionOf(o *v1alpha1.ServerCertificate, id string) progress {
	ready := meta.FindStatusCondition(o.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case o.Status.LastHandledAdoption == id && o.Status.CertificateID == id:
		return progress{served: true, text: "adopted certificate " + id}
	case ready == nil || !handled(o):
		return progress{text: "the manager hasn't looked at it yet"}
	case ready.Status != metav1.ConditionTrue && meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionStalled):
		return progress{over: ready.Reason + ": " + ready.Message}
	default:
		return progress{text: ready.Message}
	}
}
