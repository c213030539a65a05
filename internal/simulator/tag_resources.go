package simulator

import (
	"maps"
	"slices"
	"strings"
)

// tagged is a resource with its tags.
type tagged struct {
	id   string
	tags map[string]string
}

// resourceType is a kind of resource whose tags the tag actions handle, as reading and writing for each kind.
type resourceType struct {
	// list gives what lists show to the caller, by ID.
	list func(*Server, *call) []tagged
	// find gives the tags of one that truly exists. The store is held.
	find func(*Server, *call, string) (map[string]string, bool)
	// put writes tags. The store is held.
	put func(*Server, *change, string, map[string]string)
}

// resourceTypes are by the names of the API's parameter ResourceType.
var resourceTypes = map[string]resourceType{
	"certificate": {
		list: func(s *Server, c *call) (rows []tagged) {
			for _, row := range s.listedCertificates(c) {
				rows = append(rows, tagged{row.ID, row.Tags})
			}
			return rows
		},
		find: func(s *Server, c *call, id string) (map[string]string, bool) {
			row, ok := s.certificate(c, id)
			return row.Tags, ok
		},
		put: func(s *Server, x *change, id string, tags map[string]string) {
			row := s.store.certificates.rows[id]
			row.Tags = tags
			s.store.certificates.put(x, id, row)
		},
	},
	"instance": {
		list: func(s *Server, c *call) (rows []tagged) {
			s.store.read(func() {
				for _, row := range s.loadBalancers(c) {
					rows = append(rows, tagged{row.ID, row.Tags})
				}
			})
			return rows
		},
		find: func(s *Server, c *call, id string) (map[string]string, bool) {
			row, err := s.loadBalancer(c, id)
			return row.Tags, err == nil
		},
		put: func(s *Server, x *change, id string, tags map[string]string) {
			row := s.store.loadBalancers.rows[id]
			row.Tags = tags
			s.store.loadBalancers.put(x, id, row)
		},
	},
	"listener": {
		list: func(s *Server, c *call) (rows []tagged) {
			s.store.read(func() {
				for _, row := range s.listeners(c) {
					rows = append(rows, tagged{row.id(), row.Tags})
				}
			})
			return rows
		},
		find: func(s *Server, c *call, id string) (map[string]string, bool) {
			row, ok := s.store.listeners.rows[id]
			_, err := s.loadBalancer(c, row.LoadBalancerID)
			return row.Tags, ok && err == nil
		},
		put: func(s *Server, x *change, id string, tags map[string]string) {
			row := s.store.listeners.rows[id]
			row.Tags = tags
			s.store.listeners.put(x, id, row)
		},
	},
}

// readResourceType reads ResourceType, and gives the kind by it.
func (p *params) readResourceType() (string, resourceType) {
	name := p.required("ResourceType")
	kind, known := resourceTypes[name]
	if !known {
		p.refuse("InvalidParameter.ResourceType", "The ResourceType must be one of %s.",
			strings.Join(slices.Sorted(maps.Keys(resourceTypes)), ", "))
	}
	return name, kind
}
