package plan

import (
	"fmt"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// asked is the ID of the certificate that the object's annotation asks to take over
// instead of uploading; "" where that is done, or nothing is asked.
func (s State) asked() string {
	id := cut(s.Object.Annotations[v1alpha1.AnnotationAdopt], v1alpha1.MaxAnnotationEcho)
	if id == s.Status.LastHandledAdoption {
		return ""
	}
	return id
}

// adoptAsked takes over the certificate that is asked for: our tags first, so that it is
// found again whatever happens, then the status.
func (s State) adoptAsked() Step {
	since := s.Now.Add(-s.Window)
	if s.SyncRequest() != "" {
		since = s.Now
	}
	if !s.looked(since) {
		return Look{Since: since}
	}
	if s.adoptionObstacle() != nil {
		return s.adoptRestored() // and nothing is uploaded
	}
	if !s.HasFinalizer {
		return AddFinalizer{}
	}
	certificate, _ := s.find(s.asked())
	if missing := s.missingTags(certificate); len(missing) > 0 {
		return s.surely(PutTags{ID: certificate.ID, Tags: missing})
	}
	return Adopt{Certificate: certificate}
}

// adoptRestored takes over what was uploaded for an object that has lost its status since, and
// whose annotation may be one that was acted on before.
func (s State) adoptRestored() Step {
	if s.Status.CertificateID != "" {
		return nil
	}
	return s.adopt(func(c Certificate) bool { return c.Tags[v1alpha1.TagDigest] == s.Wanted.Digest && s.Ours(c) })
}

// adoptionObstacle is why the certificate that is asked for can't be taken over: it must
// be there, have the fingerprint of this object's own Secret, and belong to nobody else.
func (s State) adoptionObstacle() *Obstacle {
	id := s.asked()
	if id == "" || len(s.Lists) == 0 || s.Wanted == nil || s.Deleting() {
		return nil
	}
	c, listed := s.find(id)
	cluster, object := c.Tags[v1alpha1.TagCluster], c.Tags[v1alpha1.TagObject]
	var why string
	switch {
	case !listed:
		why = "isn't in " + s.Region
	case s.Wanted.Fingerprint == "":
		why = "can't be compared with a certificate of Certificate Management Service: give a secretRef"
	case !sameFingerprint(c.Fingerprint, s.Wanted.Fingerprint):
		why = fmt.Sprintf("has fingerprint %s, and the certificate in %s has %s", c.Fingerprint, s.Wanted.Source, s.Wanted.Fingerprint)
	case cluster != "" && cluster != s.ClusterID, object != "" && object != s.ObjectTag():
		why = fmt.Sprintf("belongs to object %q of cluster %q by its tags", object, cluster)
	default:
		return nil
	}
	return &Obstacle{Reason: v1alpha1.ReasonRejectedByCloud, Message: cut(fmt.Sprintf(
		"certificate %s can't be adopted: it %s; correct the annotation %s, or remove it to upload", id, why, v1alpha1.AnnotationAdopt), v1alpha1.MaxMessage)}
}
