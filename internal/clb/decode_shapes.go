package clb

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/clbcert/clbcert/internal/clb/wire"
)

// many is a JSON list; an object stands for a list of that one. It is nil when
// the answer has none, and not nil when the answer's list is empty.
type many[T any] []T

// UnmarshalJSON fails on anything that is neither list, object nor null.
func (m *many[T]) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return json.Unmarshal(data, (*[]T)(m))
	}
	*m = make(many[T], 1)
	return json.Unmarshal(data, &(*m)[0])
}

// tagsDocument is the tags of a resource, as most answers have them.
type tagsDocument struct {
	Tag many[tagDocument] `json:"Tag"`
}

type tagDocument struct {
	TagKey   wire.Text `json:"TagKey"`
	TagValue wire.Text `json:"TagValue"`
}

func (d tagsDocument) tags() map[string]string {
	tags := make(map[string]string, len(d.Tag))
	for _, tag := range d.Tag {
		tags[string(tag.TagKey)] = string(tag.TagValue)
	}
	return tags
}

// parsePort reads a port; what isn't one is 0.
func parsePort(text wire.Text) int32 {
	port, err := strconv.ParseUint(string(text), 10, 16)
	if err != nil {
		return 0
	}
	return int32(port)
}
