package cloud_test

import (
	"os"
	"testing"

	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/cloud"
	"github.com/clbcert/clbcert/test/env"
)

func TestMain(m *testing.M) { os.Exit(env.Run(m)) }

func upload(t *testing.T, c *cloud.Client, name string, tags map[string]string) string {
	t.Helper()
	identity := certs.NewLeaf(t, certs.Kind(certs.RSA2048))
	key, err := identity.KeyPEM(certs.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	return c.Upload(t, name, tags, identity.ChainPEM(), key)
}

func TestOperatorsDay(t *testing.T) {
	t.Parallel()
	simulator := env.StartSimulator(t)
	c := cloud.New(t, simulator)
	first, second := upload(t, c, "first", map[string]string{"a": "1 *~+", "b": ""}), upload(t, c, "second", nil)
	balancer := c.CreateLoadBalancer(t, "slb.s1.small", map[string]string{"team": "web"}, "mine")
	c.TagLoadBalancer(t, balancer, map[string]string{"opted": "in"})
	c.UntagLoadBalancer(t, balancer, "team")
	if got := c.LoadBalancer(t, balancer); got.Name != "mine" || got.Spec != "slb.s1.small" || got.Address == "" ||
		len(got.Tags) != 1 || got.Tags["opted"] != "in" {
		t.Errorf("the load balancer is %+v", got)
	}

	c.CreateTCPListener(t, balancer, 22, "")
	c.CreateHTTPListener(t, balancer, 80, "")
	c.CreateHTTPSListener(t, balancer, 443, first, "mine")
	c.StartListener(t, balancer, 443)
	extension := c.CreateExtension(t, balancer, 443, "a.example.com", first)
	c.SetListenerCertificate(t, balancer, 443, second)
	c.SetExtension(t, extension, second)
	listener := c.WaitListener(t, balancer, 443, "the second certificate", func(l cloud.Listener) bool { return l.CertificateID == second })
	if listener.Description != "mine" || listener.Status != "running" || listener.Certificates()["a.example.com"] != second {
		t.Errorf("the listener is %+v", listener)
	}
	listener.Settings["IdleTimeout"] = "30"
	c.SetListener(t, listener)
	if got := c.Listener(t, balancer, 443).Settings["IdleTimeout"]; got != "30" {
		t.Errorf("the idle timeout is %s", got)
	}
	c.DeleteExtension(t, extension)
	c.DeleteListener(t, balancer, 22)
	listeners := map[int]cloud.Listener{}
	for _, l := range c.Listeners(t, balancer) {
		listeners[l.Port] = l
	}
	if len(listeners) != 2 || listeners[80].Protocol != "http" || listeners[443].CertificateID != second {
		t.Errorf("the listeners are %+v", listeners)
	}

	listed := map[string]cloud.Certificate{}
	for _, certificate := range c.ListCertificates(t) {
		listed[certificate.ID] = certificate
	}
	if got := listed[first]; len(listed) != 2 || got.Name != "first" || len(got.Tags) != 2 || got.Tags["a"] != "1 *~+" {
		t.Errorf("the certificates are %v", listed)
	}
	if err := c.API.DeleteCertificate(t.Context(), second); cloud.CodeOf(err) != "CertificateAndPrivateKeyIsRefered" {
		t.Errorf("deleting a certificate in use gave %v", err)
	}
	c.DeleteLoadBalancer(t, balancer)
	c.DeleteCertificate(t, second)
	if err := c.API.SetExtension(t.Context(), "", first); cloud.CodeOf(err) != "MissingParameter.DomainExtensionId" {
		t.Errorf("an extension without an ID gave %v", err)
	}
	if calls := simulator.Calls(t); calls[0].UserAgent != cloud.UserAgent {
		t.Errorf("the calls are by %s", calls[0].UserAgent)
	}
}
