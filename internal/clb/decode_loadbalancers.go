package clb

import (
	"net/netip"
	"strconv"

	"github.com/clbcert/clbcert/internal/clb/wire"
)

// loadBalancerDocument is a load balancer in the answers of DescribeLoadBalancers.
type loadBalancerDocument struct {
	LoadBalancerID     wire.Text    `json:"LoadBalancerId"`
	RegionID           wire.Text    `json:"RegionId"`
	LoadBalancerSpec   wire.Text    `json:"LoadBalancerSpec"`
	Address            wire.Text    `json:"Address"`
	LoadBalancerStatus wire.Text    `json:"LoadBalancerStatus"`
	Tags               tagsDocument `json:"Tags"`
}

// loadBalancer gives it without its listeners, which the answers don't hold.
func (d loadBalancerDocument) loadBalancer(region string) LoadBalancer {
	found := LoadBalancer{
		ID: string(d.LoadBalancerID), Region: string(d.RegionID), Spec: string(d.LoadBalancerSpec),
		Address: string(d.Address), Status: string(d.LoadBalancerStatus), Tags: d.Tags.tags(),
	}
	if found.Region == "" {
		found.Region = region
	}
	return found
}

// loadBalancersDocument is a page of DescribeLoadBalancers.
type loadBalancersDocument struct {
	wire.Document
	LoadBalancers struct {
		LoadBalancer many[loadBalancerDocument] `json:"LoadBalancer"`
	} `json:"LoadBalancers"`
	TotalCount wire.Text `json:"TotalCount"`
	PageSize   wire.Text `json:"PageSize"`
}

// page gives the load balancers on the page with this number, without their listeners, and
// whether it is the last one. A page without a count, without the entries that the count
// promises, or with an entry without an ID is unreadable.
func (d loadBalancersDocument) page(number int, region string) (found []LoadBalancer, last, ok bool) {
	total, err := strconv.Atoi(string(d.TotalCount))
	entries := d.LoadBalancers.LoadBalancer
	if err != nil || entries == nil && total != 0 {
		return nil, false, false
	}
	for _, entry := range entries {
		if entry.LoadBalancerID == "" {
			return nil, false, false
		}
		found = append(found, entry.loadBalancer(region))
	}
	// The service may hold fewer to a page than it was asked for.
	size, err := strconv.Atoi(string(d.PageSize))
	if err != nil || size < 1 {
		size = pageSize
	}
	return found, number*size >= total, true
}

// sameAddress compares two IP addresses, whichever way they are written.
func sameAddress(a, b string) bool {
	one, errOne := netip.ParseAddr(a)
	other, errOther := netip.ParseAddr(b)
	return a == b || errOne == nil && errOther == nil && one == other
}
