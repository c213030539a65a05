package controllers

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// moment is when the tests play.
var moment = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// rehearsed is a rehearsal with nobody to call: what it asks for panics.
func rehearsed() *rehearsal {
	return &rehearsal{reconciler: &Reconciler{Clock: func() time.Time { return moment }}}
}

// shop is a state whose certificate "old" is to be renewed.
func shop(change func(*plan.State)) plan.State {
	object := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	object.Status.CertificateID, object.Status.Digest = "old", "aaaaaaaa11111111"
	s := plan.State{
		Now: moment, Settings: plan.Settings{Window: 10 * time.Second}, Object: object, Status: object.Status, Recorded: object.Status,
		Region: "cn-hangzhou", Wanted: &plan.Wanted{Digest: "bbbbbbbb22222222", Fingerprint: "f", Source: `Secret "web-tls"`},
		Lists: []plan.List{{Began: moment, Certificates: []plan.Certificate{
			{ID: "old", Name: "shop-web", Tags: map[string]string{v1alpha1.TagDigest: "aaaaaaaa11111111"}},
			{ID: "older", Tags: map[string]string{v1alpha1.TagDigest: "cccc"}},
		}}},
	}
	if change != nil {
		change(&s)
	}
	return s
}

func TestStepsThatWriteReachNobody(t *testing.T) {
	t.Parallel()
	service := plan.Annotate{}
	service.Service.ResourceVersion = "7"
	for _, step := range []plan.Step{
		plan.AddFinalizer{}, plan.RemoveFinalizer{}, plan.RecordIntent{Digest: "d"}, plan.Record{}, plan.Upload{Name: "n"},
		plan.ClaimExtension{}, plan.SetCertificate{}, plan.SetExtension{}, plan.CreateExtension{}, plan.DeleteExtension{}, service,
		plan.Rename{}, plan.PutTags{}, plan.RemoveTags{}, plan.MoveGroup{},
		plan.Adopt{}, plan.Forget{}, plan.Spare{}, plan.Leave{}, plan.Wait{},
	} {
		r := rehearsed()
		outcome, err := r.act(t.Context(), shop(nil), step)
		if err != nil || outcome.Err != nil || outcome.Held || outcome.At.IsZero() {
			t.Errorf("%T came to %+v, %v", step, outcome, err)
		}
		if len(r.imagined.steps) != 1 {
			t.Errorf("%T isn't among what counts as done", step)
		}
	}
}

func TestStepsThatReadTheCloudTakeCredentials(t *testing.T) {
	t.Parallel()
	for _, step := range []plan.Step{plan.Identify{}, plan.Look{}, plan.Survey{}, plan.Locate{}, plan.Delete{}} {
		if _, err := rehearsed().act(t.Context(), shop(nil), step); !errors.Is(err, ErrNoCredentials) {
			t.Errorf("%T came to %v", step, err)
		}
	}
}

func TestAPreviewHasNothingToWriteWith(t *testing.T) {
	t.Parallel()
	var c client.Client = unwritable{}
	ctx, object := t.Context(), &v1alpha1.ServerCertificate{}
	_, kind := c.GroupVersionKindFor(object)
	_, scope := c.IsObjectNamespaced(object)
	for what, err := range map[string]error{
		"create": c.Create(ctx, object), "delete": c.Delete(ctx, object), "update": c.Update(ctx, object),
		"patch": c.Patch(ctx, object, client.RawPatch(types.MergePatchType, nil)), "apply": c.Apply(ctx, nil),
		"delete all": c.DeleteAllOf(ctx, object), "kind": kind, "scope": scope,
		"status create": c.Status().Create(ctx, object, object), "status update": c.Status().Update(ctx, object),
		"status patch": c.Status().Patch(ctx, object, client.RawPatch(types.MergePatchType, nil)), "status apply": c.Status().Apply(ctx, nil),
		"subresource": c.SubResource("scale").Get(ctx, object, object),
	} {
		if !errors.Is(err, errPreview) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if c.Scheme().Recognizes(corev1.SchemeGroupVersion.WithKind("Secret")) {
		t.Error("it knows a kind")
	}
	if _, err := c.RESTMapper().ResourceFor(corev1.SchemeGroupVersion.WithResource("secrets")); err == nil {
		t.Error("it maps a resource")
	}
}

func TestWhatAReadLeavesOpen(t *testing.T) {
	t.Parallel()
	refused := clberr.New("DescribeLoadBalancers", "Forbidden.RAM", "no", "", 403, clberr.Refused)
	synced := func(s *plan.State) { s.Recorded.AccountID = "1" }
	for sentence, c := range map[string]struct {
		state   func(*plan.State)
		outcome plan.Outcome
		want    string
	}{
		"all was read":            {nil, plan.Outcome{AccountID: "1"}, ""},
		"the list failed":         {nil, plan.Outcome{Err: refused}, refused.Error()},
		"one of the looks failed": {nil, plan.Outcome{Sights: map[string]plan.Sight{"a": {Err: refused}}}, refused.Error()},
		"it is the same account":  {synced, plan.Outcome{AccountID: "1"}, ""},
		"the account isn't known": {synced, plan.Outcome{}, ""},
		"it is another account":   {synced, plan.Outcome{AccountID: "2"}, "the certificate is in account 1, and these credentials are of account 2: use the ones of that account"},
		"its own credentials are, and the controller will meet them, too": {func(s *plan.State) { synced(s); s.OwnCredentials = true }, plan.Outcome{AccountID: "2"}, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := doubtful(shop(c.state), c.outcome); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTimeCountsAsPassed(t *testing.T) {
	t.Parallel()
	s := shop(func(s *plan.State) {
		s.Stopped, s.Until = true, moment.Add(10*time.Second)
		s.Memory.Since = moment
		s.Sights = map[string]plan.Sight{"a": {}}
	})
	later := aged(s, 10*time.Second)
	if later.Stopped || !later.Until.IsZero() || later.Sights != nil {
		t.Errorf("no new pass begins: %+v", later)
	}
	if ago := moment.Add(-10 * time.Second); !later.Lists[0].Began.Equal(ago) || !later.Memory.Since.Equal(ago) || !later.Memory.TidyAt.IsZero() {
		t.Errorf("list %v, memory %+v", later.Lists[0].Began, later.Memory)
	}
	if !s.Lists[0].Began.Equal(moment) {
		t.Error("the state before was changed")
	}
}
