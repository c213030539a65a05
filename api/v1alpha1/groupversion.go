// Package v1alpha1 is the API that people write and read: the ServerCertificate,
// its conditions and reasons, and the names the controller puts on things. It
// holds types and names, never behaviour.
//
// +kubebuilder:object:generate=true
// +groupName=clbcert.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of this package's types.
var GroupVersion = schema.GroupVersion{Group: "clbcert.dev", Version: "v1alpha1"}

// AddToScheme adds this package's types to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &ServerCertificate{}, &ServerCertificateList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
