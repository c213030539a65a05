package served_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/served"
)

func TestTheServersNameIsOneThatTheDomainCovers(t *testing.T) {
	t.Parallel()
	for domain, want := range map[v1alpha1.Domain]string{
		"": "", "a.com": "a.com", "WWW.a.com": "www.a.com", "*.A.com": "clbcert-probe.a.com",
	} {
		listener := v1alpha1.Binding{Listener: &v1alpha1.ListenerTarget{Domain: domain}}
		service := v1alpha1.Binding{Service: &v1alpha1.ServiceTarget{Domain: domain}}
		if of, by := served.ServerName(listener), served.ServerName(service); of != want || by != want {
			t.Errorf("%q is asked for by %q and %q, want %q", domain, of, by, want)
		}
	}
}

func TestAServicesAddressesAreThoseOfItsHTTPSPorts(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		ingress []corev1.LoadBalancerIngress
		kind    corev1.ServiceType
		want    string
	}{
		"an address, at each port": {[]corev1.LoadBalancerIngress{{IP: "47.1.2.3"}}, corev1.ServiceTypeLoadBalancer, "47.1.2.3:443 47.1.2.3:8443"},
		"a name and an address of IPv6": {[]corev1.LoadBalancerIngress{{Hostname: "a.com"}, {IP: "2001:db8::1"}}, corev1.ServiceTypeLoadBalancer,
			"a.com:443 a.com:8443 [2001:db8::1]:443 [2001:db8::1]:8443"},
		"none before it has a load balancer": {nil, corev1.ServiceTypeLoadBalancer, ""},
		"none where it is to have none":      {[]corev1.LoadBalancerIngress{{IP: "47.1.2.3"}}, corev1.ServiceTypeClusterIP, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			service := &corev1.Service{
				Spec:   corev1.ServiceSpec{Type: c.kind, Ports: []corev1.ServicePort{{Port: 80}, {Port: 443}, {Port: 8443}}},
				Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: c.ingress}},
			}
			service.Annotations = map[string]string{"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-protocol-port": "http:80,https:443,https:8443"}
			if got := strings.Join(served.Addresses(service), " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
