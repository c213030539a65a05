package clb

import (
	"context"
	"net/http"
	"slices"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"

	"github.com/clbcert/clbcert/internal/clberr"
)

const (
	// pageSize is the most that a page may hold (CLB API reference).
	pageSize = 100
	// maxPages is more than any list has: what goes on after it never ends.
	maxPages = 100
	// maxAsked is how many load balancers one list of listeners may be asked for
	// (CLB API reference, DescribeLoadBalancerListeners).
	maxAsked = 10
)

// noList is said of an answer that doesn't hold what it should.
const noList = "the answer holds no readable list"

// FindLoadBalancers gives the IDs of the load balancers with address, sorted. A
// private address can be that of several, in different networks.
func (a *Account) FindLoadBalancers(ctx context.Context, region, address string) ([]string, error) {
	if address == "" {
		return nil, missing(actionLoadBalancers, "Address")
	}
	found, err := a.loadBalancers(ctx, region, func(r *slb.DescribeLoadBalancersRequest) { r.Address = address })
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, one := range found {
		if sameAddress(one.Address, address) {
			ids = append(ids, one.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// LoadBalancersTagged gives the IDs of the load balancers with a tag.
func (a *Account) LoadBalancersTagged(ctx context.Context, region string, tag Tag) ([]string, error) {
	found, err := a.loadBalancers(ctx, region, func(r *slb.DescribeLoadBalancersRequest) {
		r.Tag = &[]slb.DescribeLoadBalancersTag{{Key: tag.Key, Value: tag.Value}}
	})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, one := range found {
		if value, there := one.Tags[tag.Key]; there && value == tag.Value {
			ids = append(ids, one.ID)
		}
	}
	return ids, nil
}

const actionLoadBalancers = "DescribeLoadBalancers"

// loadBalancers reads all pages of the load balancers that the filter lets through,
// without their listeners.
func (a *Account) loadBalancers(ctx context.Context, region string, filter func(*slb.DescribeLoadBalancersRequest)) ([]LoadBalancer, error) {
	var found []LoadBalancer
	for page := 1; page <= maxPages; page++ {
		var answer loadBalancersDocument
		body, err := a.ask(ctx, actionLoadBalancers, region, &answer, func() requests.AcsRequest {
			r := slb.CreateDescribeLoadBalancersRequest()
			r.PageNumber, r.PageSize = requests.NewInteger(page), requests.NewInteger(pageSize)
			filter(r)
			return r
		})
		if err != nil {
			return nil, err
		}
		some, last, ok := answer.page(page, region)
		if !ok {
			return nil, unreadable(actionLoadBalancers, body, noList)
		}
		found = append(found, some...)
		if last {
			return found, nil
		}
	}
	return nil, endless(actionLoadBalancers)
}

const actionListeners = "DescribeLoadBalancerListeners"

// listeners reads all pages of the listeners of at most maxAsked load balancers, or, without
// any, of all of the region; "" stands for every protocol.
func (a *Account) listeners(ctx context.Context, region string, ids []string, protocol string) ([]listenerRow, error) {
	var all []listenerRow
	token := ""
	for range maxPages {
		var answer listenersDocument
		body, err := a.ask(ctx, actionListeners, region, &answer, func() requests.AcsRequest {
			r := slb.CreateDescribeLoadBalancerListenersRequest()
			r.ListenerProtocol, r.MaxResults, r.NextToken = protocol, requests.NewInteger(pageSize), token
			if len(ids) > 0 {
				r.LoadBalancerId = &ids
			}
			return r
		})
		if err != nil {
			return nil, err
		}
		some, ok := answer.listeners(ids, protocol)
		if !ok {
			return nil, unreadable(actionListeners, body, noList)
		}
		all = append(all, some...)
		if token = string(answer.NextToken); token == "" {
			return all, nil
		}
	}
	return nil, endless(actionListeners)
}

func endless(action string) error {
	return clberr.New(action, "", "the list has no end", "", http.StatusOK, clberr.Unknown)
}
