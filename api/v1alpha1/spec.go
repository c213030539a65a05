package v1alpha1

// ServerCertificateSpec is what a user wants in CLB.
//
// +kubebuilder:validation:XValidation:rule="has(self.secretRef) != has(self.aliCloudCertificate)",message="give exactly one source: secretRef or aliCloudCertificate"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.region) || has(self.region)",fieldPath=".region",reason=FieldValueForbidden,message="region can't be removed once set: a certificate can't move to another region"
type ServerCertificateSpec struct {
	// secretRef names the kubernetes.io/tls Secret of the same namespace that holds
	// the chain (tls.crt) and the private key (tls.key). Whenever its certificate
	// changes it is uploaded anew. Give either this or aliCloudCertificate.
	// +optional
	SecretRef *SecretReference `json:"secretRef,omitempty"`

	// aliCloudCertificate names a certificate of Alibaba Cloud's Certificate
	// Management Service, to be used instead of a Secret. A change is a renewal. It
	// doesn't work on Alibaba Cloud's international site.
	// +optional
	AliCloudCertificate *AliCloudCertificate `json:"aliCloudCertificate,omitempty"`

	// region is where the certificate is to be: load balancers use certificates of
	// their own region only. Defaults to the manager's --region. It can't be changed
	// or removed once set, and must equal status.region once that is there.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="region can't be changed: create a ServerCertificate of another name for the other region"
	Region Region `json:"region,omitempty"`

	// certificateName is the certificate's name in CLB: 1 to 80 characters, an
	// English letter first, then letters, digits, '.', '_' and '-'
	// (UploadServerCertificate, ServerCertificateName). It needn't be unique. A change
	// renames in place. Defaults to one made of namespace, name and digest.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=80
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z][A-Za-z0-9._-]*$')",message="certificateName begins with an English letter, followed by letters, digits, '.', '_' and '-'"
	CertificateName string `json:"certificateName,omitempty"`

	// resourceGroupID is the resource group of the certificate in the cloud account.
	// A change moves it in place. Defaults to the account's default group.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^rg-[A-Za-z0-9-]+$')",message="resourceGroupID begins with rg-, as in rg-acfmxazb4ph6aiy"
	ResourceGroupID string `json:"resourceGroupID,omitempty"`

	// tags are put on the certificate in the cloud, at most 17 (a resource holds 20,
	// three are the controller's). Keys have 1 to 64 characters, values 0 to 128;
	// neither contains http:// or https://, nor begins with aliyun or acs:, and no
	// key begins with clbcert.dev/ (UploadServerCertificate, Tag.N). A change is
	// applied in place; tags that others put on the certificate stay.
	// +optional
	// +kubebuilder:validation:MaxProperties=17
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) >= 1 && size(k) <= 64)",message="a tag's key has 1 to 64 characters"
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) > 64 || !(k.startsWith('aliyun') || k.startsWith('acs:') || k.startsWith('clbcert.dev/')))",message="a tag's key doesn't begin with aliyun, acs: or clbcert.dev/"
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) > 64 || !k.matches('https?://'))",message="a tag's key doesn't contain http:// or https://"
	Tags map[string]TagValue `json:"tags,omitempty"`

	// credentialsSecretRef names a Secret of the same namespace with the credentials
	// to use, of any type, with the keys accessKeyID and accessKeySecret, optionally
	// securityToken, and optionally roleARN (with roleSessionName, externalID) to
	// assume a role with them. Defaults to the manager's own credentials.
	// +optional
	CredentialsSecretRef *SecretReference `json:"credentialsSecretRef,omitempty"`

	// bindings are the places where the certificate is to be served, at most 32, no
	// two with the same target. A binding that is taken out leaves a listener's
	// default certificate as it is.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:XValidation:rule="self.all(a, !has(a.listener) || self.exists_one(b, has(b.listener) && b.listener.loadBalancerID == a.listener.loadBalancerID && b.listener.port == a.listener.port && (has(b.listener.domain) ? b.listener.domain.lowerAscii() : '') == (has(a.listener.domain) ? a.listener.domain.lowerAscii() : '')))",message="two bindings have the same listener and domain: keep one"
	// +kubebuilder:validation:XValidation:rule="self.all(a, !has(a.service) || self.exists_one(b, has(b.service) && b.service.name == a.service.name && (has(b.service.domain) ? b.service.domain.lowerAscii() : '') == (has(a.service.domain) ? a.service.domain.lowerAscii() : '')))",message="two bindings have the same service and domain: keep one"
	Bindings []Binding `json:"bindings,omitempty"`

	// deletionPolicy says what becomes of the certificates in the cloud when this
	// object is deleted: Delete removes what it uploaded, and waits while a listener
	// uses it; Retain leaves all. It may be changed on a Terminating object.
	// +optional
	// +kubebuilder:default=Delete
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// revisionHistoryLimit is how many superseded certificates are kept in the cloud,
	// 0 to 10, for a way back. They are given up early when the quota is full.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10
	RevisionHistoryLimit *int32 `json:"revisionHistoryLimit,omitempty"`

	// suspend holds back every write but those of a deletion.
	// +optional
	// +kubebuilder:default=false
	Suspend bool `json:"suspend,omitempty"`
}

// Region is the ID of an Alibaba Cloud region, such as cn-hangzhou.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=32
// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]{2}(-[a-z0-9]+)+$')",message="a region looks like cn-hangzhou"
type Region string

// TagValue is a tag's value: 0 to 128 characters.
//
// +kubebuilder:validation:MaxLength=128
// +kubebuilder:validation:XValidation:rule="!(self.startsWith('aliyun') || self.startsWith('acs:') || self.contains('http://') || self.contains('https://'))",message="a tag's value doesn't begin with aliyun or acs:, and doesn't contain http:// or https://"
type TagValue string

// DeletionPolicy says what becomes of the certificates in the cloud.
//
// +kubebuilder:validation:Enum=Delete;Retain
type DeletionPolicy string

// The deletion policies.
const (
	// DeletionPolicyDelete deletes what the object uploaded.
	DeletionPolicyDelete DeletionPolicy = "Delete"
	// DeletionPolicyRetain leaves everything in the cloud.
	DeletionPolicyRetain DeletionPolicy = "Retain"
)

// SecretReference names a Secret of the object's own namespace.
type SecretReference struct {
	// name of the Secret, 1 to 253 characters.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",message="a Secret's name has lower-case letters, digits, '-' and '.', and begins and ends with a letter or digit"
	Name string `json:"name"`
}

// AliCloudCertificate names a certificate of Certificate Management Service.
type AliCloudCertificate struct {
	// id of the certificate there (UploadServerCertificate, AliCloudCertificateId).
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_-]+$')",message="id has letters, digits, '_' and '-', as in 7752925"
	ID string `json:"id"`
	// name of the certificate there; sent only when set.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Name string `json:"name,omitempty"`
	// region of Certificate Management Service, cn-hangzhou for mainland China; sent
	// only when set.
	// +optional
	Region Region `json:"region,omitempty"`
}

// Binding is one place where the certificate is to be served.
//
// +kubebuilder:validation:XValidation:rule="has(self.listener) != has(self.service)",message="give exactly one target: listener or service"
type Binding struct {
	// name of the binding, a DNS label, unique in the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="a binding's name has lower-case letters, digits and '-', and begins and ends with a letter or digit"
	Name string `json:"name"`
	// listener is a listener of a load balancer, written directly.
	// +optional
	Listener *ListenerTarget `json:"listener,omitempty"`
	// service is a Service whose load balancer the cloud controller manager runs.
	// +optional
	Service *ServiceTarget `json:"service,omitempty"`
}

// ListenerTarget is an HTTPS listener's default certificate, or its certificate
// for one domain.
type ListenerTarget struct {
	// loadBalancerID is the ID of the load balancer, such as lb-bp1b6c719dfa08ex.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9-]+$')",message="a load balancer's ID looks like lb-bp1b6c719dfa08ex"
	LoadBalancerID string `json:"loadBalancerID"`
	// port of the listener, 1 to 65535.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port"`
	// domain for which the certificate is served by Server Name Indication; without
	// it, it is the listener's default certificate.
	// +optional
	Domain Domain `json:"domain,omitempty"`
}

// ServiceTarget is a Service's default certificate, or its certificate for one
// domain, on all of its HTTPS ports.
type ServiceTarget struct {
	// name of the Service, in the object's own namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="a Service's name has lower-case letters, digits and '-', and begins and ends with a letter or digit"
	Name string `json:"name"`
	// domain for which the certificate is served by Server Name Indication; without
	// it, it is the default certificate.
	// +optional
	Domain Domain `json:"domain,omitempty"`
}

// Domain is a DNS name, with at most one wildcard label in front; compared
// without case.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:XValidation:rule="self.matches('^([*][.])?([A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?[.])*[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$')",message="a domain is a DNS name such as www.example.com or *.example.com"
type Domain string
