package v1alpha1

// Condition types of a ServerCertificate. Reconciling, Stalled and Suspended
// are absent when they would be False; Bound is absent without bindings.
const (
	// ConditionReady sums up: the wanted certificate is in the cloud, valid
	// now, and every binding serves it.
	ConditionReady = "Ready"
	// ConditionUploaded tells whether the wanted certificate is in the cloud.
	ConditionUploaded = "Uploaded"
	// ConditionBound tells whether every binding serves the certificate.
	ConditionBound = "Bound"
	// ConditionReconciling is True while the controller still works towards
	// Ready by itself (kstatus).
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True when only a person's change helps (kstatus).
	ConditionStalled = "Stalled"
	// ConditionSuspended is True while spec.suspend is.
	ConditionSuspended = "Suspended"
)

// Reason says why a condition, a binding or a superseded certificate is as it
// is. The list is closed: users match on it.
type Reason string

// Reasons of things in order and under way.
const (
	// ReasonSynced is that of Uploaded=True, and of Ready=True without bindings.
	ReasonSynced Reason = "Synced"
	// ReasonBound is that of Bound=True and of a served binding.
	ReasonBound Reason = "Bound"
	// ReasonRetained marks a superseded certificate kept by revisionHistoryLimit.
	ReasonRetained Reason = "Retained"
	// ReasonProgressing says that a step is under way or comes next.
	ReasonProgressing Reason = "Progressing"
	// ReasonDeleting says that a deletion is under way.
	ReasonDeleting Reason = "Deleting"
	// ReasonDryRun says that --dry-run held back a write.
	ReasonDryRun Reason = "DryRun"
	// ReasonSuspended says that spec.suspend holds the work back.
	ReasonSuspended Reason = "Suspended"
)

// Reasons that lie in the Secret.
const (
	// ReasonSecretNotFound says that the Secret doesn't exist.
	ReasonSecretNotFound Reason = "SecretNotFound"
	// ReasonSecretTypeInvalid says that the Secret isn't of type kubernetes.io/tls.
	ReasonSecretTypeInvalid Reason = "SecretTypeInvalid"
	// ReasonCertificateInvalid says that tls.crt holds no usable chain.
	ReasonCertificateInvalid Reason = "CertificateInvalid"
	// ReasonKeyInvalid says that tls.key holds no usable key.
	ReasonKeyInvalid Reason = "KeyInvalid"
	// ReasonKeyMismatch says that the key isn't that of a certificate in tls.crt.
	ReasonKeyMismatch Reason = "KeyMismatch"
	// ReasonKeyUnsupported says that CLB takes no key of this kind or length.
	ReasonKeyUnsupported Reason = "KeyUnsupported"
	// ReasonCertificateExpired says that notAfter has passed.
	ReasonCertificateExpired Reason = "CertificateExpired"
	// ReasonCertificateNotYetValid says that notBefore is still to come.
	ReasonCertificateNotYetValid Reason = "CertificateNotYetValid"
	// ReasonTemporaryCertificate says that the Secret holds cert-manager's
	// placeholder, to be replaced by the issued certificate.
	ReasonTemporaryCertificate Reason = "TemporaryCertificate"
)

// Reasons that lie in the cloud.
const (
	// ReasonCredentialsInvalid says that the credentials are missing, incomplete,
	// or refused as such.
	ReasonCredentialsInvalid Reason = "CredentialsInvalid"
	// ReasonUnauthorized says that the credentials lack a right.
	ReasonUnauthorized Reason = "Unauthorized"
	// ReasonRejectedByCloud says that the service refused for good.
	ReasonRejectedByCloud Reason = "RejectedByCloud"
	// ReasonRegionInvalid says that the region is unknown, missing or not allowed.
	ReasonRegionInvalid Reason = "RegionInvalid"
	// ReasonAccountChanged says that the credentials belong to another account
	// than the one in the status.
	ReasonAccountChanged Reason = "AccountChanged"
	// ReasonClusterChanged says that the object was synced under another cluster id.
	ReasonClusterChanged Reason = "ClusterChanged"
	// ReasonQuotaExceeded says that a quota of the account is full.
	ReasonQuotaExceeded Reason = "QuotaExceeded"
	// ReasonThrottled says that the service limits the rate of calls.
	ReasonThrottled Reason = "Throttled"
	// ReasonCloudUnavailable says that the service can't be reached or fails.
	ReasonCloudUnavailable Reason = "CloudUnavailable"
)

// Reasons of bindings and of clean-up.
const (
	// ReasonLoadBalancerNotFound says that the load balancer doesn't exist.
	ReasonLoadBalancerNotFound Reason = "LoadBalancerNotFound"
	// ReasonListenerNotFound says that the load balancer has no listener there.
	ReasonListenerNotFound Reason = "ListenerNotFound"
	// ReasonListenerInvalid says that the listener isn't an HTTPS one.
	ReasonListenerInvalid Reason = "ListenerInvalid"
	// ReasonServiceNotFound says that the Service doesn't exist.
	ReasonServiceNotFound Reason = "ServiceNotFound"
	// ReasonServiceUnsupported says that the Service has no CLB load balancer.
	ReasonServiceUnsupported Reason = "ServiceUnsupported"
	// ReasonServicePending says that the cloud controller manager hasn't acted yet.
	ReasonServicePending Reason = "ServicePending"
	// ReasonBindingConflict says that something else holds the target.
	ReasonBindingConflict Reason = "BindingConflict"
	// ReasonBindingNotAllowed says that --binding-policy forbids the target.
	ReasonBindingNotAllowed Reason = "BindingNotAllowed"
	// ReasonExtensionLimitExceeded says that the listener has no room for a domain.
	ReasonExtensionLimitExceeded Reason = "ExtensionLimitExceeded"
	// ReasonInUse says that something still uses the certificate to be deleted.
	ReasonInUse Reason = "InUse"
)

// Stalls tells whether only a person's change helps against r.
// CredentialsInvalid stalls too, unless the credentials Secret is just missing:
// its creation is such a change, but one that GitOps tools bring by themselves.
func (r Reason) Stalls() bool {
	switch r {
	case ReasonSecretTypeInvalid, ReasonCertificateInvalid, ReasonKeyInvalid, ReasonKeyMismatch,
		ReasonKeyUnsupported, ReasonCertificateExpired, ReasonCredentialsInvalid, ReasonUnauthorized,
		ReasonRejectedByCloud, ReasonRegionInvalid, ReasonAccountChanged, ReasonClusterChanged,
		ReasonListenerInvalid, ReasonServiceUnsupported, ReasonBindingNotAllowed, ReasonExtensionLimitExceeded:
		return true
	default:
		return false
	}
}
