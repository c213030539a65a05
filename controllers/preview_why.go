package controllers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/plan"
)

// action is a step's kind.
func action(step plan.Step) string { return strings.TrimPrefix(fmt.Sprintf("%T", step), "plan.") }

// describe says what a step does, "" for one that changes nothing by itself: it reads, or writes
// down what the next one does. By then a while may have been waited.
func describe(step plan.Step, waited time.Duration) string {
	switch step := step.(type) {
	case plan.Identify, plan.Look, plan.Survey, plan.Confirm, plan.Locate, plan.Record, plan.RecordIntent, plan.ClaimExtension:
		return ""
	case plan.AddFinalizer:
		return "add the finalizer " + v1alpha1.Finalizer
	case plan.Wait:
		return plan.Wait{Until: step.Until.Add(waited)}.String()
	case plan.PutTags:
		pairs := make([]string, 0, len(step.Tags))
		for _, tag := range step.Tags {
			pairs = append(pairs, tag.Key+"="+tag.Value)
		}
		return fmt.Sprintf("tag certificate %s with %s", step.ID, strings.Join(pairs, ", "))
	case plan.Forget:
		if step.Pending {
			return "give up the upload that was begun"
		}
		return step.String()
	default:
		return step.String()
	}
}

// why is the reason for a step, from the state before it; "" where the step's text has it.
func why(s plan.State, step plan.Step) string {
	switch step := step.(type) {
	case plan.AddFinalizer:
		return "the object is to stay until its certificates are gone"
	case plan.RemoveFinalizer:
		return whyRelease(s)
	case plan.Upload:
		return whyUpload(s)
	case plan.Adopt:
		return whyAdopt(s, step)
	case plan.Forget:
		return whyForget(s, step)
	case plan.Delete:
		return whyDelete(s, step)
	case plan.Wait:
		if pending := s.Status.PendingUpload; pending != nil {
			return fmt.Sprintf("what became of the upload that was begun at %s shows in the cloud's lists, which lag", pending.StartTime.UTC().Format(time.RFC3339))
		}
		return fmt.Sprintf("the cloud's lists lag by up to %s: a single one proves no absence", s.Window)
	default:
		return cmp.Or(whyAmend(s, step), whyServe(step))
	}
}

// whyRelease is why an object is let go.
func whyRelease(s plan.State) string {
	switch {
	case s.Object.Annotations[v1alpha1.AnnotationAbandon] == "true":
		return "the annotation " + v1alpha1.AnnotationAbandon + " says so: the cloud stays as it is"
	case s.Object.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain:
		return "its deletionPolicy is Retain: the cloud stays as it is"
	default:
		return "nothing of it is in the cloud"
	}
}

// whyUpload compares what the source says with what is recorded.
func whyUpload(s plan.State) string {
	if s.Status.CertificateID == "" {
		return "no certificate of this object is in " + s.Region
	}
	return fmt.Sprintf("%s holds another certificate than %s (digest %s, not %s)", s.Wanted.Source, s.Status.CertificateID, short(s.Wanted.Digest), short(s.Status.Digest))
}

// short is enough of a digest to tell it by, as in the names of certificates.
func short(digest string) string { return digest[:min(len(digest), 8)] }

// whyAdopt is why a certificate is taken over instead of an upload.
func whyAdopt(s plan.State, step plan.Adopt) string {
	asked := s.Object.Annotations[v1alpha1.AnnotationAdopt]
	if asked == step.Certificate.ID && asked != s.Status.LastHandledAdoption {
		return "the annotation " + v1alpha1.AnnotationAdopt + " asks for it"
	}
	return "it is the wanted certificate, and carries this object's tags"
}

// whyForget is why a certificate counts for nothing any more.
func whyForget(s plan.State, step plan.Forget) string {
	_, listed := find(s, step.ID)
	switch {
	case step.Pending:
		return "nothing came of it"
	case listed:
		return "it doesn't carry this object's tags"
	default:
		return "it isn't in " + s.Region + " any more"
	}
}

// find is a certificate in the newest list.
func find(s plan.State, id string) (plan.Certificate, bool) {
	if len(s.Lists) > 0 {
		for _, c := range s.Lists[0].Certificates {
			if c.ID == id {
				return c, true
			}
		}
	}
	return plan.Certificate{}, false
}

// whyDelete is why a certificate goes.
func whyDelete(s plan.State, step plan.Delete) string {
	c, _ := find(s, step.ID)
	switch limit := s.Object.Spec.RevisionHistoryLimit; {
	case s.Deleting():
		return "the object is being deleted"
	case c.Tags[v1alpha1.TagDigest] == s.Status.Digest:
		return "it is the same as " + s.Status.CertificateID
	case limit == nil:
		return "superseded, beyond revisionHistoryLimit 1"
	default:
		return fmt.Sprintf("superseded, beyond revisionHistoryLimit %d", *limit)
	}
}

// whyAmend is why a certificate is changed in place.
func whyAmend(s plan.State, step plan.Step) string {
	switch step := step.(type) {
	case plan.Rename:
		c, _ := find(s, step.ID)
		return fmt.Sprintf("its name is %s, and spec.certificateName another", c.Name)
	case plan.MoveGroup:
		c, _ := find(s, step.ID)
		return fmt.Sprintf("it is in %s, and spec.resourceGroupID is another", cmp.Or(c.ResourceGroupID, "no resource group"))
	case plan.PutTags:
		if slices.ContainsFunc(step.Tags, func(tag plan.Tag) bool { return strings.HasPrefix(tag.Key, v1alpha1.TagPrefix) }) {
			return "so that it is known as this object's"
		}
		return "spec.tags says so"
	case plan.RemoveTags:
		return "spec.tags doesn't have them any more"
	default:
		return ""
	}
}

// whyServe is why a listener, or a Service, is changed.
func whyServe(step plan.Step) string {
	switch step := step.(type) {
	case plan.SetCertificate:
		return "it serves " + cmp.Or(step.Was, "nothing")
	case plan.SetExtension:
		return "it serves " + cmp.Or(step.Was, "nothing")
	case plan.CreateExtension:
		return "the listener has no certificate for the domain"
	case plan.DeleteExtension:
		return "its binding was taken out of the spec"
	case plan.Annotate:
		if strings.HasPrefix(step.Key, "-") {
			return "a binding was taken out of the spec"
		}
		if step.Annotation == ccm.AnnotationExtensions && step.Was == "" {
			return "it doesn't name the domain"
		}
		return "it names " + cmp.Or(step.Was, "nothing") + "; the cloud controller manager goes by it"
	default:
		return ""
	}
}
