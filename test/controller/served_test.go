package controller

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/ccm"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

// front is a TLS server at 127.0.0.1 in a load balancer's place, which the simulator has none of.
type front struct {
	port  int32
	shown atomic.Pointer[tls.Certificate]
	// asked are the names of the handshakes so far.
	mutex sync.Mutex
	asked []string
}

// startFront starts one that shows an identity's chain.
func (s *stage) startFront(identity *certs.Identity) *front {
	s.Helper()
	f := &front{}
	f.show(identity.Chain(), identity)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			f.mutex.Lock()
			defer f.mutex.Unlock()
			f.asked = append(f.asked, hello.ServerName)
			return f.shown.Load(), nil
		},
	})
	if err != nil {
		s.Fatal(err)
	}
	var clients sync.WaitGroup
	clients.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			clients.Go(func() {
				defer connection.Close()
				_, _ = connection.Read(make([]byte, 1)) // does the handshake
			})
		}
	})
	s.Cleanup(func() {
		listener.Close()
		clients.Wait()
	})
	f.port = portOf(s, listener)
	return f
}

func (f *front) show(chain []*x509.Certificate, identity *certs.Identity) {
	shown := &tls.Certificate{PrivateKey: identity.Key}
	for _, c := range chain {
		shown.Certificate = append(shown.Certificate, c.Raw)
	}
	f.shown.Store(shown)
}

// names are those that were asked for since the last call.
func (f *front) names() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	asked := f.asked
	f.asked = nil
	return asked
}

// localBalancer makes a load balancer at 127.0.0.1 with an HTTPS listener at the port.
func (s *stage) localBalancer(port int32) string {
	s.Helper()
	answer, err := s.console().API.Call(s.Context(), "CreateLoadBalancer", cloud.Parameters{
		"LoadBalancerSpec": performance, "Address": "127.0.0.1", "Tag.1.Key": v1alpha1.TagNamespaces, "Tag.1.Value": s.namespace,
	})
	if err != nil {
		s.Fatal(err)
	}
	id := answer.Text("LoadBalancerId")
	s.console().CreateHTTPSListener(s, id, int(port), s.stranger(), "")
	return id
}

// match is the series of a binding.
func (s *stage) match(object, binding string) string {
	return `clbcert_served_certificate_match{binding="` + binding + `",name="` + object + `",namespace="` + s.namespace + `"}`
}

// showsMatch waits until the metric of a binding has a value.
func (s *stage) showsMatch(object, binding string, value float64) {
	s.Helper()
	s.poll("a metric of what is served", func() bool {
		got, there := s.metrics(s.manager)[s.match(object, binding)]
		return there && got == value
	})
}

func TestTheMetricTellsWhatClientsAreShown(t *testing.T) {
	s := setStage(t).manage("--served-certificate-interval", "1s")
	identity := certs.NewLeaf(t, certs.Names("a.com", "*.a.com"))
	front := s.startFront(identity)
	id := s.localBalancer(front.port)
	object := s.certificate("web", bound(renamed(toListener(id, front.port, ""), "default"), renamed(toListener(id, front.port, "*.a.com"), "sni")))
	object.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain
	s.create(s.secret("web-tls", identity), object)
	s.ready(object)
	s.showsMatch("web", "default", 1)
	s.showsMatch("web", "sni", 1)
	asked := map[string]bool{}
	s.poll("looks with and without SNI", func() bool {
		for _, name := range front.names() {
			asked[name] = true
		}
		return len(asked) == 2 && asked[""] && asked["clbcert-probe.a.com"]
	})

	stranger := certs.NewLeaf(t)
	front.show(stranger.Chain(), stranger)
	s.showsMatch("web", "default", 0)
	front.show(identity.Chain()[:1], identity) // clients miss the intermediate
	s.showsMatch("web", "sni", 0)
	front.show(identity.Chain(), identity)
	s.showsMatch("web", "default", 1)

	renewed := certs.NewLeaf(t, certs.Names("a.com", "*.a.com"))
	s.renew(object, renewed)
	s.showsMatch("web", "default", 0) // the front wasn't told
	front.show(renewed.Chain(), renewed)
	s.showsMatch("web", "default", 1)

	s.update(object, func() { object.Spec.Bindings = object.Spec.Bindings[:1] })
	s.wait(object, "one binding", func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && len(o.Status.Bindings) == 1 })
	s.goes("web", "sni")
	s.showsMatch("web", "default", 1)
	s.delete(object)
	env.WaitGone(s, s.cluster, object)
	s.goes("web", "default")
}

// goes waits until a binding has no series.
func (s *stage) goes(object, binding string) {
	s.Helper()
	s.poll("the series' end", func() bool { return !s.shows(s.manager, s.match(object, binding)) })
}

func TestTheMetricIsAbsentWhereNothingCanBeTold(t *testing.T) {
	s := setStage(t).manage("--served-certificate-interval", "1s")
	identity := certs.NewLeaf(t)
	front := s.startFront(identity)
	silent := s.closedPort()
	open, lost := s.localBalancer(front.port), s.localBalancer(silent)
	object := s.certificate("web", bound(
		renamed(toListener(open, front.port, ""), "open"), renamed(toListener(lost, silent, ""), "lost"), renamed(toListener("lb-none", 443, ""), "unready")))
	s.create(s.secret("web-tls", identity), object)
	s.awaitEntry(object, "lost", v1alpha1.ReasonBound)
	s.showsMatch("web", "open", 1)
	for range 3 { // rounds: the others had their looks by then
		front.names()
		s.poll("another look", func() bool { return len(front.names()) > 0 })
	}
	for _, binding := range []string{"lost", "unready"} {
		if s.shows(s.manager, s.match("web", binding)) {
			t.Errorf("%s has a series", binding)
		}
	}
}

// closedPort is one where nobody listens.
func (s *stage) closedPort() int32 {
	s.Helper()
	listener, err := new(net.ListenConfig).Listen(s.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	defer listener.Close()
	return portOf(s, listener)
}

func portOf(s *stage, listener net.Listener) int32 {
	s.Helper()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		s.Fatalf("it listens on %s", listener.Addr())
	}
	return int32(address.Port)
}

func TestTheMetricTellsWhatAServicesClientsAreShown(t *testing.T) {
	s := setStage(t).manage("--served-certificate-interval", "1s")
	ccm.Start(t, s.cluster, s.console(), s.namespace)
	identity := certs.NewLeaf(t, certs.Names("a.com", "*.a.com"))
	front := s.startFront(identity)
	service := s.service("web", map[string]string{
		ccm.Annotation("loadbalancer-protocol-port"): "https:" + strconv.Itoa(int(front.port)),
		ccm.Annotation(ccm.Hostname):                 "localhost",
	})
	service.Spec.Ports = []corev1.ServicePort{{Name: "https", Port: front.port}}
	object := s.certificate("web", bound(toService("web", "")))
	s.create(s.secret("web-tls", identity), object, service)
	s.ready(object)
	s.showsMatch("web", "service", 1)
	stranger := certs.NewLeaf(t)
	front.show(stranger.Chain(), stranger)
	s.showsMatch("web", "service", 0)
}

func TestNobodyLooksUnlessAsked(t *testing.T) {
	s := setStage(t).manage()
	identity := certs.NewLeaf(t)
	front := s.startFront(identity)
	object := s.certificate("web", bound(toListener(s.localBalancer(front.port), front.port, "")))
	s.create(s.secret("web-tls", identity), object)
	s.ready(object)
	s.barrier(object)
	if s.shows(s.manager, "clbcert_served_certificate_match") || len(front.names()) > 0 {
		t.Error("it looked")
	}
}
