package clb

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/clbcert/clbcert/internal/clb/wire"
)

// loadBalancerDocument is the answer of DescribeLoadBalancerAttribute. It has
// the listeners with their protocols twice, the second time misspelt and without
// descriptions.
type loadBalancerDocument struct {
	LoadBalancerID           wire.Text    `json:"LoadBalancerId"`
	RegionID                 wire.Text    `json:"RegionId"`
	LoadBalancerSpec         wire.Text    `json:"LoadBalancerSpec"`
	Address                  wire.Text    `json:"Address"`
	LoadBalancerStatus       wire.Text    `json:"LoadBalancerStatus"`
	Tags                     tagsDocument `json:"Tags"`
	ListenerPortsAndProtocol struct {
		ListenerPortAndProtocol many[portDocument] `json:"ListenerPortAndProtocol"`
	} `json:"ListenerPortsAndProtocol"`
	ListenerPortsAndProtocal struct {
		ListenerPortAndProtocal many[portDocument] `json:"ListenerPortAndProtocal"`
	} `json:"ListenerPortsAndProtocal"`
}

// portDocument is an entry of either list.
type portDocument struct {
	ListenerPort     wire.Text `json:"ListenerPort"`
	ListenerProtocol wire.Text `json:"ListenerProtocol"`
	ListenerProtocal wire.Text `json:"ListenerProtocal"`
	Description      wire.Text `json:"Description"`
}

// loadBalancer reads the answer; one listener without port or protocol makes it
// unreadable. An answer without the lists is of a load balancer without listeners.
func (d loadBalancerDocument) loadBalancer(region string) (LoadBalancer, bool) {
	found := LoadBalancer{
		ID: string(d.LoadBalancerID), Region: string(d.RegionID), Spec: string(d.LoadBalancerSpec),
		Address: string(d.Address), Status: string(d.LoadBalancerStatus), Tags: d.Tags.tags(),
	}
	if found.Region == "" {
		found.Region = region
	}
	ports := d.ListenerPortsAndProtocol.ListenerPortAndProtocol
	if len(ports) == 0 {
		ports = d.ListenerPortsAndProtocal.ListenerPortAndProtocal
	}
	for _, document := range ports {
		one := document.listenerPort()
		if one.Port == 0 || one.Protocol == "" {
			return found, false
		}
		found.Listeners = append(found.Listeners, one)
	}
	return found, true
}

func (d portDocument) listenerPort() ListenerPort {
	protocol := d.ListenerProtocol
	if protocol == "" {
		protocol = d.ListenerProtocal
	}
	return ListenerPort{
		Port: parsePort(d.ListenerPort), Protocol: strings.ToLower(string(protocol)), Description: string(d.Description),
	}
}

// loadBalancersDocument is a page of DescribeLoadBalancers.
type loadBalancersDocument struct {
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
		one, ok := entry.loadBalancer(region)
		if !ok || one.ID == "" {
			return nil, false, false
		}
		one.Listeners = nil
		found = append(found, one)
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
