package clb

import (
	"slices"
	"strings"

	"github.com/clbcert/clbcert/internal/clb/wire"
)

// listenerDocument is the answer of DescribeLoadBalancerHTTPSListenerAttribute,
// of whose some 50 settings only the certificates are read.
type listenerDocument struct {
	wire.Document
	LoadBalancerID      wire.Text `json:"LoadBalancerId"`
	ListenerPort        wire.Text `json:"ListenerPort"`
	Status              wire.Text `json:"Status"`
	ServerCertificateID wire.Text `json:"ServerCertificateId"`
	DomainExtensions    struct {
		DomainExtension many[extensionDocument] `json:"DomainExtension"`
	} `json:"DomainExtensions"`
}

// extensionDocument is a domain extension in answers.
type extensionDocument struct {
	DomainExtensionID   wire.Text `json:"DomainExtensionId"`
	Domain              wire.Text `json:"Domain"`
	ServerCertificateID wire.Text `json:"ServerCertificateId"`
}

// isAbout tells whether the answer is about the listener at port. The service
// needn't name the load balancer.
func (d listenerDocument) isAbout(loadBalancerID string, port int32) bool {
	return parsePort(d.ListenerPort) == port && (d.LoadBalancerID == "" || string(d.LoadBalancerID) == loadBalancerID)
}

// extensions reads the list; one without ID or domain makes it unreadable. An
// answer without the list is of a listener without extensions.
func (d listenerDocument) extensions() ([]Extension, bool) {
	var all []Extension
	for _, one := range d.DomainExtensions.DomainExtension {
		if one.DomainExtensionID == "" || one.Domain == "" {
			return nil, false
		}
		all = append(all, Extension{
			ID: string(one.DomainExtensionID), Domain: string(one.Domain), CertificateID: string(one.ServerCertificateID),
		})
	}
	return all, true
}

const protocolHTTPS = "https"

// listenersDocument is a page of DescribeLoadBalancerListeners. Its list is
// bare, unlike the others of the API.
type listenersDocument struct {
	wire.Document
	Listeners many[struct {
		LoadBalancerID      wire.Text `json:"LoadBalancerId"`
		ListenerPort        wire.Text `json:"ListenerPort"`
		ListenerProtocol    wire.Text `json:"ListenerProtocol"`
		Description         wire.Text `json:"Description"`
		HTTPSListenerConfig struct {
			ServerCertificateID wire.Text `json:"ServerCertificateId"`
		} `json:"HTTPSListenerConfig"`
	}] `json:"Listeners"`
	NextToken  wire.Text `json:"NextToken"`
	TotalCount wire.Text `json:"TotalCount"`
}

// listenerRow is a listener as DescribeLoadBalancerListeners shows it.
type listenerRow struct {
	LoadBalancerID string
	ListenerPort
	certificateID string
}

// listeners gives the listeners of the load balancers and the protocol asked for, all where
// none are. A page without a list, unless it counts none, or with an entry that can't be
// placed is unreadable.
func (d listenersDocument) listeners(asked []string, protocol string) ([]listenerRow, bool) {
	if d.Listeners == nil && d.TotalCount != "0" {
		return nil, false
	}
	var all []listenerRow
	for _, one := range d.Listeners {
		row := listenerRow{
			LoadBalancerID: string(one.LoadBalancerID), certificateID: string(one.HTTPSListenerConfig.ServerCertificateID),
			ListenerPort: ListenerPort{
				Port: parsePort(one.ListenerPort), Protocol: strings.ToLower(string(one.ListenerProtocol)), Description: string(one.Description),
			},
		}
		if row.LoadBalancerID == "" || row.Port == 0 {
			return nil, false
		}
		if (protocol == "" || row.Protocol == protocol) && (len(asked) == 0 || slices.Contains(asked, row.LoadBalancerID)) {
			all = append(all, row)
		}
	}
	return all, true
}
