package ccm_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/clbcert/clbcert/internal/ccm"
)

const (
	prefix = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-"
	legacy = "service.beta.kubernetes.io/alicloud-loadbalancer-"
	label  = "service.k8s.alibaba/loadbalancer-id"
)

// edit changes a Service.
type edit func(*corev1.Service)

// service is a Service of type LoadBalancer with the ports 80, 443 and 8443, edited.
func service(edits ...edit) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "front", ResourceVersion: "7", UID: types.UID("01234567-89ab-cdef-0123-456789abcdef"),
			Annotations: map[string]string{}, Labels: map[string]string{},
		},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Port: 80}, {Port: 443}, {Port: 8443}}},
	}
	for _, e := range edits {
		e(s)
	}
	return s
}

func annotation(key, value string) edit {
	return func(s *corev1.Service) { s.Annotations[key] = value }
}

func labelled(id string) edit { return func(s *corev1.Service) { s.Labels[label] = id } }

func TestReadAll(t *testing.T) {
	t.Parallel()
	got := ccm.Read(service(
		annotation(prefix+"protocol-port", "https:443,http:80"), annotation(prefix+"cert-id", "1"), annotation(prefix+"domain-extensions", "a.com:2"),
		labelled("lb-1"), func(s *corev1.Service) {
			s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}, {Hostname: "a.com"}, {IP: "2001:db8::1"}}
		},
	))
	extensions, _ := ccm.ParseExtensions("a.com:2")
	want := ccm.Service{
		Namespace: "shop", Name: "front", ResourceVersion: "7", Mark: "a0123456789abcdef0123456789abcde", LoadBalancerID: "lb-1",
		Addresses: []string{"192.0.2.1", "2001:db8::1"}, HTTPSPorts: []int32{443}, CertificateID: "1", Extensions: extensions,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !got.Manages() {
		t.Error("the CCM doesn't manage what it made")
	}
}

func TestWhichLoadBalancer(t *testing.T) {
	t.Parallel()
	id, old, override := prefix+"id", legacy+"id", prefix+"force-override-listeners"
	for sentence, c := range map[string]struct {
		edits           []edit
		id              string
		reused, manages bool
	}{
		"none yet":                                {nil, "", false, true},
		"the label's":                             {[]edit{labelled("lb-1")}, "lb-1", false, true},
		"the annotation's, which is reused":       {[]edit{annotation(id, "lb-2")}, "lb-2", true, false},
		"the legacy annotation's, too":            {[]edit{annotation(old, "lb-2")}, "lb-2", true, false},
		"the label comes before the annotation":   {[]edit{labelled("lb-1"), annotation(id, "lb-2")}, "lb-1", true, false},
		"the present name before the legacy one":  {[]edit{annotation(id, "lb-2"), annotation(old, "lb-3")}, "lb-2", true, false},
		"an empty annotation isn't one":           {[]edit{annotation(id, "")}, "", false, true},
		"an empty present one hides the legacy":   {[]edit{annotation(id, ""), annotation(old, "lb-3")}, "", false, true},
		"an empty label isn't one":                {[]edit{labelled(""), annotation(id, "lb-2")}, "lb-2", true, false},
		"reused and overridden is managed":        {[]edit{annotation(id, "lb-2"), annotation(override, "true")}, "lb-2", true, true},
		"by the legacy name, too":                 {[]edit{annotation(id, "lb-2"), annotation(legacy+"force-override-listeners", "true")}, "lb-2", true, true},
		"an override that is anything else isn't": {[]edit{annotation(id, "lb-2"), annotation(override, "True")}, "lb-2", true, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := service(c.edits...)
			if got := ccm.Read(s); got.LoadBalancerID != c.id || got.Reused != c.reused || got.Manages() != c.manages {
				t.Errorf("got %+v", got)
			}
			if got := ccm.LoadBalancerOf(s); got != c.id {
				t.Errorf("LoadBalancerOf gives %q", got)
			}
		})
	}
}

func TestWhichPortsHaveHTTPS(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		edits []edit
		want  []int32
	}{
		"none without the annotation":            {nil, nil},
		"those that it names":                    {[]edit{annotation(prefix+"protocol-port", "http:80,https:443")}, []int32{443}},
		"in order, and once":                     {[]edit{annotation(prefix+"protocol-port", "https:8443,https:443,https:8443")}, []int32{443, 8443}},
		"those of the legacy name":               {[]edit{annotation(legacy+"protocol-port", "https:443")}, []int32{443}},
		"not those that the Service hasn't":      {[]edit{annotation(prefix+"protocol-port", "https:444")}, nil},
		"not what is no number":                  {[]edit{annotation(prefix+"protocol-port", "https:web,https,:443,https:4294967739")}, nil},
		"not those of another case":              {[]edit{annotation(prefix+"protocol-port", "HTTPS:443")}, nil},
		"not behind a blank: the CCM trims none": {[]edit{annotation(prefix+"protocol-port", "http:80, https:443")}, nil},
		"not those of TCP":                       {[]edit{annotation(prefix+"protocol-port", "tcp:443")}, nil},
		"not by the name of the port":            {[]edit{func(s *corev1.Service) { s.Spec.Ports[1].Name = "https" }}, nil},
		"not by the annotation of the legacy":    {[]edit{annotation(prefix+"protocol-port", "http:80"), annotation(legacy+"protocol-port", "https:443")}, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := ccm.Read(service(c.edits...)).HTTPSPorts; !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhichServicesHaveAClassicLoadBalancer(t *testing.T) {
	t.Parallel()
	https := annotation(prefix+"protocol-port", "https:443")
	class := func(name string) edit { return func(s *corev1.Service) { s.Spec.LoadBalancerClass = &name } }
	for sentence, c := range map[string]struct {
		edits []edit
		says  string // "" where it has
	}{
		"one of type LoadBalancer with HTTPS":   {[]edit{https}, ""},
		"one of type CLB":                       {[]edit{https, annotation(prefix+"type", "CLB")}, ""},
		"not one of type ClusterIP":             {[]edit{https, func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP }}, "ClusterIP"},
		"not one of NLB's class":                {[]edit{https, class("alibabacloud.com/nlb")}, `"alibabacloud.com/nlb"`},
		"not one of somebody's class":           {[]edit{https, class("")}, "loadBalancerClass"},
		"not one of type nlb":                   {[]edit{https, annotation(prefix+"type", "nlb")}, `"nlb"`},
		"not one through a tunnel":              {[]edit{https, annotation("service.beta.kubernetes.io/alibaba-cloud-loadbalancer-tunnel-type", "x")}, "annotations"},
		"not one of a class by annotation":      {[]edit{https, annotation("service.beta.kubernetes.io/class", "x")}, "annotations"},
		"not one without an HTTPS port, either": {nil, prefix + "protocol-port"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := ccm.Read(service(c.edits...)).Unsupported; (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestWhatTheAnnotationsName(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		edits     []edit
		want      []string
		malformed bool
	}{
		"nothing without them":               {nil, nil, false},
		"the default certificate":            {[]edit{annotation(prefix+"cert-id", "1")}, []string{"1"}, false},
		"by the legacy name":                 {[]edit{annotation(legacy+"cert-id", "1"), annotation(legacy+"domain-extensions", "a.com:2")}, []string{"1", "2"}, false},
		"the present one hides the legacy":   {[]edit{annotation(prefix+"cert-id", "1"), annotation(legacy+"cert-id", "2")}, []string{"1"}, false},
		"those of domains, sorted, and once": {[]edit{annotation(prefix+"cert-id", "2"), annotation(prefix+"domain-extensions", "a.com:3, b.com:2,c.com:1")}, []string{"1", "2", "3"}, false},
		"none of what can't be read":         {[]edit{annotation(prefix+"cert-id", "1"), annotation(prefix+"domain-extensions", "a.com:3,b")}, []string{"1"}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := service(c.edits...)
			if got := ccm.Names(s); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := ccm.Read(s).Malformed; got != c.malformed {
				t.Errorf("malformed: %t", got)
			}
		})
	}
}

func TestWhoseAListenerIs(t *testing.T) {
	t.Parallel()
	for description, want := range map[string]string{
		"k8s/443/front/shop/c123": "shop/front", "k8s/443/front/shop/": "shop/front", "k8s/443/front/shop": "", "k8s/443/front/shop/c/1": "",
		"K8S/443/front/shop/c": "", "": "", "shop": "", "k9s/443/front/shop/c": "",
	} {
		namespace, name, ok := ccm.ListenerOwner(description)
		if ok != (want != "") || ok && namespace+"/"+name != want {
			t.Errorf("%q is of %s/%s, %t", description, namespace, name, ok)
		}
	}
}

func TestWhatIsRelevant(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		ccm.AnnotationCertificate: true, ccm.AnnotationExtensions: true, legacy + "cert-id": true, label: true,
		"service.beta.kubernetes.io/class": true, "service.beta.kubernetes.io/hash": false, "service.beta.kubernetes.io/aws-x": false, "": false,
	} {
		if got := ccm.Relevant(key); got != want {
			t.Errorf("%q: %t", key, got)
		}
	}
}
