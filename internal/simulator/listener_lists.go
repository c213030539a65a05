package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// place orders listeners by instance and port.
func (l listener) place() string { return fmt.Sprintf("%s %05d", l.LoadBalancerID, l.Port) }

// describeLoadBalancerListeners lists listeners of at most ten instances, or of all, in pages of 1 to 100, by default 20.
// Its list is bare, unlike all others of the API, and in no order within a page. An unknown instance is none that matches.
func describeLoadBalancerListeners(s *Server, c *call) (answer, error) {
	p := &c.params
	wanted, size := p.listenerFilter(), p.integer("MaxResults", 20, 1, 100)
	if p.err != nil {
		return nil, p.err
	}
	var all []listener
	s.store.read(func() { all = slices.DeleteFunc(s.listeners(c), func(row listener) bool { return !wanted(row) }) })
	slices.SortFunc(all, func(a, b listener) int { return strings.Compare(a.place(), b.place()) })
	cut, next, err := page(all, listener.place, p.optional("NextToken"), size)
	if err != nil {
		return nil, err
	}
	rows := []answer{}
	for _, row := range cut {
		rows = append(rows, row.listElements())
	}
	return answer{"Listeners": shuffle(s.random, rows), "NextToken": next, "MaxResults": size, "TotalCount": len(all)}, nil
}

func (p *params) listenerFilter() func(listener) bool {
	ids, tags := p.list("LoadBalancerId", 10), p.tagFilters()
	protocol, port, description := p.optional("ListenerProtocol"), p.integer("ListenerPort", 0, 1, 65535), p.optional("Description")
	return func(row listener) bool {
		return (len(ids) == 0 || slices.Contains(ids, row.LoadBalancerID)) && matchesAll(tags, row.Tags) &&
			(protocol == "" || protocol == row.Protocol) && (port == 0 || port == row.Port) &&
			(description == "" || description == row.Settings["Description"])
	}
}

// common are the settings that the list gives beside the part for the protocol.
var common = []string{
	"AclId", "AclStatus", "AclType", "BackendProtocol", "BackendServerPort", "Bandwidth", "Description", "Scheduler", "VServerGroupId",
}

func (l listener) listElements() answer {
	settings := l.settingElements()
	row := answer{
		"LoadBalancerId": l.LoadBalancerID, "ListenerPort": l.Port, "ListenerProtocol": l.Protocol, "Status": l.Status,
		"AclIds": []string{}, "Tags": tagList(l.Tags),
	}
	for _, name := range common {
		row[name] = settings[name]
		delete(settings, name)
	}
	if l.Protocol == "https" {
		settings["ServerCertificateId"] = l.ServerCertificateID
		settings["ServerCertificates"] = []answer{}
	}
	row[strings.ToUpper(l.Protocol)+"ListenerConfig"] = settings
	return row
}

// describeHTTPSListenerAttribute tells all of one HTTPS listener, its extensions and rules too.
func describeHTTPSListenerAttribute(s *Server, c *call) (answer, error) {
	loadBalancerID, port := c.params.readListener()
	if c.params.err != nil {
		return nil, c.params.err
	}
	var row listener
	var extensions, rules []answer
	var err error
	s.store.read(func() {
		if row, err = s.listener(c, loadBalancerID, port, "https"); err == nil {
			extensions, rules = extensionElements(s.extensionsOf(row)), ruleElements(s.rulesOf(row))
		}
	})
	if err != nil {
		return nil, err
	}
	a := row.settingElements()
	maps.Copy(a, answer{
		"LoadBalancerId": row.LoadBalancerID, "ListenerPort": row.Port, "Status": row.Status, "SecurityStatus": "off",
		"ServerCertificateId": row.ServerCertificateID, "ServerCertificates": answer{"ServerCertificate": []answer{}},
		"DomainExtensions": answer{"DomainExtension": shuffle(s.random, extensions)}, "Rules": answer{"Rule": shuffle(s.random, rules)},
		"AclIds": answer{"AclId": []string{}}, "Tags": tagElements(row.Tags),
	})
	return a, nil
}
