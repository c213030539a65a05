package cloud

import "github.com/clbcert/clbcert/test/env"

// Client is API for tests: a call that the API refuses, or that fails, fails the test.
type Client struct {
	// API gives the errors instead.
	API *API
}

// New makes a client of a simulator.
func New(tb env.TB, s *env.Simulator) *Client {
	tb.Helper()
	api, err := newAPI(s)
	if err != nil {
		tb.Fatalf("%v", err)
	}
	tb.Cleanup(api.http.CloseIdleConnections)
	return &Client{API: api}
}

func do(tb env.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("%v", err)
	}
}

// CreateLoadBalancer makes an instance and gives its ID. The name may be empty.
func (c *Client) CreateLoadBalancer(tb env.TB, spec string, tags map[string]string, name string) string {
	tb.Helper()
	made, err := c.API.CreateLoadBalancer(tb.Context(), LoadBalancer{Spec: spec, Tags: tags, Name: name})
	do(tb, err)
	return made.ID
}

// DeleteLoadBalancer deletes an instance with its listeners.
func (c *Client) DeleteLoadBalancer(tb env.TB, id string) {
	tb.Helper()
	do(tb, c.API.DeleteLoadBalancer(tb.Context(), id))
}

// LoadBalancer gives the instance of an ID.
func (c *Client) LoadBalancer(tb env.TB, id string) LoadBalancer {
	tb.Helper()
	found, err := c.API.LoadBalancer(tb.Context(), id)
	do(tb, err)
	return found
}

// TagLoadBalancer puts tags on an instance.
func (c *Client) TagLoadBalancer(tb env.TB, id string, tags map[string]string) {
	tb.Helper()
	do(tb, c.API.TagLoadBalancer(tb.Context(), id, tags))
}

// UntagLoadBalancer takes tags off an instance.
func (c *Client) UntagLoadBalancer(tb env.TB, id string, keys ...string) {
	tb.Helper()
	do(tb, c.API.UntagLoadBalancer(tb.Context(), id, keys...))
}

// CreateHTTPSListener makes an HTTPS listener, stopped.
func (c *Client) CreateHTTPSListener(tb env.TB, loadBalancerID string, port int, certificateID, description string) {
	tb.Helper()
	c.createListener(tb, Listener{
		LoadBalancerID: loadBalancerID, Port: port, Protocol: "https", CertificateID: certificateID, Description: description,
	})
}

// CreateHTTPListener makes an HTTP listener, stopped.
func (c *Client) CreateHTTPListener(tb env.TB, loadBalancerID string, port int, description string) {
	tb.Helper()
	c.createListener(tb, Listener{LoadBalancerID: loadBalancerID, Port: port, Protocol: "http", Description: description})
}

// CreateTCPListener makes a TCP listener, stopped.
func (c *Client) CreateTCPListener(tb env.TB, loadBalancerID string, port int, description string) {
	tb.Helper()
	c.createListener(tb, Listener{LoadBalancerID: loadBalancerID, Port: port, Protocol: "tcp", Description: description})
}

func (c *Client) createListener(tb env.TB, l Listener) {
	tb.Helper()
	l.Settings = map[string]string{"Bandwidth": "-1"}
	do(tb, c.API.CreateListener(tb.Context(), l))
}

// StartListener starts the listener at a port.
func (c *Client) StartListener(tb env.TB, loadBalancerID string, port int) {
	tb.Helper()
	do(tb, c.API.StartListener(tb.Context(), loadBalancerID, port, ""))
}

// DeleteListener deletes the listener at a port with its extensions.
func (c *Client) DeleteListener(tb env.TB, loadBalancerID string, port int) {
	tb.Helper()
	do(tb, c.API.DeleteListener(tb.Context(), loadBalancerID, port, ""))
}

// SetListener sends a whole HTTPS listener again, as the CCM does.
func (c *Client) SetListener(tb env.TB, l Listener) {
	tb.Helper()
	do(tb, c.API.SetListener(tb.Context(), l))
}

// SetListenerCertificate changes the default certificate of an HTTPS listener, and
// sends nothing else.
func (c *Client) SetListenerCertificate(tb env.TB, loadBalancerID string, port int, certificateID string) {
	tb.Helper()
	do(tb, c.API.SetListenerCertificate(tb.Context(), loadBalancerID, port, certificateID))
}

// Listeners are an instance's, without their extensions.
func (c *Client) Listeners(tb env.TB, loadBalancerID string) []Listener {
	tb.Helper()
	all, err := c.API.Listeners(tb.Context(), loadBalancerID)
	do(tb, err)
	return all
}

// Listener gives an HTTPS listener with its extensions.
func (c *Client) Listener(tb env.TB, loadBalancerID string, port int) Listener {
	tb.Helper()
	found, err := c.API.Listener(tb.Context(), loadBalancerID, port)
	do(tb, err)
	return found
}

// CreateExtension gives an HTTPS listener a certificate for a domain, and gives the
// extension's ID.
func (c *Client) CreateExtension(tb env.TB, loadBalancerID string, port int, domain, certificateID string) string {
	tb.Helper()
	id, err := c.API.CreateExtension(tb.Context(), loadBalancerID, port, domain, certificateID)
	do(tb, err)
	return id
}

// SetExtension changes an extension's certificate.
func (c *Client) SetExtension(tb env.TB, id, certificateID string) {
	tb.Helper()
	do(tb, c.API.SetExtension(tb.Context(), id, certificateID))
}

// DeleteExtension deletes an extension.
func (c *Client) DeleteExtension(tb env.TB, id string) {
	tb.Helper()
	do(tb, c.API.DeleteExtension(tb.Context(), id))
}

// Upload makes a certificate of a chain and its key in PEM, and gives its ID.
func (c *Client) Upload(tb env.TB, name string, tags map[string]string, chain, key []byte) string {
	tb.Helper()
	id, err := c.API.Upload(tb.Context(), name, tags, chain, key)
	do(tb, err)
	return id
}

// DeleteCertificate deletes a certificate that nothing uses.
func (c *Client) DeleteCertificate(tb env.TB, id string) {
	tb.Helper()
	do(tb, c.API.DeleteCertificate(tb.Context(), id))
}

// ListCertificates are the region's as its list shows them.
func (c *Client) ListCertificates(tb env.TB) []Certificate {
	tb.Helper()
	all, err := c.API.Certificates(tb.Context(), "")
	do(tb, err)
	return all
}
