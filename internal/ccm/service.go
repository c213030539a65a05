// Package ccm knows the habits of Alibaba Cloud's cloud controller manager (CCM): which
// annotations and labels of a Service it reads and writes, and what it does by them. It is
// pure, and speaks of Services alone. Where a fact comes from is named by file, in
// kubernetes/cloud-provider-alibaba-cloud at eeb0ddc6.
package ccm

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Annotations that this project writes (pkg/controller/service/reconcile/annotation/annotations.go).
const (
	// AnnotationCertificate holds the ID of the default certificate of every HTTPS port.
	AnnotationCertificate = prefix + "loadbalancer-cert-id"
	// AnnotationExtensions holds the certificates of further domains, of every HTTPS
	// port, as `domain:certID,domain:certID`.
	AnnotationExtensions = prefix + "loadbalancer-domain-extensions"
)

// What the CCM reads besides, and what it writes.
const (
	prefix       = "service.beta.kubernetes.io/alibaba-cloud-"
	legacyPrefix = "service.beta.kubernetes.io/alicloud-"

	annotationProtocols = prefix + "loadbalancer-protocol-port"
	annotationID        = prefix + "loadbalancer-id"
	annotationTags      = prefix + "loadbalancer-additional-resource-tags"
	annotationOverride  = prefix + "loadbalancer-force-override-listeners"
	annotationType      = prefix + "loadbalancer-type"
	annotationTunnel    = prefix + "loadbalancer-tunnel-type"
	annotationClass     = "service.beta.kubernetes.io/class"

	labelID = "service.k8s.alibaba/loadbalancer-id"

	// TagOwner is the tag of a load balancer that the CCM made; its value is Service.Mark.
	TagOwner = "kubernetes.do.not.delete"
)

// maxMark is the longest name of a load balancer that is made of a Service's UID
// (k8s.io/cloud-provider, DefaultLoadBalancerName).
const maxMark = 32

// Service is what the CCM makes of a Service.
type Service struct {
	Namespace, Name string
	// ResourceVersion is that of the Service as read.
	ResourceVersion string
	// Mark is what the CCM tags the load balancer with that it makes for the Service.
	Mark string
	// Unsupported says why the Service has no Classic Load Balancer with HTTPS; "" where it has.
	Unsupported string
	// LoadBalancerID is "" before the CCM has written it. Addresses are those of the
	// load balancer, by the status.
	LoadBalancerID string
	Addresses      []string
	// Reused says that the load balancer was there before the Service. The CCM doesn't
	// look at its listeners then, unless Overridden.
	Reused, Overridden bool
	// HTTPSPorts are those with HTTPS, in order.
	HTTPSPorts []int32
	// CertificateID and Extensions are what the annotations say, "" and none without.
	CertificateID string
	Extensions    []Extension
	// Malformed says that the annotation of the extensions can't be read.
	Malformed bool
}

// Manages tells whether the CCM writes the load balancer's listeners.
func (s Service) Manages() bool { return !s.Reused || s.Overridden }

// Read is the CCM's view of a Service.
func Read(service *corev1.Service) Service {
	s := Service{
		Namespace: service.Namespace, Name: service.Name, ResourceVersion: service.ResourceVersion,
		Mark:           mark(service),
		LoadBalancerID: LoadBalancerOf(service), Reused: value(service, annotationID) != "",
		Overridden:    value(service, annotationOverride) == "true",
		CertificateID: value(service, AnnotationCertificate),
		HTTPSPorts:    httpsPorts(service),
	}
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		if ingress.IP != "" {
			s.Addresses = append(s.Addresses, ingress.IP)
		}
	}
	var ok bool
	s.Extensions, ok = ParseExtensions(value(service, AnnotationExtensions))
	s.Malformed = !ok
	s.Unsupported = unsupported(service, s.HTTPSPorts)
	return s
}

// LoadBalancerOf is the load balancer that a Service's label or annotation names; "" where
// what stands there can't be an ID.
func LoadBalancerOf(service *corev1.Service) string {
	id := cmp.Or(service.Labels[labelID], value(service, annotationID))
	if !idForm.MatchString(id) {
		return ""
	}
	return id
}

// idForm is what a load balancer's ID looks like.
var idForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// Tags tells whether a Service has the CCM put a tag of that prefix on its load balancer,
// also on one that it only reuses (updateLoadBalancerTags in
// pkg/controller/service/clbv1/loadbalancer.go).
func Tags(service *corev1.Service, prefix string) bool {
	for tag := range strings.SplitSeq(value(service, annotationTags), ",") {
		if strings.HasPrefix(strings.TrimSpace(tag), prefix) {
			return true
		}
	}
	return false
}

// value is an annotation's, under its present name or the legacy one; the first wins.
func value(service *corev1.Service, key string) string {
	if v, ok := service.Annotations[key]; ok {
		return v
	}
	return service.Annotations[legacyPrefix+strings.TrimPrefix(key, prefix)]
}

// mark is the default name of a Service's load balancer.
func mark(service *corev1.Service) string {
	name := "a" + strings.ReplaceAll(string(service.UID), "-", "")
	return name[:min(len(name), maxMark)]
}

// unsupported says why a Service has no Classic Load Balancer with HTTPS (NeedCLB in
// pkg/controller/helper/service_utils.go).
func unsupported(service *corev1.Service, ports []int32) string {
	class := service.Spec.LoadBalancerClass
	switch {
	case service.Spec.Type != corev1.ServiceTypeLoadBalancer:
		return fmt.Sprintf("is of type %s, not LoadBalancer", service.Spec.Type)
	case class != nil:
		return fmt.Sprintf("has the loadBalancerClass %q, and so no Classic Load Balancer", *class)
	case service.Annotations[annotationType] != "" && !strings.EqualFold(service.Annotations[annotationType], "clb"):
		return fmt.Sprintf("has a load balancer of type %q by its annotation %s", service.Annotations[annotationType], annotationType)
	case tunnels(service), service.Annotations[annotationClass] != "":
		return "isn't one of the CCM's by its annotations"
	case value(service, annotationID) != "" && LoadBalancerOf(service) == "":
		return fmt.Sprintf("names no load balancer by its annotation %s", annotationID)
	case len(ports) == 0:
		return fmt.Sprintf("has no HTTPS port: set the annotation %s, such as https:443", annotationProtocols)
	default:
		return ""
	}
}

// tunnels tells whether the Service is one of a tunnel, by the annotation's mere presence.
func tunnels(service *corev1.Service) bool {
	_, there := service.Annotations[annotationTunnel]
	return there
}

// httpsPorts are the Service's ports that the annotation makes HTTPS (protocol in
// pkg/controller/service/clbv1/listeners.go).
func httpsPorts(service *corev1.Service) []int32 {
	var https []int32
	for entry := range strings.SplitSeq(value(service, annotationProtocols), ",") {
		protocol, text, _ := strings.Cut(entry, ":") // the CCM trims nothing
		number, err := strconv.ParseInt(text, 10, 32)
		if err != nil || protocol != "https" {
			continue
		}
		if slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return int64(p.Port) == number }) {
			https = append(https, int32(number))
		}
	}
	slices.Sort(https)
	return slices.Compact(https)
}

// Names are the IDs of the certificates that a Service's annotations name.
func Names(service *corev1.Service) []string {
	var ids []string
	if id := value(service, AnnotationCertificate); id != "" {
		ids = append(ids, id)
	}
	extensions, _ := ParseExtensions(value(service, AnnotationExtensions))
	for _, e := range extensions {
		ids = append(ids, e.CertificateID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Relevant tells whether an annotation or a label is one that this package reads.
func Relevant(key string) bool {
	return key == labelID || key == annotationClass || strings.HasPrefix(key, prefix) || strings.HasPrefix(key, legacyPrefix)
}

// ListenerOwner reads the description of a listener that the CCM made:
// `k8s/<port>/<service>/<namespace>/<cluster>` (pkg/model/load_balancer.go).
func ListenerOwner(description string) (namespace, name string, ok bool) {
	parts := strings.Split(description, "/")
	if len(parts) != 5 || parts[0] != "k8s" {
		return "", "", false
	}
	return parts[3], parts[2], true
}
