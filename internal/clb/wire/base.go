// Package wire carries one signed request to the cloud and its answer back:
// HTTPS only, never redirected, bounded in time and size, and with a sure word
// on whether the request can have left. It knows no API action, signs nothing,
// retries nothing and logs nothing.
package wire

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Limits of the pooled connections.
const (
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 5 * time.Second
	idleTimeout      = 30 * time.Second
	idlePerHost      = 128
)

// NewBase is the pool of connections that all calls share: HTTP/1.1 over TLS
// 1.2 or later, through the environment's proxy if it names one. roots nil
// stands for the system's.
func NewBase(roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: idleTimeout}
	return &http.Transport{
		Proxy:                 proxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   handshakeTimeout,
		MaxIdleConns:          2 * idlePerHost,
		MaxIdleConnsPerHost:   idlePerHost,
		IdleConnTimeout:       idleTimeout,
		ExpectContinueTimeout: time.Second,
		// Bodies are JSON of some kilobytes: what is counted is what is read.
		DisableCompression: true,
	}
}

var errProxy = errors.New("HTTPS_PROXY isn't a usable URL")

// proxyFromEnvironment hides the text of net/http's error: it quotes the
// proxy's URL, which may hold a password.
func proxyFromEnvironment(req *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(req)
	if err != nil {
		return nil, errProxy
	}
	return proxy, nil
}
