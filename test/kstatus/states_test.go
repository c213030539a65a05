package kstatus

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
)

func TestASyncedObjectIsCurrentAndADeletedOneTerminating(t *testing.T) {
	s := setStage(t)
	s.synced()
	s.cloud.SetFaults(t, "DeleteServerCertificate=ServiceUnavailable")
	if err := s.cluster.Client.Delete(t.Context(), s.object); err != nil {
		t.Fatal(err)
	}
	s.becomes("its deletion, which the cloud holds up", status.TerminatingStatus, v1alpha1.ReasonCloudUnavailable)
}

func TestWhatGoesOnByItselfIsInProgress(t *testing.T) {
	for after, c := range map[string]struct {
		set    func(*stage)
		reason v1alpha1.Reason
		mend   func(*stage)
	}{
		"a missing Secret": {
			set:    func(*stage) {},
			reason: v1alpha1.ReasonSecretNotFound,
			mend:   func(s *stage) { s.create(s.secret) },
		},
		"a cloud that is away": {
			set: func(s *stage) {
				s.cloud.SetFaults(s, "UploadServerCertificate=ServiceUnavailable")
				s.create(s.secret)
			},
			reason: v1alpha1.ReasonCloudUnavailable,
			mend:   func(s *stage) { s.cloud.SetFaults(s) },
		},
		"a certificate that isn't valid yet": {
			set: func(s *stage) {
				secret, err := certs.NewLeaf(s.T, certs.NotYetValid()).Secret(s.secret.Name, s.secret.Namespace)
				if err != nil {
					s.Fatal(err)
				}
				s.create(secret)
			},
			reason: v1alpha1.ReasonCertificateNotYetValid,
			mend:   func(s *stage) { s.replaceSecret(s.secret) },
		},
	} {
		t.Run(after, func(t *testing.T) {
			s := setStage(t)
			c.set(s)
			s.create(s.object)
			s.becomes(after, status.InProgressStatus, c.reason)
			c.mend(s)
			s.becomes(after+" and its mending", status.CurrentStatus, v1alpha1.ReasonSynced)
		})
	}
}

// replaceSecret puts another content into the object's Secret.
func (s *stage) replaceSecret(by *corev1.Secret) {
	s.Helper()
	secret := by.DeepCopy()
	secret.ResourceVersion = ""
	if err := s.cluster.Client.Update(s.Context(), secret); err != nil {
		s.Fatalf("replacing the Secret: %v", err)
	}
}

func TestWhatAPersonMustMendIsFailed(t *testing.T) {
	for after, c := range map[string]struct {
		set    func(*stage) *corev1.Secret
		reason v1alpha1.Reason
	}{
		"a key of another certificate": {
			func(s *stage) *corev1.Secret {
				other, err := certs.NewLeaf(s.T).Secret("other", s.secret.Namespace)
				if err != nil {
					s.Fatal(err)
				}
				return certs.Secret(s.secret.Name, s.secret.Namespace, s.secret.Data[corev1.TLSCertKey], other.Data[corev1.TLSPrivateKeyKey])
			},
			v1alpha1.ReasonKeyMismatch,
		},
		"a Secret without a certificate": {
			func(s *stage) *corev1.Secret {
				return certs.Secret(s.secret.Name, s.secret.Namespace, []byte("none"), s.secret.Data[corev1.TLSPrivateKeyKey])
			},
			v1alpha1.ReasonCertificateInvalid,
		},
		"a right that is missing": {
			func(s *stage) *corev1.Secret {
				s.cloud.SetFaults(s, "UploadServerCertificate=Forbidden.RAM")
				return s.secret
			},
			v1alpha1.ReasonUnauthorized,
		},
	} {
		t.Run(after, func(t *testing.T) {
			s := setStage(t)
			s.create(c.set(s), s.object)
			s.becomes(after, status.FailedStatus, c.reason)
		})
	}
}

// The certificate that was synced is still served; what is wanted isn't there, so a tool must not go on.
func TestARenewalThatFailsIsFailed(t *testing.T) {
	s := setStage(t)
	s.synced()
	s.replaceSecret(certs.Secret(s.secret.Name, s.secret.Namespace, []byte("none"), s.secret.Data[corev1.TLSPrivateKeyKey]))
	s.becomes("a broken renewal", status.FailedStatus, v1alpha1.ReasonCertificateInvalid)
}

func TestASuspendedObjectKeepsWhatItWas(t *testing.T) {
	for after, c := range map[string]struct {
		before func(*stage)
		want   status.Status
		reason v1alpha1.Reason
	}{
		"a suspension before the first sync": {
			func(s *stage) { s.create(s.secret, s.object) }, status.InProgressStatus, v1alpha1.ReasonSuspended,
		},
		"a suspension later": {
			func(s *stage) { s.synced() }, status.CurrentStatus, v1alpha1.ReasonSynced,
		},
	} {
		t.Run(after, func(t *testing.T) {
			s := setStage(t)
			s.object.Spec.Suspend = c.want == status.InProgressStatus
			c.before(s)
			s.patch(s.object, `{"spec":{"suspend":true}}`)
			s.becomes(after, c.want, c.reason)
			s.patch(s.object, `{"spec":{"suspend":false}}`)
			s.becomes(after+" and its end", status.CurrentStatus, v1alpha1.ReasonSynced)
		})
	}
}

func TestAChangeThatNobodyHasSeenYetIsInProgress(t *testing.T) {
	s := setStage(t)
	s.synced()
	s.manager.Stop(t)
	s.patch(s.object, `{"spec":{"certificateName":"another"}}`)
	s.check("a change", s.object, status.InProgressStatus)
	s.manager.Start(t)
	s.becomes("a change that was seen", status.CurrentStatus, v1alpha1.ReasonSynced)
}

// A tool that waits begins to look right after it created the object.
func TestAnObjectThatNobodyHasSeenYetIsInProgress(t *testing.T) {
	s := setStage(t)
	s.manager.Stop(t)
	s.create(s.secret, s.object)
	s.check("its creation", s.object, status.InProgressStatus)
	s.manager.Start(t)
	s.becomes("its first sync", status.CurrentStatus, v1alpha1.ReasonSynced)
}
