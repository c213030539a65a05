package plugin

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
)

// holdings are what was read, in this order: the cloud's list, who serves what, and last the
// cluster. So an object whose certificate was uploaded meanwhile is among them.
type holdings struct {
	now          time.Time
	clusterID    string
	certificates []clb.Certificate
	// users are in words, by the certificate's ID.
	users   map[string][]string
	objects []v1alpha1.ServerCertificate
}

// owner says whose an orphan was.
type owner string

// The owners.
const (
	thisCluster owner = "ThisCluster"
	nobody      owner = "Nobody"
)

// orphan is a certificate that nobody cleans up. Its JSON is what -o json prints.
type orphan struct {
	CertificateID string            `json:"certificateID"`
	Name          string            `json:"name"`
	Region        string            `json:"region"`
	Owner         owner             `json:"owner"`
	Why           string            `json:"why"`
	UsedBy        []string          `json:"usedBy,omitempty"`
	CreationTime  metav1.Time       `json:"creationTime"`
	NotAfter      *metav1.Time      `json:"notAfter,omitempty"`
	Fingerprint   string            `json:"fingerprint,omitempty"`
	CommonName    string            `json:"commonName,omitempty"`
	Tags          map[string]string `json:"tags,omitempty"`

	expired bool
}

// judgment is what holdings come to.
type judgment struct {
	orphans []orphan
	// others are how many belong to other clusters, young those that may be under way.
	others, young int
	// listed are all the IDs that the cloud has.
	listed sets.Set[string]
}

// settledAge is the age from which on a certificate isn't under way any more: an object may be
// gone a moment before its certificate is, and an upload may wait for its listener.
const settledAge = time.Minute

// judgeOrphans finds the orphans, this cluster's first.
func judgeOrphans(h holdings) judgment {
	j := judgment{listed: sets.New[string]()}
	claimed := claimsOf(h.objects)
	for _, c := range h.certificates {
		j.listed.Insert(c.ID)
		cluster, tagged := c.Tags[v1alpha1.TagCluster]
		if tagged && cluster != h.clusterID {
			j.others++
			continue
		}
		o, is := h.orphanOf(c, tagged)
		switch {
		case !is, claimed.has(c, tagged):
		case c.CreateTime.IsZero() || h.now.Sub(c.CreateTime) < settledAge:
			j.young++
		default:
			j.orphans = append(j.orphans, o)
		}
	}
	slices.SortFunc(j.orphans, func(a, b orphan) int {
		return cmp.Or(-cmp.Compare(a.Owner, b.Owner), cmp.Compare(a.Region, b.Region), a.CreationTime.Compare(b.CreationTime.Time),
			cmp.Compare(a.CertificateID, b.CertificateID))
	})
	return j
}

// orphanOf is the certificate as an orphan, if nothing claims it: what is nobody's, valid and in
// use is none.
func (h holdings) orphanOf(c clb.Certificate, tagged bool) (orphan, bool) {
	o := orphan{
		CertificateID: c.ID, Name: c.Name, Region: c.Region, UsedBy: h.users[c.ID], Fingerprint: c.Fingerprint, CommonName: c.CommonName,
		Tags: c.Tags, CreationTime: metav1.NewTime(c.CreateTime),
	}
	if !c.ExpireTime.IsZero() {
		o.NotAfter, o.expired = &metav1.Time{Time: c.ExpireTime}, !h.now.Before(c.ExpireTime)
	}
	if tagged {
		o.Owner, o.Why = thisCluster, "its tags name no object"
		if name := c.Tags[v1alpha1.TagObject]; name != "" {
			o.Why = fmt.Sprintf("object %s is gone", name)
		}
		return o, true
	}
	o.Owner = nobody
	switch unused := len(o.UsedBy) == 0; {
	case o.expired && unused:
		o.Why = "expired, unused"
	case o.expired:
		o.Why = "expired"
	case unused:
		o.Why = "unused"
	}
	if others := o.foreignTags(); o.Why != "" && len(others) > 0 {
		o.Why += ", tagged " + strings.Join(others, " ")
	}
	return o, o.Why != ""
}

// foreignTags are those that somebody set, as key=value; the cloud's own say nothing.
func (o orphan) foreignTags() []string {
	var tags []string
	for _, key := range slices.Sorted(maps.Keys(o.Tags)) {
		if !strings.HasPrefix(key, "acs:") {
			tags = append(tags, key+"="+o.Tags[key])
		}
	}
	return tags
}

// keptFor says why a deletion leaves the orphan alone, "" where it doesn't: of what is nobody's
// only that is deleted which can be of no use to anybody.
func (o orphan) keptFor(untagged bool) string {
	switch {
	case len(o.UsedBy) > 0:
		return "it is used by " + strings.Join(o.UsedBy, ", ")
	case o.Owner == thisCluster:
		return ""
	case !untagged:
		return "it isn't this cluster's"
	case len(o.foreignTags()) > 0:
		return "its tags (" + strings.Join(o.foreignTags(), ", ") + ") say that somebody looks after it"
	case !o.expired:
		return "it hasn't expired, and somebody may have a use for it yet"
	default:
		return ""
	}
}

// claims are what objects have a claim on: all certificates with their tag, and those whose IDs
// they name.
type claims struct{ tags, ids sets.Set[string] }

func claimsOf(objects []v1alpha1.ServerCertificate) claims {
	c := claims{sets.New[string](), sets.New[string]()}
	for _, o := range objects {
		c.tags.Insert(v1alpha1.ObjectTag(o.Namespace, o.Name))
		c.ids.Insert(o.Status.CertificateID, o.Status.LastHandledAdoption, strings.TrimSpace(o.Annotations[v1alpha1.AnnotationAdopt]))
		for _, old := range o.Status.Superseded {
			c.ids.Insert(old.CertificateID)
		}
		for _, b := range o.Status.Bindings {
			c.ids.Insert(b.CertificateID)
		}
	}
	return c
}

// has tells whether an object claims a certificate.
func (c claims) has(certificate clb.Certificate, ours bool) bool {
	return c.ids.Has(certificate.ID) || ours && c.tags.Has(certificate.Tags[v1alpha1.TagObject])
}
