package controllers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
	"github.com/clbcert/clbcert/internal/tlspair"
)

// means are what steps need and the plan must not know: the key and the credentials.
type means struct {
	material
	identity
	visit *visit
}

// material is what came of the Secret, and when it was changed.
type material struct {
	pair    *tlspair.Pair
	changed time.Time
}

// end forgets the private key, and gives the place back.
func (m means) end() {
	m.wipe()
	m.visit.end()
}

func (m means) wipe() {
	if m.pair != nil {
		m.pair.Wipe()
	}
}

// observe reads all that a pass begins with: the object from the cache, its Secrets
// live. The cloud is read only when the plan asks for it.
func (r *Reconciler) observe(ctx context.Context, name types.NamespacedName) (plan.State, means, error) {
	object := &v1alpha1.ServerCertificate{}
	if err := r.Client.Get(ctx, name, object); err != nil {
		if apierrors.IsNotFound(err) {
			r.memories.drop(name)
		}
		return plan.State{}, means{}, err
	}
	if r.memories.behind(object) {
		return plan.State{}, means{}, errStale
	}
	if r.waits(object) {
		return plan.State{}, means{}, errFull
	}
	now := r.Clock()
	state := plan.State{
		Now: now, Jitter: rand.Float64(), Settings: r.Settings,
		Object: object, Status: object.Status, Recorded: object.Status,
		HasFinalizer: controllerutil.ContainsFinalizer(object, v1alpha1.Finalizer),
		Memory:       r.memories.get(object, now),
	}
	state.TidyDue = !state.Memory.TidyAt.After(now)
	var with means
	if !state.Deleting() && !object.Spec.Suspend {
		var err error
		if state.Wanted, with.material, state.Source, err = r.source(ctx, object); err != nil {
			return plan.State{}, means{}, err
		}
	}
	state.Region, state.Access = plan.RegionOf(object, r.Region, r.Regions)
	if state.Access == nil {
		var err error
		if with.identity, state.Access, err = r.identify(ctx, object, state.Region); err != nil {
			with.wipe()
			return plan.State{}, means{}, err
		}
	}
	state.OwnCredentials = object.Spec.CredentialsSecretRef != nil
	state.Credentials = with.name
	state.Inputs = inputs(state, with.version)
	with.visit = r.places.visit(reconcile.Request{NamespacedName: name})
	return state, with, nil
}

// waits tells whether an object only waits for its turn: one that has never been in the cloud,
// behind others of the manager's own account.
func (r *Reconciler) waits(object *v1alpha1.ServerCertificate) bool {
	fresh := object.Status.ObservedGeneration <= 0 && object.DeletionTimestamp == nil && !object.Spec.Suspend
	if !fresh || object.Spec.CredentialsSecretRef != nil || len(r.Roles) > 0 {
		return false
	}
	account := cmp.Or(r.Cloud.KnownID(managersOwn), managersOwn)
	return r.places.queue(account, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(object)})
}

// inputs stands for all that a person can change to mend a failure.
func inputs(s plan.State, credentialsVersion string) string {
	source := ""
	if s.Wanted != nil {
		source = s.Wanted.Digest
	}
	a := s.Object.Annotations
	return fmt.Sprint(s.Object.Generation, "|", s.Deleting(), "|", source, "|", credentialsVersion, "|", a[v1alpha1.AnnotationAdopt])
}

// source reads what the object wants in the cloud, or why that can't be told.
func (r *Reconciler) source(ctx context.Context, object *v1alpha1.ServerCertificate) (*plan.Wanted, material, *plan.Obstacle, error) {
	if cas := object.Spec.AliCloudCertificate; cas != nil {
		return r.aliCloudSource(object, cas), material{}, nil, nil
	}
	name := object.Spec.SecretRef.Name
	secret, err := r.secret(ctx, object.Namespace, name)
	defer clearData(secret)
	switch {
	case apierrors.IsNotFound(err):
		return nil, material{}, &plan.Obstacle{Reason: v1alpha1.ReasonSecretNotFound, Message: fmt.Sprintf(
			"Secret %q doesn't exist: create it, of type kubernetes.io/tls, in namespace %s", name, object.Namespace)}, nil
	case apierrors.IsForbidden(err):
		return nil, material{}, unreadable(err), nil
	case err != nil:
		return nil, material{}, nil, fmt.Errorf("reading Secret %s/%s: %w", object.Namespace, name, err)
	case secret.Type != corev1.SecretTypeTLS:
		return nil, material{}, &plan.Obstacle{Reason: v1alpha1.ReasonSecretTypeInvalid, Message: fmt.Sprintf(
			"Secret %q is of type %s: create it anew as kubernetes.io/tls", name, secret.Type)}, nil
	}
	pair, problem := tlspair.Parse(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if problem != nil {
		return nil, material{}, &plan.Obstacle{Reason: v1alpha1.Reason(problem.Kind),
			Message: fmt.Sprintf("Secret %q: %s", name, problem.Message)}, nil
	}
	return wanted(pair.Facts, fmt.Sprintf("Secret %q", name)), material{pair, lastChange(secret, object)}, nil, nil
}

// unreadable is a Secret that the manager may not read: waiting for the right to.
func unreadable(err error) *plan.Obstacle {
	return &plan.Obstacle{Reason: v1alpha1.ReasonProgressing, Message: "reading a Secret: " + err.Error() + "; grant the manager's ServiceAccount to get it"}
}

// wanted is the plan's view of a pair.
func wanted(f tlspair.Facts, source string) *plan.Wanted {
	return &plan.Wanted{
		Digest: f.Digest, Fingerprint: f.Fingerprint, CommonName: f.CommonName, DNSNames: f.DNSNames,
		NotBefore: f.NotBefore, NotAfter: f.NotAfter,
		MissingIntermediate: f.MissingIntermediate, Temporary: f.Temporary, Source: source,
	}
}

// aliCloudSource is a certificate of Certificate Management Service: its content
// stays there.
func (r *Reconciler) aliCloudSource(object *v1alpha1.ServerCertificate, cas *v1alpha1.AliCloudCertificate) *plan.Wanted {
	region := string(cas.Region)
	if region == "" {
		region, _ = plan.RegionOf(object, r.Region, nil)
	}
	return &plan.Wanted{
		Digest: v1alpha1.AliCloudDigest(region, cas.ID), AliCloud: cas,
		Source: fmt.Sprintf("certificate %q of Certificate Management Service", cas.ID),
	}
}

// confirm fails with a conflict where the object as read is a stale copy.
func (r *Reconciler) confirm(ctx context.Context, object *v1alpha1.ServerCertificate) error {
	live := &v1alpha1.ServerCertificate{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(object), live); err != nil {
		return err
	}
	if live.UID != object.UID || live.ResourceVersion != object.ResourceVersion {
		return apierrors.NewConflict(v1alpha1.GroupVersion.WithResource("servercertificates").GroupResource(), object.Name, errStale)
	}
	return nil
}

// errStale is why a pass ends that began with a stale copy.
var errStale = errors.New("the cache has an older version than the API server")

// secret reads one Secret from the API server.
func (r *Reconciler) secret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	return secret, r.Live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, secret)
}

// clearData wipes a Secret's data that was read.
func clearData(secret *corev1.Secret) {
	for _, value := range secret.Data {
		clear(value)
	}
}
