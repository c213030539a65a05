package plan

import (
	"regexp"
	"slices"
	"sort"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// amend returns what brings the certificate's name, tags and resource group to what
// the spec wants, in place; nil when they are so.
func (s State) amend(c Certificate) Step {
	if name := s.Object.Spec.CertificateName; name != "" && name != c.Name {
		return Rename{ID: c.ID, Name: name}
	}
	if group := s.Object.Spec.ResourceGroupID; group != "" && group != c.ResourceGroupID {
		return MoveGroup{ID: c.ID, ResourceGroupID: group}
	}
	if missing := s.missingTags(c); len(missing) > 0 {
		return PutTags{ID: c.ID, Tags: missing}
	}
	if dropped := s.droppedTags(c); len(dropped) > 0 {
		return RemoveTags{ID: c.ID, Keys: dropped}
	}
	return nil
}

// wantedTags are the spec's tags by key, then the controller's own: last, so that
// nothing can take their place.
func (s State) wantedTags() []Tag {
	tags := make([]Tag, 0, len(s.Object.Spec.Tags)+3)
	for key, value := range s.Object.Spec.Tags {
		tags = append(tags, Tag{key, string(value)})
	}
	sort.Slice(tags, func(i, j int) bool { return tags[i].Key < tags[j].Key })
	return append(tags,
		Tag{v1alpha1.TagCluster, s.ClusterID},
		Tag{v1alpha1.TagObject, s.ObjectTag()},
		Tag{v1alpha1.TagDigest, s.Wanted.Digest})
}

// missingTags are the wanted tags that c lacks or has with another value.
func (s State) missingTags(c Certificate) []Tag {
	var missing []Tag
	for _, tag := range s.wantedTags() {
		if value, ok := c.Tags[tag.Key]; !ok || value != tag.Value {
			missing = append(missing, tag)
		}
	}
	return missing
}

// droppedTags are the keys that once came from the spec and no longer do. Tags that
// others put there stay.
func (s State) droppedTags(c Certificate) []string {
	var dropped []string
	for _, key := range s.Status.AppliedTagKeys {
		_, wanted := s.Object.Spec.Tags[key]
		if _, there := c.Tags[key]; there && !wanted {
			dropped = append(dropped, key)
		}
	}
	return dropped
}

// appliedTagKeys are the spec's, as the status remembers them.
func (s State) appliedTagKeys() []string {
	keys := make([]string, 0, len(s.Object.Spec.Tags))
	for key := range s.Object.Spec.Tags {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// notInName is what the API allows nowhere in a certificate's name.
var notInName = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// maxName is the longest name in characters (UploadServerCertificate, ServerCertificateName).
const maxName = 80

// certificateName is the spec's, else `<namespace>-<name>-<8 digits of the digest>`,
// made to begin with a letter and cut before the digest to what the API takes.
func (s State) certificateName() string {
	if name := s.Object.Spec.CertificateName; name != "" {
		return name
	}
	name := notInName.ReplaceAllString(s.Object.Namespace+"-"+s.Object.Name, "-")
	if first := name[0]; first < 'a' || first > 'z' {
		name = "c-" + name
	}
	suffix := "-" + s.Wanted.Digest[:8]
	return name[:min(len(name), maxName-len(suffix))] + suffix
}
