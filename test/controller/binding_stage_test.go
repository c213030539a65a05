package controller

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// console is what an operator does in the cloud.
func (s *stage) console() *cloud.Client { return cloud.New(s, s.cloud) }

// performance is the specification of load balancers that can have domain extensions.
const performance = "slb.s2.small"

// ours is the tag that lets the stage's namespace bind a load balancer.
func (s *stage) ours() map[string]string {
	return map[string]string{v1alpha1.TagNamespaces: "kube-system, " + s.namespace}
}

// loadBalancer makes one that the stage's namespace may bind, with HTTPS listeners at the
// ports that serve somebody's certificate; it gives its ID and the certificate's.
func (s *stage) loadBalancer(ports ...int) (id, old string) {
	s.Helper()
	console := s.console()
	id, old = console.CreateLoadBalancer(s, performance, s.ours(), ""), s.stranger()
	for _, port := range ports {
		console.CreateHTTPSListener(s, id, port, old, "")
		console.StartListener(s, id, port)
	}
	return id, old
}

// stranger uploads a certificate that is nobody's; it gives its ID.
func (s *stage) stranger(tags ...map[string]string) string {
	s.Helper()
	identity := certs.NewLeaf(s.T)
	key, err := identity.KeyPEM(certs.SEC1)
	if err != nil {
		s.Fatal(err)
	}
	var all map[string]string
	for _, some := range tags {
		all = some
	}
	return s.console().Upload(s, "stranger", all, identity.ChainPEM(), key)
}

// bound adds bindings to an object.
func bound(bindings ...v1alpha1.Binding) func(*v1alpha1.ServerCertificate) {
	return func(o *v1alpha1.ServerCertificate) { o.Spec.Bindings = append(o.Spec.Bindings, bindings...) }
}

// toListener is a binding to a listener's domain, or its default certificate.
func toListener(id string, port int32, domain string) v1alpha1.Binding {
	name := fmt.Sprintf("l-%d", port)
	if domain != "" {
		name += "-sni"
	}
	return v1alpha1.Binding{Name: name, Listener: &v1alpha1.ListenerTarget{
		LoadBalancerID: id, Port: port, Domain: v1alpha1.Domain(domain),
	}}
}

// toService is a binding to a Service.
func toService(name, domain string) v1alpha1.Binding {
	binding := v1alpha1.Binding{Name: "service", Service: &v1alpha1.ServiceTarget{Name: name, Domain: v1alpha1.Domain(domain)}}
	if domain != "" {
		binding.Name = "service-sni"
	}
	return binding
}

// renamed is a binding under another name.
func renamed(b v1alpha1.Binding, name string) v1alpha1.Binding {
	b.Name = name
	return b
}

// served is what a listener serves: its default certificate, and those by domain.
func (s *stage) served(id string, port int) (byDefault string, byDomain map[string]string) {
	s.Helper()
	l := s.console().Listener(s, id, port)
	return l.CertificateID, l.Certificates()
}

// checkServed checks what a listener serves.
func (s *stage) checkServed(id string, port int, byDefault string, byDomain map[string]string) {
	s.Helper()
	got, domains := s.served(id, port)
	if got != byDefault || fmt.Sprint(domains) != fmt.Sprint(byDomain) {
		s.Errorf("listener %s:%d serves %s and %v, want %s and %v", id, port, got, domains, byDefault, byDomain)
	}
}

// entry is the status of a binding.
func entry(o *v1alpha1.ServerCertificate, name string) v1alpha1.BindingStatus {
	for _, e := range o.Status.Bindings {
		if e.Name == name {
			return e
		}
	}
	return v1alpha1.BindingStatus{}
}

// awaitEntry waits until a binding says the reason.
func (s *stage) awaitEntry(o *v1alpha1.ServerCertificate, name string, reason v1alpha1.Reason) v1alpha1.BindingStatus {
	s.Helper()
	now := s.wait(o, "binding "+name+": "+string(reason), func(o *v1alpha1.ServerCertificate) bool {
		return entry(o, name).Reason == reason && o.Status.ObservedGeneration == o.Generation
	})
	return entry(now, name)
}

// calls are the manager's calls from the given number on: the console has another agent.
func (s *stage) calls(from int) []env.SimulatedCall {
	s.Helper()
	return slices.DeleteFunc(s.cloud.Calls(s), func(c env.SimulatedCall) bool {
		return c.Number <= from || !strings.HasPrefix(c.UserAgent, "clbcert/")
	})
}

// writes are those of the calls that change something, as `Action` with what they are about.
func writes(calls []env.SimulatedCall) []string {
	var texts []string
	for _, c := range calls {
		if strings.HasPrefix(c.Action, "Describe") || strings.HasPrefix(c.Action, "Get") {
			continue
		}
		text := c.Action
		for _, name := range []string{"LoadBalancerId", "ListenerPort", "Domain"} {
			if value := c.Parameters[name]; value != "" {
				text += " " + value
			}
		}
		texts = append(texts, text)
	}
	return texts
}

// lastCall is the number of the last call so far.
func (s *stage) lastCall() int {
	s.Helper()
	last := 0
	for _, c := range s.cloud.Calls(s) {
		last = max(last, c.Number)
	}
	return last
}
