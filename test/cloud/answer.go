package cloud

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Answer is a response, or an element of one.
type Answer map[string]any

// Text gives an element that is text or a number, or "".
func (a Answer) Text(name string) string {
	switch value := a[name].(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	default:
		return ""
	}
}

// Number gives a whole number, or 0.
func (a Answer) Number(name string) int64 {
	n, err := strconv.ParseInt(a.Text(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Element gives the element of a name, empty where there is none.
func (a Answer) Element(name string) Answer {
	element, ok := a[name].(map[string]any)
	if !ok {
		return Answer{}
	}
	return element
}

// List gives the elements of a list, such as answer.Element("Tags").List("Tag").
func (a Answer) List(name string) []Answer {
	list, ok := a[name].([]any)
	if !ok {
		return nil
	}
	var elements []Answer
	for _, entry := range list {
		if element, ok := entry.(map[string]any); ok {
			elements = append(elements, element)
		}
	}
	return elements
}

// tags reads the element Tags.
func (a Answer) tags() map[string]string {
	tags := map[string]string{}
	for _, tag := range a.Element("Tags").List("Tag") {
		tags[tag.Text("TagKey")] = tag.Text("TagValue")
	}
	return tags
}

// withTags adds tags to a call's parameters. An empty value isn't sent: as a tag it stays
// empty, as a filter it is any.
func (p Parameters) withTags(tags map[string]string) Parameters {
	for i, key := range slices.Sorted(maps.Keys(tags)) {
		p[fmt.Sprintf("Tag.%d.Key", i+1)] = key
		p[fmt.Sprintf("Tag.%d.Value", i+1)] = tags[key]
	}
	return p
}
