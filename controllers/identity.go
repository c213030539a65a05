package controllers

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/plan"
)

// identity is whom an object's calls to the cloud are signed by.
type identity struct {
	provider credentials.Provider
	// version tells credentials apart: equal ones share an account's client and lists.
	version string
	// name is for messages.
	name string
}

// RoleRule gives the namespaces that a selector matches a RAM role, assumed with the
// manager's own identity. Only who runs the manager makes rules.
type RoleRule struct {
	Namespaces labels.Selector
	Role       credentials.Role

	identity identity
}

// assumeRoles prepares the rules' roles; each is assumed at its first use.
func (r *Reconciler) assumeRoles() {
	for i, rule := range r.Roles {
		r.Roles[i].identity = identity{
			provider: r.Cloud.STS(r.Region).AssumeRole(r.Own, rule.Role),
			version:  strings.Join([]string{"role", rule.Role.ARN, rule.Role.SessionName, rule.Role.ExternalID}, "|"),
			name:     "role " + rule.Role.ARN,
		}
	}
}

// identify chooses exactly one identity: that of the object's own credentials Secret;
// without one, the role of the first rule for its namespace; without one, the manager's.
func (r *Reconciler) identify(ctx context.Context, object *v1alpha1.ServerCertificate, region string) (identity, *plan.Obstacle, error) {
	if ref := object.Spec.CredentialsSecretRef; ref != nil {
		return r.ownIdentity(ctx, types.NamespacedName{Namespace: object.Namespace, Name: ref.Name}, region)
	}
	if len(r.Roles) > 0 {
		namespace := namespaceMetadata()
		if err := r.Client.Get(ctx, client.ObjectKey{Name: object.Namespace}, namespace); err != nil {
			return identity{}, nil, fmt.Errorf("reading the labels of namespace %s: %w", object.Namespace, err)
		}
		for _, rule := range r.Roles {
			if rule.Namespaces.Matches(labels.Set(namespace.Labels)) {
				return rule.identity, nil, nil
			}
		}
	}
	return identity{provider: r.Own, version: managersOwn, name: "the manager's credentials"}, nil, nil
}

// managersOwn is the version of the manager's own credentials.
const managersOwn = "manager"

// ownIdentity is that of a credentials Secret.
func (r *Reconciler) ownIdentity(ctx context.Context, key types.NamespacedName, region string) (identity, *plan.Obstacle, error) {
	own := identity{name: fmt.Sprintf("credentials Secret %q", key.Name)}
	r.secrets.watch(ctx, key)
	secret, err := r.secret(ctx, key.Namespace, key.Name)
	switch {
	case apierrors.IsNotFound(err):
		return own, &plan.Obstacle{Reason: v1alpha1.ReasonCredentialsInvalid, Waits: true, Message: fmt.Sprintf(
			"%s doesn't exist: create it with the keys accessKeyID and accessKeySecret in namespace %s", own.name, key.Namespace)}, nil
	case apierrors.IsForbidden(err):
		return own, unreadable(err), nil
	case err != nil:
		return own, nil, fmt.Errorf("reading credentials Secret %s: %w", key, err)
	}
	defer clearData(secret)
	provider, problem := credentials.FromSecret(secret.Data, r.Cloud.STS(region))
	if problem != nil {
		return own, &plan.Obstacle{Reason: v1alpha1.ReasonCredentialsInvalid, Message: own.name + ": " + problem.Message}, nil
	}
	own.provider, own.version = provider, "secret "+string(secret.UID)+" resourceVersion="+secret.ResourceVersion
	return own, nil, nil
}

// namespaceMetadata is an empty Namespace, of which only metadata is read.
func namespaceMetadata() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return object
}
