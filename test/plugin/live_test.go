package plugin

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
)

// makeLocalBalancer is "local VARIABLE": a load balancer that the namespace may bind, and that is
// reached at 127.0.0.1.
func makeLocalBalancer(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	answer, err := s.console.API.Call(s.Context(), "CreateLoadBalancer", cloud.Parameters{
		"LoadBalancerSpec": cloud.Elastic, "InstanceChargeType": "PayByCLCU", "Address": "127.0.0.1",
		"Tag.1.Key": v1alpha1.TagNamespaces, "Tag.1.Value": s.namespace,
	})
	ts.Check(err)
	ts.Setenv(args[0], answer.Text("LoadBalancerId"))
}

// makeStranger is "stranger NAME DOMAIN…": a TLS Secret with a certificate of the serial number 1234.
func makeStranger(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	fresh, err := certs.NewLeaf(s, certs.Names(args[1:]...), certs.Serial(0x1234)).Secret(args[0], s.namespace)
	ts.Check(err)
	ts.Check(s.cluster.Client.Create(s.Context(), fresh))
}

// serve is "serve VARIABLE [-leaf] SECRET [DOMAIN=SECRET]…": a listener on 127.0.0.1, at the port that
// VARIABLE gets, which serves what the Secret holds by now: with -leaf only its first certificate,
// and for clients that name a domain what another Secret holds.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	variable, args := args[0], args[1:]
	leaf := args[0] == "-leaf"
	if leaf {
		args = args[1:]
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{s.pairOf(ts, args[0], leaf)}}
	byDomain := map[string]tls.Certificate{}
	for _, arg := range args[1:] {
		domain, secret, _ := strings.Cut(arg, "=")
		byDomain[domain] = s.pairOf(ts, secret, leaf)
	}
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if certificate, found := byDomain[hello.ServerName]; found {
			return &certificate, nil
		}
		return nil, nil // the first of Certificates
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	ts.Check(err)
	shake(s, listener)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	ts.Check(err)
	ts.Setenv(variable, port)
}

// pairOf is what a Secret holds.
func (s *stage) pairOf(ts *testscript.TestScript, name string, leaf bool) tls.Certificate {
	secret := &corev1.Secret{}
	ts.Check(s.cluster.Client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: name}, secret))
	pair, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	ts.Check(err)
	if leaf {
		pair.Certificate = pair.Certificate[:1]
	}
	return pair
}

// shake does a handshake with whoever comes, until the test's end.
func shake(tb testing.TB, listener net.Listener) {
	var clients sync.WaitGroup
	tb.Cleanup(func() {
		listener.Close()
		clients.Wait()
	})
	clients.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			clients.Go(func() {
				defer connection.Close()
				_, _ = connection.Read(make([]byte, 1)) // does the handshake, and waits until the client goes
			})
		}
	})
}

// awaitRenewal is "renewed NAME": until the object is Ready with the certificate that its Secret holds.
func awaitRenewal(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	leaf, err := x509.ParseCertificate(s.pairOf(ts, args[0]+"-tls", true).Certificate[0])
	ts.Check(err)
	await(ts, args[0], "Ready with the renewed certificate", func(o *v1alpha1.ServerCertificate) bool {
		return meta.IsStatusConditionTrue(o.Status.Conditions, v1alpha1.ConditionReady) && o.Status.Fingerprint == tlspair.Fingerprint(leaf)
	})
}

// makeService is "service NAME PORT": a Service with a load balancer that is reached at 127.0.0.1
// and has HTTPS at the port, as the CCM leaves one.
func makeService(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	port, err := strconv.ParseInt(args[1], 10, 32)
	ts.Check(err)
	service := &corev1.Service{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Port: int32(port)}}}}
	service.Namespace, service.Name = s.namespace, args[0]
	service.Annotations = map[string]string{"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-protocol-port": "https:" + args[1]}
	ts.Check(s.cluster.Client.Create(s.Context(), service))
	service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "127.0.0.1"}}
	ts.Check(s.cluster.Client.Status().Update(s.Context(), service))
}
