package simulator

import (
	"maps"
	"slices"
)

// tagPage is how many tags ListTagResources gives at a time.
const tagPage = 50

// tagList gives tags as answers show them: TagKey and TagValue, where requests say Key and Value.
func tagList(tags map[string]string) []answer {
	rows := []answer{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		rows = append(rows, answer{"TagKey": key, "TagValue": tags[key]})
	}
	return rows
}

// tagElements is tagList in the element that most answers have around it.
func tagElements(tags map[string]string) answer { return answer{"Tag": tagList(tags)} }

func (p *params) resourceIDs() []string {
	ids := p.list("ResourceId", maxTags)
	if len(ids) == 0 {
		p.required("ResourceId.1")
	}
	return ids
}

// tagResources puts tags on resources, over old ones of the same key: on all of them or on none.
func tagResources(s *Server, c *call) (answer, error) {
	_, kind := c.params.readResourceType()
	ids, tags := c.params.resourceIDs(), c.params.tags()
	if len(tags) == 0 {
		c.params.requiredAs("MissingParam.TagKey", "Tag.1.Key")
	}
	if c.params.err != nil {
		return nil, c.params.err
	}
	return nil, s.retag(c, kind, ids, func(old map[string]string) (map[string]string, error) {
		merged := maps.Clone(tags)
		for key, value := range old {
			if _, given := tags[key]; !given {
				merged[key] = value
			}
		}
		if len(merged) > maxTags {
			return nil, refuse("TagCountLimit", "A resource can have at most %d tags.", maxTags)
		}
		return merged, nil
	})
}

// untagResources takes tags off resources: those named, or with All and no names every one.
func untagResources(s *Server, c *call) (answer, error) {
	_, kind := c.params.readResourceType()
	ids, keys, all := c.params.resourceIDs(), c.params.list("TagKey", maxTags), c.params.flag("All")
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
func (s *Server) retag(c *call, kind resourceType, ids []string, edit func(map[string]string) (map[string]string, error)) error {
	return s.store.change(func(x *change) error {
		for _, id := range ids {
			old, ok := kind.find(s, c, id)
			if !ok {
				return refuse("InvalidResourceId.NotFound", "The specified resource %s does not exist.", id)
			}
			tags, err := edit(old)
			if err != nil {
				return err
			}
			kind.put(s, x, id, tags)
		}
		return nil
	})
}

// tagRow is one tag of one resource.
type tagRow struct{ resource, key, value string }

func (r tagRow) place() string { return r.resource + " " + r.key }

// listTagResources lists tags by resource, by tag, or both, page by page. With tags given it lists only those (own
// reading: the reference doesn't say whether the others of the resource come too).
func listTagResources(s *Server, c *call) (answer, error) {
	name, kind := c.params.readResourceType()
	ids, filters := c.params.list("ResourceId", maxTags), c.params.tagFilters()
	if len(ids) == 0 && len(filters) == 0 {
		c.params.required("ResourceId.1")
	}
	if c.params.err != nil {
		return nil, c.params.err
	}
	var all []tagRow
	for _, resource := range kind.list(s, c) {
		if (len(ids) == 0 || slices.Contains(ids, resource.id)) && matchesAll(filters, resource.tags) {
			all = append(all, resource.rows(filters)...)
		}
	}
	cut, next, err := page(all, tagRow.place, c.params.optional("NextToken"), tagPage)
	if err != nil {
		return nil, err
	}
	rows := []answer{}
	for _, row := range cut {
		rows = append(rows, answer{"ResourceId": row.resource, "ResourceType": name, "TagKey": row.key, "TagValue": row.value})
	}
	return answer{"TagResources": answer{"TagResource": rows}, "NextToken": next}, nil
}

// rows are the resource's tags that the filters name, or all without filters, by key.
func (t tagged) rows(filters []tagFilter) []tagRow {
	var rows []tagRow
	for _, key := range slices.Sorted(maps.Keys(t.tags)) {
		named := slices.ContainsFunc(filters, func(f tagFilter) bool { return f.key == key })
		if len(filters) == 0 || named {
			rows = append(rows, tagRow{t.id, key, t.tags[key]})
		}
	}
	return rows
}
