package wire

import (
	"errors"
	"net"
	"net/url"
)

// Cause tells what went wrong on the network in words that are the same each time:
// without this side's ports, and without the request's URL, whose query holds the
// signature and the security token.
func Cause(err error) string {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return "looking up " + lookup.Name + ": " + lookupCause(lookup)
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Err != nil {
		return operation.Op + ": " + Cause(operation.Err)
	}
	return err.Error()
}

// lookupCause leaves out the name server, and the ports that its errors name.
func lookupCause(err *net.DNSError) string {
	switch {
	case err.IsNotFound:
		return "no such host"
	case err.IsTimeout:
		return "no answer in time"
	default:
		return "the name server failed"
	}
}

// NoSuchHost tells that the endpoint's name doesn't exist.
func (e *Exchange) NoSuchHost() bool {
	lookup, ok := errors.AsType[*net.DNSError](e.err)
	return ok && lookup.IsNotFound
}
