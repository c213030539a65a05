// Package clb calls the Classic Load Balancer API.
package clb

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"github.com/clbcert/clbcert/internal/clb/credentials"
)

var errStub = errors.New("not there yet")

type Config struct {
	Endpoint    string
	STSEndpoint string
	RootCAs     *x509.CertPool
	UserAgent   string
	Timeout     time.Duration
	QPS         float64
	Burst       int
	Window      time.Duration
	VPC         bool
}

type Client struct{}

type Account struct{}

func New(cfg Config) (*Client, error) { return nil, errStub }

// CheckEnvironment refuses an environment in which the SDK would print requests.
func CheckEnvironment() error { return nil }

// STS is the Security Token Service for region ("" for the central endpoint), for credentials.FromEnv and FromSecret.
func (c *Client) STS(region string) *credentials.STS { return nil }

func (c *Client) Account(ctx context.Context, key, region string, p credentials.Provider) (*Account, error) {
	return nil, errStub
}

func (a *Account) ID() string                     { return "" }
func (a *Account) Wait(ctx context.Context) error { return nil }
func (a *Account) Upload(ctx context.Context, region string, u Upload) (Certificate, error) {
	return Certificate{}, errStub
}
func (a *Account) Certificates(ctx context.Context, region string, since time.Time) ([]List, error) {
	return nil, errStub
}
func (a *Account) Delete(ctx context.Context, region, id string) error               { return errStub }
func (a *Account) SetName(ctx context.Context, region, id, name string) error        { return errStub }
func (a *Account) Tag(ctx context.Context, region, id string, tags []Tag) error      { return errStub }
func (a *Account) Untag(ctx context.Context, region, id string, keys []string) error { return errStub }
func (a *Account) MoveResourceGroup(ctx context.Context, region, id, group string) error {
	return errStub
}
