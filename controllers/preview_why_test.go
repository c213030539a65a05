package controllers

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/plan"
)

func TestWhyAStepIs(t *testing.T) {
	t.Parallel()
	annotated := func(key, value string) func(*plan.State) {
		return func(s *plan.State) { s.Object.Annotations = map[string]string{key: value} }
	}
	for sentence, c := range map[string]struct {
		state func(*plan.State)
		step  plan.Step
		want  string
	}{
		"a first upload":               {func(s *plan.State) { s.Status.CertificateID = "" }, plan.Upload{}, "no certificate of this object is in cn-hangzhou"},
		"a renewal":                    {nil, plan.Upload{}, `Secret "web-tls" holds another certificate than old (digest bbbbbbbb, not aaaaaaaa)`},
		"one that superseded too many": {nil, plan.Delete{ID: "older"}, "superseded, beyond revisionHistoryLimit 1"},
		"one more than none": {func(s *plan.State) { s.Object.Spec.RevisionHistoryLimit = new(int32) }, plan.Delete{ID: "older"},
			"superseded, beyond revisionHistoryLimit 0"},
		"a double": {func(s *plan.State) { s.Status.CertificateID = "new" }, plan.Delete{ID: "old"}, "it is the same as new"},
		"one of a Terminating object": {func(s *plan.State) { s.Object.DeletionTimestamp = &metav1.Time{Time: moment} }, plan.Delete{ID: "old"},
			"the object is being deleted"},
		"one that is gone":                {nil, plan.Forget{ID: "gone"}, "it isn't in cn-hangzhou any more"},
		"one that lost its tags":          {nil, plan.Forget{ID: "old"}, "it doesn't carry this object's tags"},
		"an upload that came to nothing":  {nil, plan.Forget{Pending: true}, "nothing came of it"},
		"one that was there already":      {nil, plan.Adopt{Certificate: plan.Certificate{ID: "a"}}, "it is the wanted certificate, and carries this object's tags"},
		"one that is asked for":           {annotated(v1alpha1.AnnotationAdopt, "a"), plan.Adopt{Certificate: plan.Certificate{ID: "a"}}, "the annotation clbcert.dev/adopt asks for it"},
		"another name":                    {nil, plan.Rename{ID: "old", Name: "n"}, "its name is shop-web, and spec.certificateName another"},
		"another group":                   {nil, plan.MoveGroup{ID: "old"}, "it is in no resource group, and spec.resourceGroupID is another"},
		"tags of the spec":                {nil, plan.PutTags{Tags: []plan.Tag{{Key: "a"}}}, "spec.tags says so"},
		"tags of its own":                 {nil, plan.PutTags{Tags: []plan.Tag{{Key: v1alpha1.TagObject}}}, "so that it is known as this object's"},
		"tags taken out":                  {nil, plan.RemoveTags{}, "spec.tags doesn't have them any more"},
		"a listener with another":         {nil, plan.SetCertificate{Was: "x"}, "it serves x"},
		"a listener with none":            {nil, plan.SetCertificate{}, "it serves nothing"},
		"a domain with another":           {nil, plan.SetExtension{Was: "x"}, "it serves x"},
		"a new domain":                    {nil, plan.CreateExtension{}, "the listener has no certificate for the domain"},
		"a domain taken out":              {nil, plan.DeleteExtension{}, "its binding was taken out of the spec"},
		"a Service with another":          {nil, plan.Annotate{Annotation: ccm.AnnotationCertificate, Was: "x"}, "it names x; the cloud controller manager goes by it"},
		"a Service without the domain":    {nil, plan.Annotate{Annotation: ccm.AnnotationExtensions}, "it doesn't name the domain"},
		"a Service's binding taken out":   {nil, plan.Annotate{Key: "-a"}, "a binding was taken out of the spec"},
		"an object to be kept":            {nil, plan.AddFinalizer{}, "the object is to stay until its certificates are gone"},
		"an object to be let go":          {nil, plan.RemoveFinalizer{}, "nothing of it is in the cloud"},
		"an abandoned object":             {annotated(v1alpha1.AnnotationAbandon, "true"), plan.RemoveFinalizer{}, "the annotation clbcert.dev/abandon says so: the cloud stays as it is"},
		"a retained certificate":          {func(s *plan.State) { s.Object.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain }, plan.RemoveFinalizer{}, "its deletionPolicy is Retain: the cloud stays as it is"},
		"a list that may lag":             {nil, plan.Wait{}, "the cloud's lists lag by up to 10s: a single one proves no absence"},
		"an upload whose outcome is open": {func(s *plan.State) { s.Status.PendingUpload = plan.Pending("d", moment, time.Second) }, plan.Wait{}, "what became of the upload that was begun at 2026-11-23T08:00:00Z shows in the cloud's lists, which lag"},
		"what says it by itself":          {nil, plan.Leave{Why: "x"}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := why(shop(c.state), c.step); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatAStepIsCalled(t *testing.T) {
	t.Parallel()
	for want, step := range map[string]plan.Step{
		"":                            plan.RecordIntent{Digest: "d"},
		"upload the certificate as n": plan.Upload{Name: "n"},
		"add the finalizer clbcert.dev/server-certificate": plan.AddFinalizer{},
		"wait until 2026-11-23T08:00:20Z":                  plan.Wait{Until: moment.Add(10 * time.Second)},
		"tag certificate a with k=v, l=":                   plan.PutTags{ID: "a", Tags: []plan.Tag{{Key: "k", Value: "v"}, {Key: "l"}}},
		"give up the upload that was begun":                plan.Forget{Pending: true},
		"forget certificate a":                             plan.Forget{ID: "a"},
	} {
		if got := describe(step, 10*time.Second); got != want {
			t.Errorf("%T: got %q, want %q", step, got, want)
		}
	}
	if got := action(plan.Upload{}); got != "Upload" {
		t.Errorf("the action is %q", got)
	}
}
