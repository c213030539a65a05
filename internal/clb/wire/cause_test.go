package wire_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/clbcert/clbcert/internal/clb/wire"
)

func TestCausesAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	at := func(port int) net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }
	operation := func(op string, port int, err error) error {
		return &net.OpError{Op: op, Net: "tcp", Source: at(port), Addr: at(port + 1), Err: err}
	}
	for want, causes := range map[string]func(port int) error{
		"read: connection reset by peer": func(port int) error {
			return operation("read", port, os.NewSyscallError("read", syscall.ECONNRESET))
		},
		"dial: connection refused": func(port int) error {
			return operation("dial", port, os.NewSyscallError("connect", syscall.ECONNREFUSED))
		},
		"proxyconnect: dial: connection refused": func(port int) error {
			return operation("proxyconnect", port, operation("dial", port, os.NewSyscallError("connect", syscall.ECONNREFUSED)))
		},
		"no answer in time": func(port int) error {
			if port%2 == 0 {
				return context.DeadlineExceeded
			}
			return operation("dial", port, os.ErrDeadlineExceeded)
		},
		"looking up slb.example: no such host": func(port int) error {
			return operation("dial", port, &net.DNSError{Err: "no such host", Name: "slb.example", Server: at(port).String(), IsNotFound: true})
		},
		"looking up slb.example: no answer in time": func(port int) error {
			return operation("dial", port, &net.DNSError{Err: "i/o timeout", Name: "slb.example", Server: at(port).String(), IsTimeout: true})
		},
		"looking up slb.example: the name server failed": func(port int) error {
			return operation("dial", port, &net.DNSError{
				Err: fmt.Sprintf("read udp 10.0.0.1:%d->10.0.0.2:53: connection refused", port), Name: "slb.example", Server: "10.0.0.2:53"})
		},
		"the endpoint's certificate, or one of its chain, has expired or isn't valid yet": func(port int) error {
			return &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{
				Reason: x509.Expired, Detail: fmt.Sprintf("current time 2026-11-24T04:%02d:00Z is after 2026-01-01T00:00:00Z", port%60)}}
		},
		"remote error: tls: bad certificate": func(port int) error {
			return operation("remote error", port, tls.AlertError(42))
		},
		"tls: no": func(int) error { return errors.New("tls: no") },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			for _, port := range []int{40001, 40002} {
				err := &url.Error{Op: "Post", URL: "https://slb.aliyuncs.com/?Signature=secret", Err: causes(port)}
				if got := wire.Cause(err); got != want {
					t.Errorf("from port %d: %q", port, got)
				}
			}
		})
	}
}
