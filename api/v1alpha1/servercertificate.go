package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ServerCertificate keeps one certificate in Alibaba Cloud's Classic Load
// Balancer (CLB) equal to its source: it is uploaded once, renewed when the source
// changes, served by the bindings, and deleted when nothing needs it any more.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=clbcert,categories={clbcert,certificates}
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Whether the wanted certificate is uploaded, valid and served"
// +kubebuilder:printcolumn:name="Certificate-ID",type=string,JSONPath=`.status.certificateID`,description="ID of the certificate in CLB"
// +kubebuilder:printcolumn:name="Expires",type=string,JSONPath=`.status.notAfter`,description="End of the certificate's validity"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Age of the object"
// +kubebuilder:printcolumn:name="Secret",type=string,JSONPath=`.spec.secretRef.name`,priority=1,description="The source Secret"
// +kubebuilder:printcolumn:name="Region",type=string,JSONPath=`.status.region`,priority=1,description="Region of the certificate"
// +kubebuilder:printcolumn:name="Fingerprint",type=string,JSONPath=`.status.fingerprint`,priority=1,description="SHA-1 of the leaf"
// +kubebuilder:printcolumn:name="Common-Name",type=string,JSONPath=`.status.commonName`,priority=1,description="The leaf's common name"
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1,description="Reason of Ready"
// +kubebuilder:validation:XValidation:rule="!has(self.status) || !has(self.status.region) || !has(self.spec.region) || self.spec.region == self.status.region",message="spec.region must equal status.region: a certificate can't move to another region; create a ServerCertificate of another name there"
type ServerCertificate struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the object's standard metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec is what is wanted.
	// +required
	Spec ServerCertificateSpec `json:"spec"`
	// status is what was seen and done.
	// +optional
	// +kubebuilder:default:={"observedGeneration":-1}
	Status ServerCertificateStatus `json:"status,omitempty"`
}

// ServerCertificateList is a list of ServerCertificates.
//
// +kubebuilder:object:root=true
type ServerCertificateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the objects.
	Items []ServerCertificate `json:"items"`
}
