package plan_test

import (
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// delays fails a step over and over, and gives how long each time it is held back.
func delays(t *testing.T, s plan.State, step string, err *clberr.Error, times int) []time.Duration {
	t.Helper()
	var waits []time.Duration
	for range times {
		w := walk(t, s, nil, map[string]*clberr.Error{step: err})
		wait := plan.Summary(w.State).Wake.Sub(w.Now)
		if early := walk(t, w.next(wait-1), nil, nil); early.steps != "" {
			t.Errorf("before its time: %s", early.steps)
		}
		waits = append(waits, wait)
		s = w.next(wait)
	}
	return waits
}

func TestFailuresBackOffByClass(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		step        string
		err         *clberr.Error
		first, last time.Duration
	}{
		"the service is busy":       {"Upload", refused("SystemBusy", 449), time.Second, 8 * time.Second},
		"it can't be reached":       {"Look", clberr.New("DescribeServerCertificates", "", "no route", "", 0, clberr.NotSent), time.Second, 8 * time.Second},
		"a failure nobody knows":    {"Upload", refused("Odd", 500), time.Second, 8 * time.Second},
		"a refusal nobody knows":    {"Upload", refused("LastTokenProcessing", 400), time.Second, 5 * time.Minute},
		"a refusal without a code":  {"Upload", refused("", 400), time.Second, 5 * time.Minute},
		"too many calls":            {"Upload", refused("Throttling.User", 400), 2 * time.Second, 8 * time.Second},
		"a full quota":              {"Upload", refused("OverQuota", 400), time.Minute, 10 * time.Minute},
		"a right that is missing":   {"Look", refused("Forbidden.RAM", 403), resync, resync},
		"refused for good":          {"Upload", refused("CertificateFormatInvalid", 400), resync, resync},
		"credentials don't work":    {"Identify", refused("InvalidAccessKeyId.NotFound", 404), resync, resync},
		"the region doesn't exist":  {"Look", refused("InvalidRegionId.NotFound", 404), resync, resync},
		"the clock is wrong":        {"Look", refused("InvalidTimeStamp.Expired", 400), time.Second, 8 * time.Second},
		"what looks like a quota":   {"Upload", refused("SomethingLimitExceeded", 400), time.Minute, 10 * time.Minute},
		"an unknown code, and auth": {"Look", refused("Odd", 403), resync, resync},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			waits := delays(t, given(), c.step, c.err, 12)
			if waits[0] != c.first || waits[11] != c.last {
				t.Errorf("got %v, want %v to %v", waits, c.first, c.last)
			}
		})
	}
}

func TestTheSlowestLookIsAnHour(t *testing.T) {
	t.Parallel()
	s := given(func(s *plan.State) { s.Resync = 24 * time.Hour })
	if got := delays(t, s, "Upload", refused("CertificateFormatInvalid", 400), 1); got[0] != time.Hour {
		t.Errorf("got %v", got)
	}
}

func TestManyObjectsDoNotComeBackAtOnce(t *testing.T) {
	t.Parallel()
	s := given(func(s *plan.State) { s.Jitter = 0.5 })
	if got := delays(t, s, "Upload", refused("SystemBusy", 449), 1); got[0] != 900*time.Millisecond {
		t.Errorf("got %v", got)
	}
}

func TestARowOfFailuresEnds(t *testing.T) {
	t.Parallel()
	busy := map[string]*clberr.Error{"Upload": refused("SystemBusy", 449)}
	third := walk(t, walk(t, walk(t, given(), nil, busy).next(time.Second), nil, busy).next(2*time.Second), nil, busy)
	if got := plan.Summary(third.State).Wake.Sub(third.Now); got != 4*time.Second {
		t.Fatalf("the third waits %v", got)
	}
	done := walk(t, third.next(4*time.Second), nil, nil)
	renewed := done.next(time.Hour, wants(1))
	renewed.Lists = []plan.List{{Began: renewed.Now, Certificates: done.Lists[0].Certificates}}
	if got := plan.Summary(walk(t, renewed, nil, busy).State).Wake.Sub(renewed.Now); got != time.Second {
		t.Errorf("the first after a success waits %v", got)
	}
}

func TestRefusedDeletionsBackOff(t *testing.T) {
	t.Parallel()
	s := given(synced(0), superseding(1), keeps(0), listed(0, certificate(0), certificate(1)))
	fails := map[string]*clberr.Error{"Delete": refused("CertificateAndPrivateKeyIsRefered", 400)}
	var waits []time.Duration
	for range 12 {
		w := walk(t, s, []plan.Certificate{certificate(0), certificate(1)}, fails)
		wait := plan.Summary(w.State).Wake.Sub(w.Now)
		waits = append(waits, wait)
		s = w.next(wait)
		s.Lists = []plan.List{{Began: s.Now, Certificates: []plan.Certificate{certificate(0), certificate(1)}}}
	}
	if waits[0] != 5*time.Second || waits[5] != time.Minute || waits[11] > resync {
		t.Errorf("got %v", waits)
	}
	if w := walk(t, s, nil, nil); w.Memory.TidyFailures != 0 {
		t.Errorf("a success leaves %d failures", w.Memory.TidyFailures)
	}
}

func TestItIsDueWhenTheCertificateTurns(t *testing.T) {
	t.Parallel()
	at := func(f func(*plan.Wanted)) change { return func(s *plan.State) { f(s.Wanted) } }
	for sentence, c := range map[string]struct {
		given []change
		want  time.Duration
	}{
		"when it becomes valid":     {[]change{at(func(w *plan.Wanted) { w.NotBefore = now.Add(time.Minute) })}, time.Minute},
		"when it expires":           {[]change{synced(0), at(func(w *plan.Wanted) { w.NotAfter = now.Add(time.Minute) })}, time.Minute},
		"else at the next resync":   {[]change{synced(0)}, resync},
		"and when it was suspended": {[]change{synced(0), at(func(w *plan.Wanted) { w.NotAfter = now.Add(time.Minute) }), func(s *plan.State) { s.Object.Spec.Suspend = true }}, resync},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := plan.Summary(walk(t, given(c.given...), nil, nil).State).Wake.Sub(now); got != c.want {
				t.Errorf("due after %v, want %v", got, c.want)
			}
		})
	}
}
