package plugin

import (
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/controllers"
	"github.com/clbcert/clbcert/internal/clberr"
)

func TestAPlanAsPeopleReadIt(t *testing.T) {
	t.Parallel()
	object := func(suspended, deleting bool) *v1alpha1.ServerCertificate {
		o := &v1alpha1.ServerCertificate{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
		o.Spec.Suspend = suspended
		if deleting {
			o.DeletionTimestamp = &metav1.Time{}
			o.DeletionTimestamp.Time = time.Unix(0, 0)
		}
		return o
	}
	ready := &metav1.Condition{Status: metav1.ConditionTrue, Reason: "Synced", Message: "certificate a is\nin b"}
	waits := &metav1.Condition{Status: metav1.ConditionFalse, Reason: "ServicePending", Message: "waiting\x1b[2J"}
	again := time.Date(2026, 11, 23, 8, 0, 0, 9, time.UTC)
	steps := []controllers.PreviewStep{
		{Text: "delete certificate a", Why: "superseded"}, {Text: "leave it"}, {Text: strings.Repeat("x", 80), Why: "long"},
	}
	for sentence, c := range map[string]struct {
		object  *v1alpha1.ServerCertificate
		preview controllers.Preview
		notes   []string
		want    []string
	}{
		"nothing is to do": {object(false, false), controllers.Preview{Ready: ready}, nil,
			[]string{"shop/web", "  nothing to do: Ready: certificate a is in b"}},
		"nothing helps but a person": {object(false, false), controllers.Preview{Ready: waits, Again: again}, nil,
			[]string{"shop/web", "  nothing to do: not Ready, ServicePending: waiting\uFFFD[2J"}},
		"a resume": {object(true, false), controllers.Preview{Steps: steps, Ready: ready}, []string{"some aren't seen"}, []string{
			"shop/web (suspended: this is what a resume would do)",
			"   1. delete certificate a   superseded", "   2. leave it", "   3. " + strings.Repeat("x", 80) + "   long",
			"  then: Ready: certificate a is in b", "  note: some aren't seen"}},
		"a deletion, which goes on though it is suspended": {object(true, true), controllers.Preview{Steps: steps[:1], Gone: true}, nil,
			[]string{"shop/web (being deleted)", "   1. delete certificate a   superseded", "  then: the object goes"}},
		"it can't be told": {object(false, false), controllers.Preview{Ready: ready, Untold: errors.New("no")}, nil,
			[]string{"shop/web", "  it can't be told: no"}},
		"it can be told in part": {object(false, false), controllers.Preview{Steps: steps[1:2], Ready: ready, Untold: errors.New("no")}, nil,
			[]string{"shop/web", "   1. leave it", "  what comes then can't be told: no"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(plannedAs(c.object, c.preview, c.notes).lines(terminal{}), "\n")
			if want := strings.Join(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestWhatCouldntBeToldIsTheErrorOfTheRun(t *testing.T) {
	t.Parallel()
	whole, part := planned{Namespace: "shop", Name: "a"}, planned{Namespace: "shop", Name: "b", Untold: "no"}
	if err := untold([]planned{whole}); err != nil {
		t.Error(err)
	}
	want := "planning for shop/b: no"
	if err := untold([]planned{whole, part}); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestARefusalOfTheCloudComesWithAdvice(t *testing.T) {
	t.Parallel()
	refusal := func(message string) error {
		return clberr.New("DescribeLoadBalancers", "Forbidden.RAM", message, "", 403, clberr.Refused)
	}
	const advice = "Grant the RAM action slb:DescribeLoadBalancers to the credentials' identity, also for the region and the resource group in use."
	for sentence, c := range map[string]struct {
		err  error
		want string
	}{
		"a sentence":      {refusal("It isn't yours."), "DescribeLoadBalancers: Forbidden.RAM: It isn't yours. " + advice},
		"no sentence":     {refusal("not yours"), "DescribeLoadBalancers: Forbidden.RAM: not yours: " + advice},
		"another's error": {errors.New("no"), "no"},
	} {
		if got := advised(c.err).Error(); got != c.want {
			t.Errorf("%s: got %q, want %q", sentence, got, c.want)
		}
	}
}
