package plan

import (
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
)

// An upload is rejected when it may have been applied and the same inputs will be answered
// with the same again: above all when what came back has another fingerprint than what was
// sent. It is settled as others are, for the answer alone may be wrong; but to upload again
// by itself might leave one more certificate behind each time.

// maxSkew is how far the service's clock may be from ours: it refuses calls beyond that.
const maxSkew = 15 * time.Minute

// rejected is why the pending upload isn't tried again before a person changes something
// or asks for a sync.
func (s State) rejected() *Obstacle {
	pending := s.Status.PendingUpload
	switch {
	case pending == nil || s.Deleting() || s.Wanted == nil || s.Wanted.Digest != pending.Digest:
		return nil
	case s.Unsettled == nil && s.SyncRequest() != "":
		return nil // somebody asks to try again
	case s.Memory.Rejected != nil && s.Memory.RejectedFor == s.Inputs:
		return s.Memory.Rejected
	default:
		return s.mismatch()
	}
}

// foreign finds what the pending upload made, where that has another fingerprint than
// what was sent: it says so to a process, too, that doesn't know the upload's answer.
func (s State) foreign() (Certificate, bool) {
	pending := s.Status.PendingUpload
	if s.Deleting() || s.Wanted == nil || s.Wanted.Fingerprint == "" || s.Wanted.Digest != pending.Digest {
		return Certificate{}, false
	}
	return newest(s.newest(), func(c Certificate) bool {
		return c.Tags[v1alpha1.TagCluster] == s.ClusterID && c.Tags[v1alpha1.TagObject] == s.ObjectTag() &&
			c.Tags[v1alpha1.TagDigest] == pending.Digest && !sameFingerprint(c.Fingerprint, s.Wanted.Fingerprint) &&
			!c.CreateTime.Before(pending.StartTime.Add(-maxSkew))
	})
}

// mismatch tells of a foreign certificate, in the words of the upload's answer where the
// status has them.
func (s State) mismatch() *Obstacle {
	c, ok := s.foreign()
	if !ok {
		return nil
	}
	err := clberr.New("UploadServerCertificate", clberr.CodeFingerprintMismatch, "certificate "+c.ID+
		" has a fingerprint that isn't that of what was uploaded", "", 0, clberr.Unknown)
	obstacle := s.refusal(Upload{}, err)
	told := meta.FindStatusCondition(s.Recorded.Conditions, v1alpha1.ConditionUploaded)
	if told != nil && told.Reason == string(obstacle.Reason) && strings.Contains(told.Message, c.ID) {
		obstacle.Message = told.Message
	}
	return obstacle
}

// reject ends an upload of which nothing can be found, and which isn't to be repeated.
func (s State) reject() State {
	obstacle := s.rejected()
	s = s.withoutUpload()
	if obstacle == nil {
		return s
	}
	s.Trouble, s.Stopped = obstacle, true
	return s.backOff(obstacle, s.Now.Add(never))
}
