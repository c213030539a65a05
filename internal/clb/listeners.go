package clb

import (
	"context"
	"strconv"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"

	"github.com/clbcert/clbcert/internal/clb/wire"
)

// Listener is an HTTPS listener with the certificates that it serves.
type Listener struct {
	LoadBalancerID string
	// Port is 1-65535.
	Port int32
	// CertificateID is that of the default certificate; "" when the answer names none.
	CertificateID string
	// Status is running, stopped, or a step between them.
	Status string
	// Extensions are in no order.
	Extensions []Extension
}

// Extension is a certificate for one more domain of a listener (SNI).
type Extension struct {
	ID string
	// Domain is as the service writes it, maybe with a wildcard as the first
	// label. Compare without regard to case.
	Domain        string
	CertificateID string
}

// Listener describes the HTTPS listener at port with its extensions. For one
// that doesn't exist, or a load balancer that doesn't, the error's class is
// NotFound, its reason ListenerNotFound or LoadBalancerNotFound. What the
// service says of a listener of another protocol isn't documented: look at the
// Front's Listeners first.
func (a *Account) Listener(ctx context.Context, region, loadBalancerID string, port int32) (Listener, error) {
	const action = "DescribeLoadBalancerHTTPSListenerAttribute"
	if err := checkListener(action, loadBalancerID, port); err != nil {
		return Listener{}, err
	}
	var answer listenerDocument
	body, err := a.ask(ctx, action, region, &answer, func() requests.AcsRequest {
		r := slb.CreateDescribeLoadBalancerHTTPSListenerAttributeRequest()
		r.LoadBalancerId, r.ListenerPort = loadBalancerID, portInteger(port)
		return r
	})
	if err != nil {
		return Listener{}, err
	}
	if !answer.isAbout(loadBalancerID, port) {
		return Listener{}, unreadable(action, body, "the answer isn't about the listener that was asked for")
	}
	extensions, ok := answer.extensions()
	if !ok {
		return Listener{}, unreadable(action, body, "the answer has a domain extension without ID or domain")
	}
	return Listener{
		LoadBalancerID: loadBalancerID, Port: port, CertificateID: string(answer.ServerCertificateID),
		Status: string(answer.Status), Extensions: extensions,
	}, nil
}

// SetListenerCertificate makes certificateID the default certificate of the
// HTTPS listener at port. It sends nothing else of the listener, and so all
// other settings stay: the reference names them as optional, and the tools that
// do the same rely on it.
func (a *Account) SetListenerCertificate(ctx context.Context, region, loadBalancerID string, port int32,
	certificateID string,
) error {
	const action = "SetLoadBalancerHTTPSListenerAttribute"
	if err := checkListener(action, loadBalancerID, port); err != nil {
		return err
	}
	if certificateID == "" {
		return missing(action, "ServerCertificateId")
	}
	_, err := a.ask(ctx, action, region, &wire.Document{}, func() requests.AcsRequest {
		r := slb.CreateSetLoadBalancerHTTPSListenerAttributeRequest()
		r.LoadBalancerId, r.ListenerPort, r.ServerCertificateId = loadBalancerID, portInteger(port), certificateID
		return r
	})
	return err
}

// checkListener refuses what can't name a listener.
func checkListener(action, loadBalancerID string, port int32) error {
	switch {
	case loadBalancerID == "":
		return missing(action, "LoadBalancerId")
	case port < 1:
		return missing(action, "ListenerPort")
	default:
		return nil
	}
}

// portInteger is port in the SDK's form.
func portInteger(port int32) requests.Integer { return requests.Integer(strconv.Itoa(int(port))) }
