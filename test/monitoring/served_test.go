package monitoring

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
)

// covered is a binding to a listener that clients don't reach: at the load balancer's address and
// port there is a server with a certificate of its own.
func (s *stage) covered() v1alpha1.Binding {
	s.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the manager doesn't trust it, and says so to it
	server.StartTLS()
	s.Cleanup(server.Close)
	_, text, _ := strings.Cut(server.Listener.Addr().String(), ":")
	port, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		s.Fatal(err)
	}
	c := cloud.New(s, s.cloud)
	answer, err := c.API.Call(s.Context(), "CreateLoadBalancer", cloud.Parameters{
		"LoadBalancerSpec": cloud.Elastic, "InstanceChargeType": "PayByCLCU", "Address": "127.0.0.1",
		"Tag.1.Key": v1alpha1.TagNamespaces, "Tag.1.Value": s.namespace,
	})
	if err != nil {
		s.Fatal(err)
	}
	before := certs.NewLeaf(s.T)
	key, err := before.KeyPEM(certs.SEC1)
	if err != nil {
		s.Fatal(err)
	}
	id := answer.Text("LoadBalancerId")
	c.CreateHTTPSListener(s, id, int(port), c.Upload(s, "before", nil, before.ChainPEM(), key), "web")
	return v1alpha1.Binding{Name: "default", Listener: &v1alpha1.ListenerTarget{LoadBalancerID: id, Port: int32(port)}}
}
