package clb

import (
	"context"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

// LoadBalancer is what matters of one to a certificate.
type LoadBalancer struct {
	ID     string
	Region string
	// Spec is "" for a shared-performance instance: its listeners can have no
	// domain extensions.
	Spec    string
	Address string
	// Status is active, inactive or locked.
	Status string
	Tags   map[string]string
	// Listeners are in no order.
	Listeners []ListenerPort
}

// ListenerPort is one listener of a load balancer. TCP and UDP may share a port.
type ListenerPort struct {
	// Port is 1-65535.
	Port int32
	// Protocol is in lower case: tcp, udp, http or https.
	Protocol string
	// Description may be "".
	Description string
}

// LoadBalancer describes the load balancer id with its listeners. For one that
// doesn't exist the error's class is NotFound, its reason LoadBalancerNotFound.
func (a *Account) LoadBalancer(ctx context.Context, region, id string) (LoadBalancer, error) {
	const action = "DescribeLoadBalancerAttribute"
	if id == "" {
		return LoadBalancer{}, missing(action, "LoadBalancerId")
	}
	var answer loadBalancerDocument
	body, err := a.ask(ctx, action, region, &answer, func() requests.AcsRequest {
		r := slb.CreateDescribeLoadBalancerAttributeRequest()
		r.LoadBalancerId = id
		return r
	})
	if err != nil {
		return LoadBalancer{}, err
	}
	found, ok := answer.loadBalancer(region)
	switch {
	case found.ID != id:
		return LoadBalancer{}, unreadable(action, body, "the answer isn't about the load balancer that was asked for")
	case !ok:
		return LoadBalancer{}, unreadable(action, body, "the answer has a listener without port or protocol")
	default:
		return found, nil
	}
}
