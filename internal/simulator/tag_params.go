package simulator

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxTags is the limit of tags per request and per resource (CLB limits).
const maxTags = 20

// tagFilter is a key, and a value unless any will do.
type tagFilter struct {
	key, value string
	anyValue   bool
}

func (f tagFilter) matches(tags map[string]string) bool {
	value, ok := tags[f.key]
	return ok && (f.anyValue || value == f.value)
}

func matchesAll(filters []tagFilter, tags map[string]string) bool {
	for _, f := range filters {
		if !f.matches(tags) {
			return false
		}
	}
	return true
}

// tagFilters reads Tag.N.Key and Tag.N.Value; a value without its key is refused, as ListTagResources documents.
func (p *params) tagFilters() []tagFilter {
	var filters []tagFilter
	for n := 1; p.has(n); n++ {
		value, given := p.values[fmt.Sprintf("Tag.%d.Value", n)]
		filters = append(filters, tagFilter{key: p.tagKey(n), value: value, anyValue: !given})
	}
	p.checkTagNumbers(len(filters))
	return filters
}

// tags reads Tag.N.Key and Tag.N.Value under the rules of UploadServerCertificate and TagResources: at most 20, keys
// of 1 to 64 characters, values of up to 128, neither with http:// or https:// inside nor aliyun or acs: in front.
func (p *params) tags() map[string]string {
	tags := map[string]string{}
	n := 1
	for ; p.has(n); n++ {
		key, value := p.tagKey(n), p.values[fmt.Sprintf("Tag.%d.Value", n)]
		if _, twice := tags[key]; twice || !legalTag(key, 64) {
			p.refuse("InvalidParam.TagKey", "The tag key Tag.%d.Key is not valid.", n)
		}
		if !legalTag(value, 128) {
			p.refuse("InvalidParam.TagValue", "The tag value Tag.%d.Value is not valid.", n)
		}
		tags[key] = value
	}
	p.checkTagNumbers(n - 1)
	return tags
}

func (p *params) has(n int) bool {
	_, key := p.values[fmt.Sprintf("Tag.%d.Key", n)]
	_, value := p.values[fmt.Sprintf("Tag.%d.Value", n)]
	return key || value
}

func (p *params) tagKey(n int) string {
	return p.requiredAs("MissingParam.TagKey", fmt.Sprintf("Tag.%d.Key", n))
}

func (p *params) checkTagNumbers(count int) {
	if count > maxTags {
		p.refuse("SizeLimitExceeded.Tag", "At most %d tags are allowed.", maxTags)
	}
	if p.indices("Tag") != count { // own choice: what the service makes of a gap is not documented
		p.refuse("MissingParam.TagKey", "The tags Tag.N.Key are not numbered from 1 without a gap.")
	}
}

func legalTag(text string, limit int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= limit &&
		!strings.Contains(text, "http://") && !strings.Contains(text, "https://") &&
		!strings.HasPrefix(text, "aliyun") && !strings.HasPrefix(text, "acs:")
}
