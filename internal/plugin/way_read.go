package plugin

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/tlspair"
)

// surroundings reads what is around objects. What one may not read is left out, and told.
type surroundings struct {
	*cluster
	// issuances are the Certificates, by namespace and by the Secret that they have issued.
	issuances map[string]map[string]*issuance
}

// read gathers the facts of an object from the cluster.
func (s *surroundings) read(ctx context.Context, object *v1alpha1.ServerCertificate) (facts, error) {
	f := facts{object: object, services: map[string]*ccm.Service{}}
	var err error
	if ref := object.Spec.SecretRef; ref != nil {
		key := client.ObjectKey{Namespace: object.Namespace, Name: ref.Name}
		if f.secret, err = s.secret(ctx, key); err != nil {
			return f, err
		}
		if f.certificate, err = s.issuance(ctx, key); err != nil {
			return f, err
		}
	}
	for _, b := range object.Spec.Bindings {
		if b.Service == nil {
			continue
		}
		if err := s.service(ctx, client.ObjectKey{Namespace: object.Namespace, Name: b.Service.Name}, f.services); err != nil {
			return f, err
		}
	}
	return f, nil
}

// secret reads a Secret, and forgets its key.
func (s *surroundings) secret(ctx context.Context, key client.ObjectKey) (secretFacts, error) {
	secret := &corev1.Secret{}
	err := s.Get(ctx, key, secret)
	defer wipe(secret)
	switch {
	case apierrors.IsForbidden(err):
		return secretFacts{unread: "not read: you may not get Secrets here"}, nil
	case apierrors.IsNotFound(err):
		return secretFacts{}, nil
	case err != nil:
		return secretFacts{}, fmt.Errorf("reading Secret %s: %w", key, err)
	}
	read := secretFacts{found: true, created: secret.CreationTimestamp}
	if secret.Type != corev1.SecretTypeTLS {
		return read, nil
	}
	if pair, _ := tlspair.Parse(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey]); pair != nil {
		pair.Wipe()
		read.pair = &pair.Facts
	}
	return read, nil
}

// service reads a Service into services: nil where it doesn't exist, nothing where one may not.
func (s *surroundings) service(ctx context.Context, key client.ObjectKey, services map[string]*ccm.Service) error {
	service := &corev1.Service{}
	err := s.Get(ctx, key, service)
	switch {
	case apierrors.IsForbidden(err):
		return nil // it isn't among them
	case apierrors.IsNotFound(err):
		services[key.Name] = nil
		return nil
	case err != nil:
		return fmt.Errorf("reading Service %s: %w", key, err)
	}
	read := ccm.Read(service)
	services[key.Name] = &read
	return nil
}

// issuance is the Certificate that has a Secret issued; nil where there is none, or no
// cert-manager, and a nameless one where one may not list Certificates.
func (s *surroundings) issuance(ctx context.Context, secret client.ObjectKey) (*issuance, error) {
	if known, read := s.issuances[secret.Namespace]; read {
		return known[secret.Name], nil
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{Group: "cert-manager.io", Version: "v1", Kind: "CertificateList"})
	err := s.List(ctx, list, client.InNamespace(secret.Namespace))
	switch {
	case apierrors.IsForbidden(err):
		return &issuance{}, nil
	case err != nil && !meta.IsNoMatchError(err) && !apierrors.IsNotFound(err):
		return nil, fmt.Errorf("listing cert-manager's Certificates in namespace %s: %w", secret.Namespace, err)
	}
	bySecret := map[string]*issuance{}
	for i := range list.Items {
		name, _, _ := unstructured.NestedString(list.Items[i].Object, "spec", "secretName")
		bySecret[name] = issuanceOf(&list.Items[i])
	}
	s.issuances[secret.Namespace] = bySecret
	return bySecret[secret.Name], nil
}

// issuanceOf reads what matters of a Certificate (cert-manager.io/v1).
func issuanceOf(certificate *unstructured.Unstructured) *issuance {
	text := func(fields ...string) string {
		value, _, _ := unstructured.NestedString(certificate.Object, fields...)
		return value
	}
	kind := text("spec", "issuerRef", "kind")
	if kind == "" {
		kind = "Issuer"
	}
	c := &issuance{name: certificate.GetName(), issuer: kind + " " + text("spec", "issuerRef", "name"), created: certificate.GetCreationTimestamp()}
	renewal := metav1.Time{}
	if err := renewal.UnmarshalQueryParameter(text("status", "renewalTime")); err == nil && !renewal.IsZero() {
		c.renewal = &renewal
	}
	conditions, _, _ := unstructured.NestedSlice(certificate.Object, "status", "conditions")
	for _, entry := range conditions {
		if condition, is := entry.(map[string]any); is && condition["type"] == "Ready" {
			status, _ := condition["status"].(string)
			c.ready = metav1.ConditionStatus(status)
			c.message, _ = condition["message"].(string)
		}
	}
	return c
}
