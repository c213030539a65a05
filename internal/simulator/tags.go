package simulator

import (
	"encoding/base64"
	"maps"
	"slices"
)

// tagPage is how many tags ListTagResources gives at a time.
const tagPage = 50

// tagElements gives tags as lists show them: TagKey and TagValue, where requests say Key and Value.
func tagElements(tags map[string]string) answer {
	rows := []answer{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		rows = append(rows, answer{"TagKey": key, "TagValue": tags[key]})
	}
	return answer{"Tag": rows}
}

// resourceTypes are those whose tags can be changed.
var resourceTypes = []string{"certificate"}

func (p *params) resourceType() string {
	kind := p.required("ResourceType")
	if kind != "" && !slices.Contains(resourceTypes, kind) {
		p.refuse("InvalidParameter.ResourceType", "The ResourceType is not supported.")
	}
	return kind
}

func (p *params) resourceIDs() []string {
	ids := p.list("ResourceId", maxTags)
	if len(ids) == 0 {
		p.required("ResourceId.1")
	}
	return ids
}

// tagResources puts tags on resources, over old ones of the same key: on all of them or on none.
func tagResources(s *Server, c *call) (answer, error) {
	kind, ids, tags := c.params.resourceType(), c.params.resourceIDs(), c.params.tags()
	if len(tags) == 0 {
		c.params.requiredAs("MissingParam.TagKey", "Tag.1.Key")
	}
	if c.params.err != nil {
		return nil, c.params.err
	}
	return nil, s.retag(c, kind, ids, func(old map[string]string) (map[string]string, error) {
		merged := maps.Clone(old)
		maps.Copy(merged, tags)
		if len(merged) > maxTags {
			return nil, refuse("TagCountLimit", "A resource can have at most %d tags.", maxTags)
		}
		return merged, nil
	})
}

// untagResources takes tags off resources: those named, or with All and no names every one.
func untagResources(s *Server, c *call) (answer, error) {
	kind, ids, keys, all := c.params.resourceType(), c.params.resourceIDs(), c.params.list("TagKey", maxTags), c.params.flag("All")
	if len(keys) == 0 && !all {
		c.params.requiredAs("MissingParam.TagKey", "TagKey.1")
	}
	if c.params.err != nil {
		return nil, c.params.err
	}
	return nil, s.retag(c, kind, ids, func(old map[string]string) (map[string]string, error) {
		kept := map[string]string{}
		for key, value := range old {
			if len(keys) > 0 && !slices.Contains(keys, key) {
				kept[key] = value
			}
		}
		return kept, nil
	})
}

// retag gives each of the resources the tags that edit makes of its old ones.
func (s *Server) retag(c *call, _ string, ids []string, edit func(map[string]string) (map[string]string, error)) error {
	return s.store.change(func(x *change) error {
		for _, id := range ids {
			row, ok := s.certificate(c, id)
			if !ok {
				return refuse("InvalidResourceId.NotFound", "The specified resource %s does not exist.", id)
			}
			tags, err := edit(row.Tags)
			if err != nil {
				return err
			}
			row.Tags = tags
			s.store.certificates.put(x, id, row)
		}
		return nil
	})
}

// tagRow is one tag of one resource.
type tagRow struct{ resource, key, value string }

// listTagResources lists tags by resource, by tag, or both, page by page. With tags given it lists only those (own
// reading: the reference doesn't say whether the others of the resource come too).
func listTagResources(s *Server, c *call) (answer, error) {
	kind, ids, filters := c.params.resourceType(), c.params.list("ResourceId", maxTags), c.params.tagFilters()
	if len(ids) == 0 && len(filters) == 0 {
		c.params.required("ResourceId.1")
	}
	after, err := base64.RawURLEncoding.DecodeString(c.params.optional("NextToken"))
	if err != nil {
		c.params.refuse("InvalidParameter.NextToken", "The NextToken is not valid.")
	}
	if c.params.err != nil {
		return nil, c.params.err
	}
	rows, next := []answer{}, ""
	for _, tag := range s.tagRows(c, ids, filters) {
		place := tag.resource + " " + tag.key
		if place <= string(after) {
			continue
		}
		if len(rows) == tagPage {
			next = rows[tagPage-1]["ResourceId"].(string) + " " + rows[tagPage-1]["TagKey"].(string)
			break
		}
		rows = append(rows, answer{"ResourceId": tag.resource, "ResourceType": kind, "TagKey": tag.key, "TagValue": tag.value})
	}
	return answer{
		"TagResources": answer{"TagResource": rows}, "NextToken": base64.RawURLEncoding.EncodeToString([]byte(next)),
	}, nil
}

// tagRows are the tags asked for, in the order of resource and key.
func (s *Server) tagRows(c *call, ids []string, filters []tagFilter) []tagRow {
	var rows []tagRow
	for _, row := range s.listedCertificates(c) {
		if len(ids) > 0 && !slices.Contains(ids, row.ID) || !matchesAll(filters, row.Tags) {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(row.Tags)) {
			asked := slices.ContainsFunc(filters, func(f tagFilter) bool { return f.key == key })
			if len(filters) == 0 || asked {
				rows = append(rows, tagRow{row.ID, key, row.Tags[key]})
			}
		}
	}
	return rows
}
