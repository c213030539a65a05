package controllers

import (
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/metrics"
	"github.com/clbcert/clbcert/internal/plan"
)

// lastChange is since when the object could have had the Secret's content: the Secret's last
// change, to a second, or the object's creation.
func lastChange(secret *corev1.Secret, object *v1alpha1.ServerCertificate) time.Time {
	last := secret.CreationTimestamp.Time
	for _, entry := range secret.ManagedFields {
		if entry.Time != nil && entry.Time.After(last) {
			last = entry.Time.Time
		}
	}
	if created := object.CreationTimestamp.Time; created.After(last) {
		return created
	}
	return last
}

// uploaded measures an upload.
func (r *Reconciler) uploaded(s plan.State, with means, err error) {
	var failure *clberr.Error
	if err != nil && !errors.As(err, &failure) {
		return
	}
	r.Metrics.Uploaded(s.Region, failure)
	if err == nil && !with.changed.IsZero() {
		r.Metrics.Propagated(metrics.ToCertificate, r.Clock().Sub(with.changed))
	}
}

// served measures a renewal whose end the new status tells.
func (r *Reconciler) served(s plan.State, status v1alpha1.ServerCertificateStatus, with means) {
	if !with.changed.IsZero() && arrived(s.Recorded, status) {
		r.Metrics.Propagated(metrics.ToBinding, r.Clock().Sub(with.changed))
	}
}

// arrived tells whether by the new status all bindings serve the certificate, and by the
// former one of them served one that it superseded. Where only somebody else's change was
// set right it doesn't.
func arrived(former, status v1alpha1.ServerCertificateStatus) bool {
	for _, binding := range status.Bindings {
		if !binding.Ready || binding.CertificateID != status.CertificateID {
			return false
		}
	}
	superseded := map[string]bool{former.CertificateID: true}
	for _, certificate := range former.Superseded {
		superseded[certificate.CertificateID] = true
	}
	delete(superseded, status.CertificateID)
	delete(superseded, "")
	return slices.ContainsFunc(former.Bindings, func(b v1alpha1.BindingStatus) bool { return superseded[b.CertificateID] }) &&
		len(status.Bindings) > 0
}
