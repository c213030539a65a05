// Package clb calls the Classic Load Balancer API (2014-05-15) for server
// certificates and the listeners that serve them, and is the only package that
// knows the vendor's SDK.
//
// It keeps what is known of an account: one rate limit, and the lists of each
// region's certificates, corrected by what this process did itself. It decides
// nothing: it never retries a change, never looks for a certificate's owner,
// and lets no key, signature or URL into an error or a log.
package clb

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"

	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clb/wire"
	"github.com/clbcert/clbcert/internal/clberr"
)

// Config is how to reach the service.
type Config struct {
	// Endpoint is an https URL for every region; "" chooses by region.
	Endpoint string
	// STSEndpoint is an https URL; "" chooses by region.
	STSEndpoint string
	// RootCAs are trusted for both endpoints; nil stands for the system's.
	RootCAs *x509.CertPool
	// UserAgent begins with clbcert/<version>.
	UserAgent string
	// Timeout is that of one call, without the wait for the rate limit; 0
	// stands for 10 s.
	Timeout time.Duration
	// QPS is the rate of calls per account and second, 0 for no limit; Burst is
	// how many may come at once, at least 1.
	QPS   float64
	Burst int
	// Window is how long the service's lists may lag behind a change.
	Window time.Duration
	// Called is told of each call, to STS too, and Listed how many certificates an account
	// has in a region, whoever uploaded them; both may be nil.
	Called func(action string, took time.Duration, failure *clberr.Error)
	Listed func(accountID, region string, certificates int)
	// VPC chooses the endpoints inside a VPC.
	VPC bool
}

const defaultTimeout = 10 * time.Second

var warmEndpoints sync.Once

// Client is the way to the service. It is safe for concurrent use.
type Client struct {
	config   Config
	endpoint *url.URL // nil: by region
	sts      *url.URL // nil: by region
	base     http.RoundTripper
	now      func() time.Time
	accounts accounts
}

// New checks cfg and makes a Client; it makes no call.
func New(cfg Config) (*Client, error) {
	endpoint, err := parseEndpoint("CLB", cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	sts, err := parseEndpoint("STS", cfg.STSEndpoint)
	if err != nil {
		return nil, err
	}
	if cfg.Timeout < 0 || cfg.QPS < 0 || cfg.Burst < 0 || cfg.Window < 0 {
		return nil, errors.New("configuring the CLB client: timeout, rate, burst and window can't be negative")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	// The SDK fills this map at its first use, unguarded (SDK v1.63.107,
	// services/slb/endpoint.go); warm it before there are goroutines.
	warmEndpoints.Do(func() { slb.GetEndpointMap() })
	client := &Client{config: cfg, endpoint: endpoint, sts: sts, base: wire.NewBase(cfg.RootCAs), now: time.Now}
	client.accounts.init(cfg.QPS, cfg.Burst)
	return client, nil
}

// Format prints no part of the Client: it holds connections and credentials.
func (*Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, "clb.Client") }

// parseEndpoint reads an https URL; "" gives nil.
func parseEndpoint(service, text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	endpoint, err := url.Parse(text)
	if err != nil || endpoint.Scheme != "https" || endpoint.Host == "" || endpoint.User != nil ||
		endpoint.RawQuery != "" || endpoint.Fragment != "" {
		return nil, fmt.Errorf("configuring the %s endpoint: write it as https://host[:port][/path]", service)
	}
	return endpoint, nil
}

// STS is the Security Token Service as seen from region, "" for the central
// one; credentials.FromEnv and FromSecret ask it for sessions.
func (c *Client) STS(region string) *credentials.STS {
	endpoint := c.sts
	if endpoint == nil {
		endpoint = &url.URL{Scheme: "https", Host: stsHost(region, c.config.VPC)}
	}
	return &credentials.STS{
		Endpoint: endpoint, Region: region, Base: c.base, UserAgent: c.config.UserAgent, Timeout: c.config.Timeout,
		Called: c.config.Called,
	}
}
