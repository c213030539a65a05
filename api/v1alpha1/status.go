package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Limits of the status, kept by the controller before the schema could refuse it.
const (
	// MaxDNSNames is how many of the certificate's names the status lists.
	MaxDNSNames = 100
	// MaxSuperseded is how many superseded certificates the status lists.
	MaxSuperseded = 20
	// MaxBindings is how many bindings the status lists: the spec's, and some that were taken out.
	MaxBindings = 64
	// MaxMessage is the longest message in characters, of conditions too.
	MaxMessage = 1024
	// MaxCommonName is the longest common name in characters. X.509 allows 64, some issuers more.
	MaxCommonName = 256
	// MaxAnnotationEcho is the longest echo of an annotation's value in characters.
	MaxAnnotationEcho = 256
)

// ServerCertificateStatus is what the controller saw and did.
type ServerCertificateStatus struct {
	// observedGeneration is the metadata.generation that this status speaks of; -1
	// until the object was looked at, so that tools (kstatus) wait for that.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// certificateID is the certificate's ID in CLB (UploadServerCertificate,
	// ServerCertificateId): the newest that was uploaded or adopted.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	CertificateID string `json:"certificateID,omitempty"`
	// certificateName is its name in CLB.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	CertificateName string `json:"certificateName,omitempty"`
	// accountID is the cloud account (sts:GetCallerIdentity); absent where STS
	// can't be reached.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	AccountID string `json:"accountID,omitempty"`
	// clusterID is the cluster id in the certificate's tag clbcert.dev/cluster.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	ClusterID string `json:"clusterID,omitempty"`
	// region is the certificate's region. Once here it wins over a changed --region.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Region string `json:"region,omitempty"`
	// fingerprint is the SHA-1 of the leaf's DER, in hex with colons, as the API
	// gives it.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Fingerprint string `json:"fingerprint,omitempty"`
	// digest is the SHA-256, lower-case hex, of the concatenated DER of the chain as
	// uploaded, leaf first; for aliCloudCertificate of the text <region>/<id>.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Digest string `json:"digest,omitempty"`
	// commonName is the leaf's.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	CommonName string `json:"commonName,omitempty"`
	// dnsNames are the leaf's, the first 100.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=256
	DNSNames []string `json:"dnsNames,omitempty"`
	// notBefore is the begin of the leaf's validity.
	// +optional
	NotBefore *metav1.Time `json:"notBefore,omitempty"`
	// notAfter is the end of the leaf's validity: the expiry.
	// +optional
	NotAfter *metav1.Time `json:"notAfter,omitempty"`
	// uploadTime is when the certificate was uploaded.
	// +optional
	UploadTime *metav1.Time `json:"uploadTime,omitempty"`
	// resourceGroupID is the certificate's resource group.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	ResourceGroupID string `json:"resourceGroupID,omitempty"`
	// appliedTagKeys are those of the certificate's tags that come from spec.tags.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=64
	AppliedTagKeys []string `json:"appliedTagKeys,omitempty"`
	// aliCloudCertificate is the source of the certificate in Certificate Management
	// Service, if it is one of those.
	// +optional
	AliCloudCertificate *AliCloudCertificate `json:"aliCloudCertificate,omitempty"`

	// pendingUpload is there only between the decision to upload and its recorded
	// outcome.
	// +optional
	PendingUpload *PendingUpload `json:"pendingUpload,omitempty"`

	// bindings are the state of the spec's, by name, and of those taken out that
	// aren't cleared away yet.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Bindings []BindingStatus `json:"bindings,omitempty"`

	// superseded are earlier certificates that are still in the cloud, newest first,
	// at most 20.
	// +optional
	// +listType=map
	// +listMapKey=certificateID
	// +kubebuilder:validation:MaxItems=20
	Superseded []SupersededCertificate `json:"superseded,omitempty"`

	// lastHandledSyncRequest is the value of the annotation
	// clbcert.dev/sync-requested-at that was acted on last.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledSyncRequest string `json:"lastHandledSyncRequest,omitempty"`

	// lastHandledAdoption is the value of the annotation clbcert.dev/adopt whose
	// certificate was taken over: it isn't again while the annotation stays.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledAdoption string `json:"lastHandledAdoption,omitempty"`

	// conditions are Ready, Uploaded, Bound, Reconciling, Stalled and Suspended.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// PendingUpload is an upload that was decided on and whose outcome isn't known.
type PendingUpload struct {
	// digest of what is uploaded, as in status.digest.
	// +required
	// +kubebuilder:validation:MaxLength=64
	Digest string `json:"digest"`
	// startTime is when the decision was recorded.
	// +required
	StartTime metav1.MicroTime `json:"startTime"`
	// deadline is the time after which no request of this upload leaves any replica.
	// +required
	Deadline metav1.MicroTime `json:"deadline"`
}

// BindingStatus is the state of one binding.
type BindingStatus struct {
	// name of the binding in the spec. Of one that was taken out, and whose name another
	// has by now, with ~ in front.
	// +required
	// +kubebuilder:validation:MaxLength=128
	Name string `json:"name"`
	// listener is the target, if it is one.
	// +optional
	Listener *ListenerTarget `json:"listener,omitempty"`
	// service is the target, if it is one.
	// +optional
	Service *ServiceTarget `json:"service,omitempty"`
	// certificateID is the certificate that was seen there last.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	CertificateID string `json:"certificateID,omitempty"`
	// ready says whether the wanted certificate is served there.
	// +required
	Ready bool `json:"ready"`
	// reason is one of the conditions' reasons.
	// +required
	// +kubebuilder:validation:MaxLength=64
	Reason Reason `json:"reason"`
	// message says what is wrong and what mends it.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
	// ownsExtension says that the listener had no certificate for the domain before this
	// binding: when the binding is taken out, so is what was made for it.
	// +optional
	OwnsExtension bool `json:"ownsExtension,omitempty"`
	// annotatedCertificateID is the certificate that was written to the Service's
	// annotation last: it is written there once.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	AnnotatedCertificateID string `json:"annotatedCertificateID,omitempty"`
	// boundCertificateID is the certificate that all of the Service's listeners served last:
	// where they don't any more, somebody changed them.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	BoundCertificateID string `json:"boundCertificateID,omitempty"`
}

// SupersededCertificate is an earlier certificate of the object.
type SupersededCertificate struct {
	// certificateID is its ID in CLB.
	// +required
	// +kubebuilder:validation:MaxLength=256
	CertificateID string `json:"certificateID"`
	// fingerprint is the SHA-1 of its leaf's DER, in hex with colons.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Fingerprint string `json:"fingerprint,omitempty"`
	// notAfter is the end of its validity.
	// +optional
	NotAfter *metav1.Time `json:"notAfter,omitempty"`
	// supersededTime is when another took its place.
	// +optional
	SupersededTime *metav1.Time `json:"supersededTime,omitempty"`
	// reason is Retained, Deleting, InUse, or what stands in the way of its deletion.
	// +required
	// +kubebuilder:validation:MaxLength=64
	Reason Reason `json:"reason"`
	// message says where it is in use, or why it can't be deleted.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}
