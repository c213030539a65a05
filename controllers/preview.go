package controllers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// Previewer tells what a Reconciler would do. It has nothing to write to the cluster with, and
// of the steps it does those alone that read.
type Previewer struct {
	// Reader reads from the API server itself, and lists by the Indexes.
	Reader client.Reader
	// Cloud reaches the accounts. Own are the credentials for objects that bring none, nil
	// where there are none.
	Cloud *clb.Client
	Own   credentials.Provider
	// Settings, Region and Regions are the manager's. DryRun counts for nothing.
	Settings plan.Settings
	Region   string
	Regions  []string
	// Clock tells the time.
	Clock func() time.Time
}

// Preview is what would be done for an object.
type Preview struct {
	// Steps are what would change something, in their order.
	Steps []PreviewStep
	// Ready is the condition as it would be after them, if all goes well; Again is when the
	// object would be looked at again by itself. Gone says that the object would be.
	Ready *metav1.Condition
	Again time.Time
	Gone  bool
	// Untold is why it can't be told, or not to the end: a read that failed. Ready and Again
	// say nothing then.
	Untold error
}

// PreviewStep is one step.
type PreviewStep struct {
	// Action is the step's kind, such as Upload.
	Action string `json:"action"`
	// Text says what it does, Why the reason; "" where Text has it.
	Text string `json:"text"`
	Why  string `json:"why,omitempty"`
}

// ErrNoCredentials is why a preview ends that has to look at the cloud, and has no credentials.
var ErrNoCredentials = errors.New("looking at the cloud takes credentials")

// Preview plays one pass over an object through, as if it weren't suspended. What reads is done;
// what writes isn't, and is taken for done, so that the steps after it come out, too. The error
// is the API server's, where not even the object and its Secrets could be read.
func (p *Previewer) Preview(ctx context.Context, name types.NamespacedName) (Preview, error) {
	reconciler := &Reconciler{
		Client: unwritable{p.Reader}, Live: p.Reader, Cloud: p.Cloud, Own: p.Own,
		Settings: p.Settings, Region: p.Region, Regions: p.Regions, Clock: p.Clock,
		places: places{perAccount: 1}, secrets: &secretWatches{},
	}
	reconciler.Settings.DryRun = false
	state, with, err := reconciler.observe(ctx, name)
	if err != nil {
		return Preview{}, err
	}
	defer with.end()
	with.wipe() // nothing is uploaded
	played := rehearsal{reconciler: reconciler, with: with}
	played.run(ctx, state)
	return played.preview, nil
}

// rehearsal is a pass of which nothing comes.
type rehearsal struct {
	reconciler *Reconciler
	with       means
	// imagined is what counts as done, waits how often time counted as passed, and waited
	// how much of it.
	imagined imagined
	waits    int
	waited   time.Duration
	preview  Preview
}

// run is the story of Reconcile.
func (r *rehearsal) run(ctx context.Context, s plan.State) {
	for range maxSteps {
		step := plan.Next(s)
		if step == nil {
			r.end(s)
			return
		}
		outcome, err := r.act(ctx, s, step)
		r.doubt(err)
		if err != nil {
			return
		}
		if deletion, deletes := step.(plan.Delete); deletes && outcome.Err != nil {
			r.tell(s, plan.Spare{ID: deletion.ID, Where: "it would be refused, " + outcome.Err.Message})
		} else {
			r.doubt(doubtful(s, outcome))
			r.tell(s, step)
		}
		s = plan.After(s, step, outcome)
		if wait, waits := step.(plan.Wait); waits {
			s = r.pass(s, wait.Until.Sub(s.Now))
		}
	}
	r.doubt(fmt.Errorf("planning ServerCertificate %s/%s: no end after %d steps", s.Object.Namespace, s.Object.Name, maxSteps))
}

// act does a step that only reads, and imagines any other.
func (r *rehearsal) act(ctx context.Context, s plan.State, step plan.Step) (plan.Outcome, error) {
	switch step := step.(type) {
	case plan.Confirm:
		return r.reconciler.act(ctx, s, step, r.with)
	case plan.Identify, plan.Look, plan.Survey, plan.Locate:
		if r.with.provider == nil {
			return plan.Outcome{}, ErrNoCredentials
		}
		outcome, err := r.reconciler.act(ctx, s, step, r.with)
		return r.imagined.over(s, outcome), err
	case plan.Delete:
		return r.delete(ctx, s, step)
	default:
		outcome := imagine(s, step, r.reconciler.Clock())
		r.imagined.add(step, outcome)
		return outcome, nil
	}
}

// delete imagines a deletion, which the service refuses where a listener serves the certificate.
func (r *rehearsal) delete(ctx context.Context, s plan.State, step plan.Delete) (plan.Outcome, error) {
	outcome := imagine(s, step, r.reconciler.Clock())
	if r.with.provider == nil {
		return outcome, ErrNoCredentials
	}
	account, err := r.reconciler.account(ctx, s, step, r.with)
	var serving []string
	if err == nil {
		serving, err = users(ctx, account, s, plan.Locate{ID: step.ID, Extensions: true})
	}
	if err != nil {
		return outcome, err
	}
	if serving = r.imagined.serving(serving); len(serving) > 0 {
		outcome.Err = clberr.New("DeleteServerCertificate", "CertificateAndPrivateKeyIsRefered", strings.Join(serving, ", ")+" serves it", "", 0, clberr.Refused)
		return outcome, nil
	}
	r.imagined.add(step, outcome)
	return outcome, nil
}

// doubt notes why it can't be told; the first is the one to mend.
func (r *rehearsal) doubt(err error) {
	if r.preview.Untold == nil {
		r.preview.Untold = err
	}
}

// doubtful is why a read leaves open what the controller would do: it failed, or it was made as
// another account than the controller's.
func doubtful(s plan.State, outcome plan.Outcome) error {
	if outcome.Err != nil {
		return outcome.Err
	}
	for _, sight := range outcome.Sights {
		if sight.Err != nil {
			return sight.Err
		}
	}
	recorded := s.Recorded.AccountID
	if recorded == "" || outcome.AccountID == "" || outcome.AccountID == recorded || s.OwnCredentials {
		return nil
	}
	return fmt.Errorf("the certificate is in account %s, and these credentials are of account %s: use the ones of that account", recorded, outcome.AccountID)
}

// tell notes a step that changes something.
func (r *rehearsal) tell(s plan.State, step plan.Step) {
	told := PreviewStep{Action: action(step), Text: describe(step, r.waited), Why: why(s, step)}
	steps := r.preview.Steps
	switch last := len(steps) - 1; {
	case told.Text == "":
	case last >= 0 && told.Action == "Wait" && steps[last].Action == "Wait":
		steps[last] = told // one look after the other
	default:
		r.preview.Steps = append(steps, told)
	}
}

// maxWaits is more than any wait for the cloud's lists has looks.
const maxWaits = 100

// pass lets time count as passed that the plan waits for, so that what comes then is told.
func (r *rehearsal) pass(s plan.State, by time.Duration) plan.State {
	if s.Identified && s.AccountID == "" && s.Recorded.AccountID != "" {
		r.doubt(fmt.Errorf("whose the credentials are isn't known, as STS couldn't be asked, and they don't see certificate %s: "+
			"try again, or give --sts-endpoint", s.Recorded.CertificateID))
		return s
	}
	if r.waits++; r.waits > maxWaits {
		return s
	}
	r.waited += by
	return aged(s, by)
}

// end sums the pass up.
func (r *rehearsal) end(s plan.State) {
	if r.preview.Gone = s.Deleting() && !s.HasFinalizer; r.preview.Gone {
		return
	}
	outlook := plan.Summary(s)
	r.preview.Ready = meta.FindStatusCondition(outlook.Status.Conditions, v1alpha1.ConditionReady)
	r.preview.Again = outlook.Wake.Add(r.waited)
}
