package clb

import (
	"maps"
	"slices"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Concern says which certificates of a list are asked for: those of some IDs, and those whose
// tag clbcert.dev/object has a value. A region may hold thousands.
type Concern struct {
	IDs    []string
	Object string
	// All asks for the whole list.
	All bool
}

// view is one list as it is remembered: its certificates by ID and by the object that their
// tag names. What is in it is shared with other views, and never changed.
type view struct {
	began    time.Time
	byID     map[string]*Certificate
	byObject map[string][]*Certificate
}

// newView is the view of a list; a certificate that the older view has as it is, is shared
// with that one.
func newView(began time.Time, certificates []Certificate, older *view) *view {
	v := &view{
		began: began,
		byID:  make(map[string]*Certificate, len(certificates)), byObject: make(map[string][]*Certificate, len(certificates)),
	}
	for i := range certificates {
		c := &certificates[i]
		if older != nil && older.byID[c.ID] != nil && c.equal(older.byID[c.ID]) {
			v.put(older.byID[c.ID])
			continue
		}
		alone := *c // for else one certificate holds the memory of all
		v.put(&alone)
	}
	return v
}

// equal tells whether two say the same.
func (c *Certificate) equal(other *Certificate) bool {
	return c.ID == other.ID && c.Name == other.Name && c.Fingerprint == other.Fingerprint && c.CommonName == other.CommonName &&
		c.Region == other.Region && c.ResourceGroupID == other.ResourceGroupID && c.Unlisted == other.Unlisted &&
		c.CreateTime.Equal(other.CreateTime) && c.ExpireTime.Equal(other.ExpireTime) &&
		slices.Equal(c.DNSNames, other.DNSNames) && maps.Equal(c.Tags, other.Tags)
}

// put puts a certificate in, in place of the one of its ID.
func (v *view) put(c *Certificate) {
	v.remove(c.ID)
	v.byID[c.ID] = c
	if object := c.Tags[v1alpha1.TagObject]; object != "" {
		v.byObject[object] = append(v.byObject[object], c)
	}
}

func (v *view) remove(id string) {
	c := v.byID[id]
	if c == nil {
		return
	}
	delete(v.byID, id)
	object := c.Tags[v1alpha1.TagObject]
	rest := slices.DeleteFunc(v.byObject[object], func(other *Certificate) bool { return other.ID == id })
	if len(rest) == 0 {
		delete(v.byObject, object)
		return
	}
	v.byObject[object] = rest
}

// list is what somebody asks for, in no order.
func (v *view) list(concern Concern) List {
	list := List{Began: v.began, Certificates: []Certificate{}}
	if concern.All {
		for _, c := range v.byID {
			list.Certificates = append(list.Certificates, *c)
		}
		return list
	}
	for i, id := range concern.IDs {
		if c := v.byID[id]; c != nil && !slices.Contains(concern.IDs[:i], id) {
			list.Certificates = append(list.Certificates, *c)
		}
	}
	for _, c := range v.byObject[concern.Object] {
		if !slices.Contains(concern.IDs, c.ID) {
			list.Certificates = append(list.Certificates, *c)
		}
	}
	return list
}
