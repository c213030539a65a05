package plan

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
)

// rejecting is one object, and a cloud whose uploads end in an error that may have been
// applied and will come again.
type rejecting struct {
	now     time.Time
	object  *v1alpha1.ServerCertificate
	wanted  Wanted
	memory  Memory
	list    []Certificate
	uploads int
	deleted []string
	told    []string
	// code is the upload's error, makes what the lists show of it: "" for nothing.
	code, makes string
}

const rejectedDigest, sent, another = "dddddddddddddddd", "aa:bb", "cc:dd"

func newRejecting(code, makes string) *rejecting {
	return &rejecting{
		now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), code: code, makes: makes,
		wanted: Wanted{Digest: rejectedDigest, Fingerprint: sent, Source: `Secret "web-tls"`},
		object: &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 1,
			Finalizers: []string{v1alpha1.Finalizer}}},
	}
}

// until runs the passes that the plan itself asks for until a time from the beginning.
func (r *rejecting) until(t *testing.T, elapsed time.Duration) {
	t.Helper()
	end := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC).Add(elapsed)
	for r.now.Before(end) {
		wake := r.pass(t)
		r.now = later(wake, r.now.Add(time.Second))
	}
}

// pass runs one pass and gives when the next is due.
func (r *rejecting) pass(t *testing.T) time.Time {
	t.Helper()
	r.memory = r.memory.Observe(r.object, r.now)
	s := State{
		Now: r.now, Object: r.object, Status: r.object.Status, Recorded: r.object.Status, HasFinalizer: true,
		Settings: Settings{ClusterID: "c", Window: 10 * time.Second, UploadTimeout: 10 * time.Second, Resync: 10 * time.Minute},
		Wanted:   &r.wanted, Region: "cn-hangzhou", Inputs: r.wanted.Digest, Memory: r.memory, TidyDue: true,
	}
	if s.Deleting() {
		s.Wanted = nil
	}
	for steps := 0; ; steps++ {
		step := Next(s)
		if step == nil {
			break
		}
		if steps > 50 {
			t.Fatalf("no end: %s", step)
		}
		s = After(s, step, r.act(s, step))
	}
	outlook := Summary(s)
	for _, event := range outlook.Events {
		r.told = append(r.told, event.Reason)
	}
	r.object = r.object.DeepCopy()
	r.object.Status = outlook.Status
	r.memory = s.Memory.Wrote(r.object)
	return outlook.Wake
}

// act plays a step.
func (r *rejecting) act(s State, step Step) Outcome {
	o := Outcome{At: r.now}
	switch step := step.(type) {
	case Identify:
		o.AccountID = "1"
	case Look:
		o.Lists = []List{{Began: r.now, Certificates: r.list}, {Began: r.now.Add(-10 * time.Second), Certificates: r.list}}
	case RecordIntent:
		o.Object = r.object.DeepCopy()
		o.Object.Status = Snapshot(After(s, step, o))
	case Confirm, Record:
		o.Object = r.object
	case Delete:
		r.deleted = append(r.deleted, step.ID)
	case Upload:
		r.uploads++
		if r.makes != "" {
			tags := map[string]string{}
			for _, tag := range step.Tags {
				tags[tag.Key] = tag.Value
			}
			r.list = append(r.list, Certificate{ID: string(rune('0' + r.uploads)), Fingerprint: r.makes, CreateTime: r.now, Tags: tags})
		}
		o.Err = clberr.New("UploadServerCertificate", r.code, "certificate 1 came back as another", "R-1", 200, clberr.Unknown)
	}
	return o
}

func (r *rejecting) ready() *metav1.Condition {
	return meta.FindStatusCondition(r.object.Status.Conditions, v1alpha1.ConditionReady)
}

func TestARejectedUploadIsNotRepeatedByTimeAlone(t *testing.T) {
	t.Parallel()
	for because, c := range map[string]struct {
		code, makes string
		reason      v1alpha1.Reason
		restarts    bool // every hour the process is another
	}{
		"the certificate is another's":                  {clberr.CodeFingerprintMismatch, another, v1alpha1.ReasonRejectedByCloud, false},
		"the certificate is another's, after restarts":  {clberr.CodeFingerprintMismatch, another, v1alpha1.ReasonRejectedByCloud, true},
		"no list shows what came of it":                 {clberr.CodeFingerprintMismatch, "", v1alpha1.ReasonRejectedByCloud, false},
		"the answer alone was another's":                {clberr.CodeFingerprintMismatch, sent, v1alpha1.ReasonSynced, false},
		"a success that says that it is for good":       {"CertificateFormatInvalid", "", v1alpha1.ReasonRejectedByCloud, false},
		"such a success, and the certificate was made":  {"CertificateFormatInvalid", sent, v1alpha1.ReasonSynced, false},
		"such a success, and another's was made of it":  {"CertificateFormatInvalid", another, v1alpha1.ReasonRejectedByCloud, false},
		"such a success that is about the key it takes": {"EccCertificateNotSupport", "", v1alpha1.ReasonKeyUnsupported, false},
	} {
		t.Run(because, func(t *testing.T) {
			t.Parallel()
			r := newRejecting(c.code, c.makes)
			var messages []string
			for hour := range 4 {
				r.until(t, time.Duration(hour+1)*time.Hour)
				messages = append(messages, r.ready().Message)
				if c.restarts {
					r.memory = Memory{}
				}
			}
			if r.uploads != 1 || r.ready().Reason != string(c.reason) {
				t.Errorf("%d uploads, %s: %s", r.uploads, r.ready().Reason, r.ready().Message)
			}
			for _, message := range messages {
				if message != messages[0] {
					t.Errorf("the message changed from %q to %q", messages[0], message)
				}
			}
			if c.reason != v1alpha1.ReasonSynced && (strings.Join(r.told, " ") != string(c.reason) || !strings.Contains(messages[0], "RequestId R-1")) {
				t.Errorf("Events %v; the message is %q", r.told, messages[0])
			}
		})
	}
}

func TestARejectedUploadIsRepeatedForAPerson(t *testing.T) {
	t.Parallel()
	for because, change := range map[string]func(*rejecting){
		"who asks for a sync": func(r *rejecting) {
			r.object.Annotations = map[string]string{v1alpha1.AnnotationSyncRequestedAt: "now"}
		},
		"who mends the Secret": func(r *rejecting) { r.wanted.Digest, r.wanted.Fingerprint = "eeeeeeeeeeeeeeee", "ee:ff" },
		"who deletes what came of it": func(r *rejecting) {
			r.list = nil
			r.memory = Memory{} // the process that saw the answer keeps to it
		},
	} {
		for _, makes := range []string{another, ""} {
			t.Run(because+", where the lists show "+makes, func(t *testing.T) {
				t.Parallel()
				r := newRejecting(clberr.CodeFingerprintMismatch, makes)
				r.until(t, time.Hour)
				change(r)
				r.until(t, 3*time.Hour)
				if r.uploads != 2 || r.ready().Reason != string(v1alpha1.ReasonRejectedByCloud) {
					t.Errorf("%d uploads, %s: %s", r.uploads, r.ready().Reason, r.ready().Message)
				}
			})
		}
	}
}

func TestWhatCameOfARejectedUploadGoesWithTheObject(t *testing.T) {
	t.Parallel()
	r := newRejecting(clberr.CodeFingerprintMismatch, another)
	r.until(t, time.Hour)
	r.object.DeletionTimestamp = &metav1.Time{Time: r.now}
	r.pass(t)
	if strings.Join(r.deleted, " ") != "1" {
		t.Errorf("deleted %v, want the certificate that the upload made", r.deleted)
	}
}
