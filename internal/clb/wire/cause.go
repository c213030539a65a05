package wire

import (
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"

	"github.com/clbcert/clbcert/internal/clberr"
)

const noAnswer = "no answer in time"

// Cause tells what went wrong on the network in words that are the same each time:
// without this side's ports, the time of day, and the request's URL, whose query
// holds the signature and the security token.
func Cause(err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return "looking up " + lookup.Name + ": " + lookupCause(lookup)
	}
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return noAnswer
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Err != nil {
		return operation.Op + ": " + Cause(operation.Err)
	}
	if system, ok := errors.AsType[*os.SyscallError](err); ok {
		return system.Err.Error()
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "the endpoint's certificate, or one of its chain, has expired or isn't valid yet"
	}
	return err.Error()
}

// lookupCause leaves out the name server, and the ports that its errors name.
func lookupCause(err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return "no such host"
	case err.IsTimeout:
		return noAnswer
	default:
		return "the name server failed"
	}
}

// NoSuchHost tells that nothing was sent because the name host doesn't exist; that
// of a proxy in between is another matter.
func (e *Exchange) NoSuchHost(host string) bool {
	lookup, ok := errors.AsType[*net.DNSError](e.err)
	return ok && lookup.IsNotFound && lookup.Name == host && e.outcome() == clberr.NotSent
}
