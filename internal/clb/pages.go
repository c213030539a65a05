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
	const action = "DescribeLoadBalancers"
	if address == "" {
		return nil, missing(action, "Address")
	}
	var found []string
	for page := 1; page <= maxPages; page++ {
		var answer loadBalancersDocument
		body, err := a.ask(ctx, action, region, &answer, func() requests.AcsRequest {
			r := slb.CreateDescribeLoadBalancersRequest()
			r.Address, r.PageNumber, r.PageSize = address, requests.NewInteger(page), requests.NewInteger(pageSize)
			return r
		})
		if err != nil {
			return nil, err
		}
		ids, last, ok := answer.page(page, address)
		if !ok {
			return nil, unreadable(action, body, noList)
		}
		found = append(found, ids...)
		if last {
			slices.Sort(found)
			return slices.Compact(found), nil
		}
	}
	return nil, endless(action)
}

// DefaultCertificates gives the HTTPS listeners of the load balancers, with
// their default certificates alone: the list doesn't hold Extensions. They are
// in no order; a load balancer that doesn't exist has none. Without IDs nothing
// is sent: the API would list those of all load balancers. While things change,
// those that come or go during the call may be missing.
func (a *Account) DefaultCertificates(ctx context.Context, region string, loadBalancerIDs []string) ([]Listener, error) {
	if slices.Contains(loadBalancerIDs, "") {
		return nil, missing(actionListeners, "LoadBalancerId")
	}
	var all []Listener
	for ids := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(loadBalancerIDs))), maxAsked) {
		some, err := a.defaultCertificates(ctx, region, ids)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

const actionListeners = "DescribeLoadBalancerListeners"

// defaultCertificates reads all pages for at most maxAsked load balancers.
func (a *Account) defaultCertificates(ctx context.Context, region string, ids []string) ([]Listener, error) {
	var all []Listener
	token := ""
	for range maxPages {
		var answer listenersDocument
		body, err := a.ask(ctx, actionListeners, region, &answer, func() requests.AcsRequest {
			r := slb.CreateDescribeLoadBalancerListenersRequest()
			r.LoadBalancerId, r.ListenerProtocol = &ids, protocolHTTPS
			r.MaxResults, r.NextToken = requests.NewInteger(pageSize), token
			return r
		})
		if err != nil {
			return nil, err
		}
		some, ok := answer.listeners(ids)
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
