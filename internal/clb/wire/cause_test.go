package wire_test

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/clbcert/clbcert/internal/clb/wire"
)

func TestCausesAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	at := func(port int) net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }
	request := func(err error) error {
		return &url.Error{Op: "Post", URL: "https://slb.aliyuncs.com/?Signature=secret", Err: err}
	}
	for want, causes := range map[string]func(port int) error{
		"read: connection reset by peer": func(port int) error {
			return &net.OpError{Op: "read", Net: "tcp", Source: at(port), Addr: at(443), Err: os.NewSyscallError("read", syscall.ECONNRESET)}
		},
		"dial: connect: connection refused": func(port int) error {
			return &net.OpError{Op: "dial", Net: "tcp", Addr: at(port), Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		},
		"looking up slb.example: no such host": func(int) error {
			return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "slb.example", IsNotFound: true}}
		},
		"looking up slb.example: the name server failed": func(port int) error {
			return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
				Err: fmt.Sprintf("read udp 10.0.0.1:%d->10.0.0.2:53: connection refused", port), Name: "slb.example", Server: "10.0.0.2:53"}}
		},
		"tls: no": func(int) error { return errors.New("tls: no") },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			first, second := wire.Cause(request(causes(40001))), wire.Cause(request(causes(40002)))
			if first != second || !strings.HasSuffix(first, strings.TrimPrefix(want, "read: ")) {
				t.Errorf("got %q and %q, want %q", first, second, want)
			}
		})
	}
}
