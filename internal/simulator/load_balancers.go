package simulator

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// loadBalancer is a row of the table of load balancers, and of GET /state.
type loadBalancer struct {
	ID               string            `json:"id"`
	Name             string            `json:"name"`
	Account          string            `json:"account"`
	Region           string            `json:"region"`
	ResourceGroup    string            `json:"resourceGroup"`
	Tags             map[string]string `json:"tags"`
	Address          string            `json:"address"`
	AddressType      string            `json:"addressType"` // internet or intranet
	VpcID            string            `json:"vpcID,omitempty"`
	VSwitchID        string            `json:"vSwitchID,omitempty"`
	Spec             string            `json:"spec"` // empty for a shared-performance instance
	ChargeType       string            `json:"chargeType"`
	DeleteProtection string            `json:"deleteProtection"` // on or off
	Protection       string            `json:"modificationProtection"`
	ProtectionReason string            `json:"modificationProtectionReason,omitempty"`
	Created          time.Time         `json:"created"`
}

// place orders load balancers by age.
func (b loadBalancer) place() string {
	return b.Created.UTC().Format("20060102T150405.000000000 ") + b.ID
}

// elastic is the specification of instances that are paid by capacity units.
const elastic = "slb.lcu.elastic"

var (
	specs            = []string{"", "slb.s1.small", "slb.s2.small", "slb.s2.medium", "slb.s3.small", "slb.s3.medium", "slb.s3.large", elastic}
	loadBalancerName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}_./-]{0,79}$`)
)

// createLoadBalancer makes an instance; its settings that nothing here depends on are read and forgotten.
func createLoadBalancer(s *Server, c *call) (answer, error) {
	p := &c.params
	row := loadBalancer{
		ID: "lb-" + s.random.word(20), Name: p.optional("LoadBalancerName"), Account: c.caller.account, Region: c.region,
		ResourceGroup: p.resourceGroup("ResourceGroupId"), Tags: p.tags(), Created: c.arrived.UTC(),
		AddressType: p.oneOf("AddressType", "internet", "intranet"), VpcID: p.optional("VpcId"), VSwitchID: p.optional("VSwitchId"),
		Spec: p.oneOf("LoadBalancerSpec", specs...), ChargeType: p.oneOf("InstanceChargeType", "PayBySpec", "PayByCLCU"),
		DeleteProtection: p.oneOf("DeleteProtection", "off", "on"), ProtectionReason: p.optional("ModificationProtectionReason"),
		Protection: p.oneOf("ModificationProtectionStatus", "NonProtection", "ConsoleProtection"), Address: p.address("Address"),
	}
	if row.Name == "" {
		row.Name = row.ID
	}
	if !loadBalancerName.MatchString(row.Name) {
		p.refuse("InvalidParameter.LoadBalancerName", "The parameter LoadBalancerName is not valid.")
	}
	if p.err != nil {
		return nil, p.err
	}
	if row.ChargeType == "PayByCLCU" {
		row.Spec = elastic
	}
	err := s.store.change(func(x *change) error {
		if row.Address == "" {
			row.Address = s.newAddress()
		}
		s.store.loadBalancers.put(x, row.ID, row)
		return nil
	})
	return answer{
		"LoadBalancerId": row.ID, "LoadBalancerName": row.Name, "ResourceGroupId": row.ResourceGroup, "Address": row.Address,
		"AddressIPVersion": "ipv4", "NetworkType": row.network(), "VpcId": row.VpcID, "VSwitchId": row.VSwitchID, "OrderId": 0,
	}, err
}

// address reads an IP address, or "".
func (p *params) address(name string) string {
	text := p.optional(name)
	if _, err := netip.ParseAddr(text); text != "" && err != nil {
		p.refuse("InvalidParameter."+name, "The parameter %s is not an IP address.", name)
	}
	return text
}

// newAddress gives one of 198.18.0.0/15, which RFC 2544 sets aside for tests. The store is held.
func (s *Server) newAddress() string {
	for {
		address := fmt.Sprintf("198.%d.%d.%d", 18+s.random.below(2), s.random.below(256), 1+s.random.below(254))
		taken := false
		for _, row := range s.store.loadBalancers.rows {
			taken = taken || row.Address == address
		}
		if !taken {
			return address
		}
	}
}

func (b loadBalancer) network() string {
	if b.VpcID != "" || b.VSwitchID != "" {
		return "vpc"
	}
	return "classic"
}

// loadBalancer finds one in the caller's account and the call's region. The store is held.
func (s *Server) loadBalancer(c *call, id string) (loadBalancer, error) {
	row, ok := s.store.loadBalancers.rows[id]
	if !ok || row.Account != c.caller.account || row.Region != c.region {
		return loadBalancer{}, refuse("InvalidLoadBalancerId.NotFound", "The specified LoadBalancerId does not exist.")
	}
	return row, nil
}

// loadBalancers are the caller's in the call's region, by ID. The store is held.
func (s *Server) loadBalancers(c *call) []loadBalancer {
	var rows []loadBalancer
	for _, id := range s.store.loadBalancers.ids() {
		if row, err := s.loadBalancer(c, id); err == nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// deleteLoadBalancer deletes an instance with its listeners, unless it is protected.
func deleteLoadBalancer(s *Server, c *call) (answer, error) {
	id := c.params.required("LoadBalancerId")
	if c.params.err != nil {
		return nil, c.params.err
	}
	return nil, s.store.change(func(x *change) error {
		row, err := s.loadBalancer(c, id)
		if err != nil {
			return err
		}
		if row.DeleteProtection == "on" { // own choice of the code
			return refuse("OperationDenied.DeleteProtection", "The load balancer is protected against deletion.")
		}
		for _, listener := range s.listenersOf(id) {
			s.removeListener(x, listener)
		}
		s.store.loadBalancers.remove(x, id)
		return nil
	})
}

// describeLoadBalancers lists instances in pages of 1 to 100, by default 10: the oldest on the first, in no order there.
func describeLoadBalancers(s *Server, c *call) (answer, error) {
	p := &c.params
	number, size := p.integer("PageNumber", 1, 1, 1_000_000), p.integer("PageSize", 10, 1, 100)
	wanted := p.loadBalancerFilter()
	if p.err != nil {
		return nil, p.err
	}
	var all []loadBalancer
	s.store.read(func() {
		all = slices.DeleteFunc(s.loadBalancers(c), func(row loadBalancer) bool { return !wanted(row) })
	})
	slices.SortFunc(all, func(a, b loadBalancer) int { return cmp.Compare(a.place(), b.place()) })
	rows := []answer{}
	for i := (number - 1) * size; i < min(number*size, len(all)); i++ {
		elements := all[i].elements()
		elements["Tags"] = tagElements(all[i].Tags)
		rows = append(rows, elements)
	}
	return answer{"LoadBalancers": answer{"LoadBalancer": shuffle(s.random, rows)}, "TotalCount": len(all), "PageNumber": number, "PageSize": size}, nil
}

// loadBalancerFilter reads the filters of DescribeLoadBalancers; those left out let everything through.
func (p *params) loadBalancerFilter() func(loadBalancer) bool {
	tags, ids := p.tagFilters(), p.optional("LoadBalancerId")
	return func(row loadBalancer) bool {
		if ids != "" && !slices.Contains(strings.Split(ids, ","), row.ID) || !matchesAll(tags, row.Tags) {
			return false
		}
		for parameter, value := range map[string]string{
			"LoadBalancerName": row.Name, "VpcId": row.VpcID, "VSwitchId": row.VSwitchID, "Address": row.Address,
			"AddressType": row.AddressType, "NetworkType": row.network(), "ResourceGroupId": row.ResourceGroup,
			"LoadBalancerStatus": "active", "AddressIPVersion": "ipv4",
		} {
			if asked := p.optional(parameter); asked != "" && asked != value {
				return false
			}
		}
		return true
	}
}

// elements are what both the list and the single answer tell of an instance.
func (b loadBalancer) elements() answer {
	specType := map[bool]string{true: "shared", false: "performance"}[b.Spec == ""]
	return answer{
		"LoadBalancerId": b.ID, "LoadBalancerName": b.Name, "LoadBalancerStatus": "active", "LoadBalancerSpec": b.Spec, "SpecType": specType,
		"RegionId": b.Region, "RegionIdAlias": b.Region, "MasterZoneId": b.Region + "-a", "SlaveZoneId": b.Region + "-b",
		"ResourceGroupId": b.ResourceGroup, "Address": b.Address, "AddressType": b.AddressType, "AddressIPVersion": "ipv4",
		"NetworkType": b.network(), "VpcId": b.VpcID, "VSwitchId": b.VSwitchID, "Bandwidth": 5120, "InternetChargeType": "paybytraffic",
		"InstanceChargeType": b.ChargeType, "PayType": "PayOnDemand", "BusinessStatus": "Normal", "DeleteProtection": b.DeleteProtection,
		"ModificationProtectionStatus": b.Protection, "ModificationProtectionReason": b.ProtectionReason,
		"CreateTime": apiTime(b.Created), "CreateTimeStamp": b.Created.UnixMilli(),
	}
}

// describeLoadBalancerAttribute tells of one instance, with its listeners in three lists, one of them misspelt.
func describeLoadBalancerAttribute(s *Server, c *call) (answer, error) {
	id := c.params.required("LoadBalancerId")
	if c.params.err != nil {
		return nil, c.params.err
	}
	var row loadBalancer
	var listeners []listener
	var err error
	s.store.read(func() {
		row, err = s.loadBalancer(c, id)
		listeners = s.listenersOf(id)
	})
	if err != nil {
		return nil, err
	}
	ports, protocols, misspelt := []int{}, []answer{}, []answer{}
	for _, l := range shuffle(s.random, listeners) {
		ports = append(ports, l.Port)
		protocols = append(protocols, answer{
			"ListenerPort": l.Port, "ListenerProtocol": l.Protocol, "Description": l.Settings["Description"],
			"ListenerForward": l.forward(), "ForwardPort": l.forwardPort(),
		})
		misspelt = append(misspelt, answer{"ListenerPort": l.Port, "ListenerProtocal": l.Protocol})
	}
	a := row.elements()
	a["Tags"] = tagElements(row.Tags)
	a["ListenerPorts"] = answer{"ListenerPort": ports}
	a["ListenerPortsAndProtocol"] = answer{"ListenerPortAndProtocol": protocols}
	a["ListenerPortsAndProtocal"] = answer{"ListenerPortAndProtocal": misspelt}
	a["BackendServers"] = answer{"BackendServer": []answer{}}
	return a, nil
}
