package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/plan"
)

// ServiceCache is how Services enter the cache: what the cloud controller manager goes by,
// and nothing else.
func ServiceCache() cache.ByObject {
	return cache.ByObject{Transform: balancing}
}

// balancing strips a Service to what package ccm reads.
func balancing(object any) (any, error) {
	service, ok := object.(*corev1.Service)
	if !ok {
		return object, nil
	}
	stripped := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: service.Namespace, Name: service.Name, UID: service.UID, ResourceVersion: service.ResourceVersion,
			Labels: relevant(service.Labels), Annotations: relevant(service.Annotations),
		},
		Spec:   corev1.ServiceSpec{Type: service.Spec.Type, LoadBalancerClass: service.Spec.LoadBalancerClass},
		Status: corev1.ServiceStatus{LoadBalancer: service.Status.LoadBalancer},
	}
	for _, port := range service.Spec.Ports {
		stripped.Spec.Ports = append(stripped.Spec.Ports, corev1.ServicePort{Port: port.Port})
	}
	return stripped, nil
}

func relevant(all map[string]string) map[string]string {
	kept := maps.Clone(all)
	maps.DeleteFunc(kept, func(key, _ string) bool { return !ccm.Relevant(key) })
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// serviceUsers are the objects that a Service serves, and those that want listeners of its
// load balancer.
func (r *Reconciler) serviceUsers(ctx context.Context, object client.Object) []reconcile.Request {
	users := r.requests(ctx, client.InNamespace(object.GetNamespace()), client.MatchingFields{indexService: object.GetName()})
	if service, ok := object.(*corev1.Service); ok {
		if id := ccm.LoadBalancerOf(service); id != "" {
			users = append(users, r.requests(ctx, client.MatchingFields{indexBalancer: id})...)
		}
	}
	return users
}

// annotate sets one annotation of exactly the Service as seen, whoever wrote it before: the
// plan asks for that once. It gives the version of the Service as written.
func (r *Reconciler) annotate(ctx context.Context, step plan.Annotate) (string, error) {
	service := &unstructured.Unstructured{}
	service.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Service"))
	service.SetNamespace(step.Service.Namespace)
	service.SetName(step.Service.Name)
	if step.Value == "" {
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
			"resourceVersion": step.Service.ResourceVersion, "annotations": map[string]any{step.Annotation: nil},
		}})
		if err != nil {
			return "", fmt.Errorf("encoding a patch of Service %s: %w", step.Service.Name, err)
		}
		err = r.Client.Patch(ctx, service, client.RawPatch(types.MergePatchType, patch), annotator(step.Annotation))
		return service.GetResourceVersion(), err
	}
	service.SetResourceVersion(step.Service.ResourceVersion)
	service.SetAnnotations(map[string]string{step.Annotation: step.Value})
	err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(service), annotator(step.Annotation), client.ForceOwnership)
	return service.GetResourceVersion(), err
}

// annotator is this controller as the manager of one annotation. Each has one of its own,
// for what is applied as the same manager drops what is left out.
func annotator(annotation string) client.FieldOwner {
	if annotation == ccm.AnnotationCertificate {
		return fieldOwner + "-certificate"
	}
	return fieldOwner + "-domain-extensions"
}

// managerOf is who wrote an annotation last, "" where nobody is known for it.
func managerOf(service *corev1.Service, annotation string) string {
	var latest *metav1.ManagedFieldsEntry
	for i, entry := range service.ManagedFields {
		if entry.FieldsV1 == nil || !strings.Contains(string(entry.FieldsV1.GetRawBytes()), `"f:`+annotation+`"`) {
			continue
		}
		if latest == nil || latest.Time.Before(entry.Time) {
			latest = &service.ManagedFields[i]
		}
	}
	if latest == nil {
		return ""
	}
	return latest.Manager
}
