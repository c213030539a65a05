package plan_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

func TestAMissingSecretIsLookedForEverMoreRarely(t *testing.T) {
	t.Parallel()
	for sentence, row := range map[string]struct {
		reason v1alpha1.Reason
		age    time.Duration
		want   time.Duration
	}{
		"at first every five seconds":           {v1alpha1.ReasonSecretNotFound, 0, 5 * time.Second},
		"then as long again as it was so":       {v1alpha1.ReasonSecretNotFound, time.Minute, time.Minute},
		"a wrong type too, which isn't watched": {v1alpha1.ReasonSecretTypeInvalid, time.Minute, time.Minute},
		"but no more rarely than all else":      {v1alpha1.ReasonSecretNotFound, time.Hour, settings().Resync},
		"what is watched needs no looking":      {v1alpha1.ReasonKeyMismatch, 0, settings().Resync},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := given(func(s *plan.State) {
				s.Wanted, s.Source = nil, &plan.Obstacle{Reason: row.reason, Message: "mend it"}
				s.Status.Conditions = []metav1.Condition{{
					Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: string(row.reason),
					LastTransitionTime: metav1.NewTime(now.Add(-row.age)),
				}}
			})
			if got := plan.Summary(s).Wake.Sub(now); got != row.want {
				t.Errorf("it is due again after %v, want %v", got, row.want)
			}
		})
	}
}
