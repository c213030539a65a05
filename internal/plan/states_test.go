package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// now is when every state of the tables is looked at.
var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const account = "1000000000000001"

// change makes a state another.
type change func(*plan.State)

// given is the state of a new object shop/web whose Secret holds content 0, changed.
func given(changes ...change) plan.State {
	object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shop", Name: "web", Generation: 1, ResourceVersion: "1", Annotations: map[string]string{},
	}}
	s := plan.State{
		Now: now, Settings: settings(), Object: object, Region: region, TidyDue: true,
		Wanted: wantedOf(0), Inputs: "inputs", Credentials: `credentials Secret "aliyun"`,
	}
	for _, change := range changes {
		change(&s)
	}
	s.Object.Status = *s.Status.DeepCopy()
	s.Recorded = *s.Status.DeepCopy()
	s.Memory = s.Memory.Observe(s.Object, now)
	return s
}

// wants is the content of the Secret.
func wants(content int) change { return func(s *plan.State) { s.Wanted = wantedOf(content) } }

// held says that the object has its finalizer.
func held(s *plan.State) { s.HasFinalizer = true }

// synced is an object whose current certificate is cert-<content>, verified just now.
func synced(content int) change {
	return func(s *plan.State) {
		held(s)
		c := certificate(content)
		s.Status.CertificateID, s.Status.CertificateName = c.ID, c.Name
		s.Status.Digest, s.Status.Fingerprint = digestOf(content), c.Fingerprint
		s.Status.AccountID, s.Status.ClusterID, s.Status.Region = account, cluster, region
		s.Memory.Verified, s.Memory.Generation = now, 1
	}
}

// superseding puts older certificates, newest first, into the status.
func superseding(contents ...int) change {
	return func(s *plan.State) {
		for _, content := range contents {
			c := certificate(content)
			s.Status.Superseded = append(s.Status.Superseded, v1alpha1.SupersededCertificate{
				CertificateID: c.ID, Fingerprint: c.Fingerprint, Reason: v1alpha1.ReasonRetained,
			})
		}
	}
}

// keeps is the spec's revisionHistoryLimit.
func keeps(limit int32) change {
	return func(s *plan.State) { s.Object.Spec.RevisionHistoryLimit = &limit }
}

// uploading is an upload of a content, begun some time ago, whose outcome isn't known.
func uploading(content int, ago time.Duration) change {
	return func(s *plan.State) {
		held(s)
		s.Status.PendingUpload = plan.Pending(digestOf(content), now.Add(-ago), s.UploadTimeout)
	}
}

// remembering is an object that this process saw like that some time ago already.
func remembering(ago time.Duration) change {
	return func(s *plan.State) {
		object := s.Object.DeepCopy()
		object.Status = s.Status
		s.Memory = s.Memory.Observe(object, now.Add(-ago))
	}
}

// deleting is a Terminating object: nothing is wanted for it.
func deleting(s *plan.State) {
	at := metav1.NewTime(now)
	s.Object.DeletionTimestamp, s.Wanted = &at, nil
}

// syncRequested asks for a sync.
func syncRequested(s *plan.State) {
	s.Object.Annotations[v1alpha1.AnnotationSyncRequestedAt] = "now"
}

// listed is what a list of the region, begun some time ago, showed.
func listed(ago time.Duration, certificates ...plan.Certificate) change {
	return func(s *plan.State) {
		s.Lists = append(s.Lists, plan.List{Began: now.Add(-ago), Certificates: certificates})
	}
}

// certificate is one of shop/web in the cloud, with the content of a Secret.
func certificate(content int) plan.Certificate {
	digest := digestOf(content)
	return plan.Certificate{
		ID: fmt.Sprintf("cert-%d", content), Name: "shop-web-" + digest[:8], Fingerprint: fingerprintOf(digest),
		CreateTime: now.Add(-time.Hour), ExpireTime: now.AddDate(0, 2, 0),
		Tags: map[string]string{v1alpha1.TagCluster: cluster, v1alpha1.TagObject: "shop/web", v1alpha1.TagDigest: digest},
	}
}

// altered is a certificate with something else about it.
func altered(c plan.Certificate, change func(*plan.Certificate)) plan.Certificate {
	change(&c)
	return c
}

// pass is what a walk came to.
type walked struct {
	plan.State
	steps string
	taken []plan.Step
}

// walk goes through a pass in which every step succeeds, but those that fail. Looks show
// the cloud as given.
func walk(t *testing.T, s plan.State, cloud []plan.Certificate, failures map[string]*clberr.Error) walked {
	t.Helper()
	w := walked{State: s}
	var names []string
	for step := plan.Next(w.State); step != nil; step = plan.Next(w.State) {
		name := strings.TrimPrefix(fmt.Sprintf("%T", step), "plan.")
		names, w.taken = append(names, name), append(w.taken, step)
		if len(names) > 100 {
			t.Fatalf("no end: %v", names)
		}
		outcome := plan.Outcome{At: w.Now, Held: w.DryRun && step.Writes()}
		if err := failures[name]; err != nil {
			outcome.Err = err
		} else if !outcome.Held {
			succeed(w.State, step, cloud, &outcome)
		}
		w.State = plan.After(w.State, step, outcome)
	}
	w.steps = strings.Join(names, " ")
	return w
}

// succeed fills in what a step finds, makes or writes.
func succeed(s plan.State, step plan.Step, cloud []plan.Certificate, o *plan.Outcome) {
	switch step := step.(type) {
	case plan.Identify:
		o.AccountID = account
	case plan.Look:
		o.Lists = append([]plan.List{{Began: s.Now, Certificates: cloud}}, s.Lists...)
	case plan.Upload:
		o.Certificate = plan.Certificate{ID: "cert-new", Name: step.Name}
	case plan.AddFinalizer:
		o.Object = s.Object
	case plan.RecordIntent, plan.Record, plan.ClaimExtension:
		object := s.Object.DeepCopy()
		object.Status = plan.Snapshot(plan.After(s, step, *o))
		o.Object = object
	}
}

// refused is an answer of the service.
func refused(code string, status int) *clberr.Error {
	return clberr.New("UploadServerCertificate", code, "no", "R-1", status, clberr.Refused)
}

// lost is a call whose outcome isn't known.
var lost = clberr.New("UploadServerCertificate", "", "connection reset", "", 0, clberr.Unknown)
