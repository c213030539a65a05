package ccm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// What the CCM writes on a Service.
const (
	LabelHash         = "service.beta.kubernetes.io/hash"
	LabelLoadBalancer = "service.k8s.alibaba/loadbalancer-id"

	finalizer = "service.k8s.alibaba/resources"
)

// Tags of load balancers: the first two on those that the CCM made, the last on those
// that it was given.
const (
	TagOwner   = "kubernetes.do.not.delete"
	TagCluster = "ack.aliyun.com"
	TagReused  = "kubernetes.reused.by.user"
)

// Annotations, without the part that has a legacy form.
const (
	CertificateID     = "loadbalancer-cert-id"
	ProtocolPort      = "loadbalancer-protocol-port"
	DomainExtensions  = "loadbalancer-domain-extensions"
	LoadBalancerID    = "loadbalancer-id"
	OverrideListeners = "loadbalancer-force-override-listeners"
	AdditionalTags    = "loadbalancer-additional-resource-tags"
	PreserveOnDelete  = "loadbalancer-preserve-lb-on-delete"
	Hostname          = "loadbalancer-hostname"

	annotationType   = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-type"
	annotationTunnel = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-tunnel-type"
	annotationClass  = "service.beta.kubernetes.io/class"
)

// Annotation is the whole name of an annotation of a Service.
func Annotation(name string) string { return "service.beta.kubernetes.io/alibaba-cloud-" + name }

// LegacyAnnotation is the name that came before; the CCM reads it where the other isn't.
func LegacyAnnotation(name string) string { return "service.beta.kubernetes.io/alicloud-" + name }

// annotation gives an annotation's value, and whether it is there at all.
func annotation(service *corev1.Service, name string) (value string, there bool) {
	if value, there = service.Annotations[Annotation(name)]; there {
		return value, true
	}
	value, there = service.Annotations[LegacyAnnotation(name)]
	return value, there
}

func get(service *corev1.Service, name string) string {
	value, _ := annotation(service, name)
	return value
}

// needsCLB is NeedCLB of pkg/controller/helper/service_utils.go.
func (c *CCM) needsCLB(service *corev1.Service) bool {
	return service.Spec.Type == corev1.ServiceTypeLoadBalancer && service.Spec.LoadBalancerClass == nil &&
		(!c.typeAnnotation || service.Annotations[annotationType] == "") &&
		!isTunnel(service) && service.Annotations[annotationClass] == ""
}

func isTunnel(service *corev1.Service) bool {
	_, there := service.Annotations[annotationTunnel]
	return there
}

func needsDeletion(service *corev1.Service) bool {
	return service.DeletionTimestamp != nil || service.Spec.Type != corev1.ServiceTypeLoadBalancer
}

// hash is of all that makes the CCM look at listeners again: all annotations are in it,
// no label is. Only the form differs from the real one.
func hash(service *corev1.Service) string {
	text, err := json.Marshal([]any{
		service.Spec.Ports, service.Spec.Type, service.Spec.ExternalTrafficPolicy, service.Spec.LoadBalancerClass,
		service.Annotations, service.DeletionTimestamp, service.Spec.LoadBalancerSourceRanges,
	})
	if err != nil { // none of these types can
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:20])
}

// Synced tells whether the CCM has applied a Service as it is: its hash is that of the
// label, which is written after success alone. Nothing but a change of the hash makes the
// CCM look at listeners again.
func Synced(service *corev1.Service) bool {
	return strings.EqualFold(service.Labels[LabelHash], hash(service))
}

// LoadBalancerName is the name, and the value of TagOwner, of the load balancer that the
// CCM makes for a Service.
func LoadBalancerName(service *corev1.Service) string {
	name := "a" + strings.ReplaceAll(string(service.UID), "-", "")
	return name[:min(len(name), 32)]
}

// Description is that of the listener that a CCM makes for a port of a Service.
func Description(clusterID string, service *corev1.Service, port int) string {
	return fmt.Sprintf("k8s/%d/%s/%s/%s", port, service.Name, service.Namespace, clusterID)
}

// owns tells whether a listener's description says that the Service made it, at whatever
// port (isPortManagedByMyService).
func (c *CCM) owns(service *corev1.Service, description string) bool {
	parts := strings.Split(description, "/")
	return len(parts) == 5 && parts[0] == "k8s" && parts[2] == service.Name && parts[3] == service.Namespace &&
		parts[4] == c.clusterID
}
