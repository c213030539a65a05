package served

import (
	"net"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
)

// stand is the label that stands for any below a wildcard.
const stand = "clbcert-probe"

// ServerName is what clients that are to get a binding's certificate name: its domain; for a
// wildcard, a name below; "" where it is the default certificate, for those who name none.
func ServerName(binding v1alpha1.Binding) string {
	var domain v1alpha1.Domain
	switch {
	case binding.Listener != nil:
		domain = binding.Listener.Domain
	case binding.Service != nil:
		domain = binding.Service.Domain
	}
	name := strings.ToLower(string(domain))
	if parent, wildcard := strings.CutPrefix(name, "*."); wildcard {
		return stand + "." + parent
	}
	return name
}

// Addresses are where clients find a Service's listeners: what its status names, each with each
// port that has HTTPS. There are none where the Service has no Classic Load Balancer, or not yet.
func Addresses(service *corev1.Service) []string {
	read := ccm.Read(service)
	if read.Unsupported != "" {
		return nil
	}
	var addresses []string
	for _, ingress := range service.Status.LoadBalancer.Ingress {
		for _, host := range []string{ingress.IP, ingress.Hostname} {
			if host != "" {
				addresses = append(addresses, at(host, read.HTTPSPorts)...)
			}
		}
	}
	return addresses
}

func at(host string, ports []int32) []string {
	addresses := make([]string, 0, len(ports))
	for _, port := range ports {
		addresses = append(addresses, Address(host, port))
	}
	return addresses
}

// Address is a host with a port.
func Address(host string, port int32) string { return net.JoinHostPort(host, strconv.Itoa(int(port))) }
