package plugin

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/tlspair"
)

// facts are what was read of an object and its neighbours. What wasn't read, or couldn't be,
// is told as unknown.
type facts struct {
	now    time.Time
	object *v1alpha1.ServerCertificate
	// certificate is cert-manager's that has the Secret issued, nil where there is none.
	certificate *issuance
	secret      secretFacts
	// services are by name; a nil one doesn't exist, one that isn't here wasn't read.
	services map[string]*ccm.Service
	// cloud is what the cloud says, nil where it wasn't asked; unasked says that it should have been.
	cloud   *cloudFacts
	unasked bool
}

// issuance is what matters of a cert-manager.io/v1 Certificate.
type issuance struct {
	name, issuer string
	ready        metav1.ConditionStatus
	message      string
	created      metav1.Time
	renewal      *metav1.Time
}

// secretFacts are what is known of the Secret.
type secretFacts struct {
	// unread says why it wasn't read, "" where it was.
	unread  string
	found   bool
	created metav1.Time
	// pair is what it holds; nil where CLB wouldn't take that.
	pair *tlspair.Facts
}

// wayOf judges the facts: the object itself, and below it the links of its way.
func wayOf(f facts) way {
	w := way{Namespace: f.object.Namespace, Name: f.object.Name, link: f.root()}
	inCloud := f.inCloud()
	if f.object.Spec.AliCloudCertificate != nil {
		w.Links = linked(f.managedSource(), &inCloud)
	} else {
		w.Links = linked(f.issued(), f.source(), &inCloud)
	}
	if first := w.ailing(); first != nil {
		w.FirstWrong = first.title()
	}
	return w
}

// seeWhether is what to do about a manager that doesn't act.
const seeWhether = "see whether clbcert runs and watches this namespace: kubectl get deployments -A -l app.kubernetes.io/name=clbcert"

// patience is how long an object may wait for a manager to look at it.
const patience = time.Minute

// root is the object itself: what its condition Ready says.
func (f facts) root() link {
	o := f.object
	l := link{Kind: "ServerCertificate", Name: o.Namespace + "/" + o.Name, CreationTime: &o.CreationTimestamp}
	ready := f.condition(v1alpha1.ConditionReady)
	switch {
	case !o.DeletionTimestamp.IsZero():
		l.State, l.Summary = waiting, "is being deleted"
	case o.Status.ObservedGeneration != o.Generation && f.unattended():
		l.State, l.Summary = wrong, "no manager has looked at it"
		l.Message = seeWhether
	case o.Status.ObservedGeneration != o.Generation:
		l.State, l.Summary = waiting, "the manager hasn't looked at it yet"
	case o.Spec.Suspend:
		l.State, l.Summary = waiting, "suspended: nothing is uploaded, bound or cleaned up"
		l.Message = fmt.Sprintf("kubectl clbcert plan %s -n %s tells what a resume would do, kubectl clbcert resume %[1]s -n %[2]s does it", o.Name, o.Namespace)
	case ready == nil:
		l.State, l.Summary = waiting, "the manager hasn't looked at it yet"
	default:
		l.State, l.Summary = stateOf(ready.Status == metav1.ConditionTrue, v1alpha1.Reason(ready.Reason)), inWords(ready)
	}
	l.Summary += ", " + duration.HumanDuration(f.now.Sub(o.CreationTimestamp.Time)) + " old"
	l.Detail = fmt.Sprintf("account %s, cluster id %s", cmp.Or(o.Status.AccountID, "unknown"), cmp.Or(o.Status.ClusterID, "unknown"))
	return l
}

// unattended tells that a manager should have looked at the object by now. When its spec was
// changed isn't known; when it was made, and when something was written to it, is.
func (f facts) unattended() bool {
	last := f.object.CreationTimestamp.Time
	for _, entry := range f.object.ManagedFields {
		if entry.Time != nil && entry.Time.After(last) {
			last = entry.Time.Time
		}
	}
	return f.now.Sub(last) > patience
}

// inWords is what a condition says, in a word or two.
func inWords(ready *metav1.Condition) string {
	if ready.Status == metav1.ConditionTrue {
		return "ready"
	}
	return "not ready: " + ready.Reason
}

func (f facts) condition(kind string) *metav1.Condition {
	return meta.FindStatusCondition(f.object.Status.Conditions, kind)
}

// messageOf is what a condition says against something, "" where nothing.
func messageOf(condition *metav1.Condition) string {
	if condition == nil || condition.Status == metav1.ConditionTrue {
		return ""
	}
	return condition.Message
}

// passing are the reasons of what passes by itself; all others wait for somebody.
var passing = []v1alpha1.Reason{
	v1alpha1.ReasonProgressing, v1alpha1.ReasonDeleting, v1alpha1.ReasonDryRun, v1alpha1.ReasonSuspended, v1alpha1.ReasonTemporaryCertificate,
	v1alpha1.ReasonCertificateNotYetValid, v1alpha1.ReasonThrottled, v1alpha1.ReasonCloudUnavailable, v1alpha1.ReasonServicePending,
}

// stateOf is that of something in order, or not, for a reason.
func stateOf(inOrder bool, reason v1alpha1.Reason) state {
	switch {
	case inOrder:
		return ok
	case slices.Contains(passing, reason):
		return waiting
	default:
		return wrong
	}
}

// at tells of something that happens at a time: relative to now, and the day.
func (f facts) at(coming, past string, t time.Time) string {
	day := t.UTC().Format(time.DateOnly)
	if t.Before(f.now) {
		return fmt.Sprintf("%s %s ago (%s)", past, duration.HumanDuration(f.now.Sub(t)), day)
	}
	return fmt.Sprintf("%s in %s (%s)", coming, duration.HumanDuration(t.Sub(f.now)), day)
}
