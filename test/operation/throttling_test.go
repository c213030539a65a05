package operation

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// allReadyWithin is how soon 40 objects are in order when half of all calls are throttled.
const allReadyWithin = 120 * time.Second

// recovered is how long 40 uploads take at most where nothing slows the account: at its
// lowest rate, 5 calls a second, they need 8 s.
const recovered = 7500 * time.Millisecond

func TestHalfOfAllCallsThrottled(t *testing.T) {
	s := setStage(t, "--fault", "*=Throttling.User:0.5").manage()
	begun := time.Now()
	objects := s.addMany(40)
	for _, object := range objects {
		env.Observe(t, s.cluster, object).WaitWithin(t, allReadyWithin-time.Since(begun), "Ready, half of all calls throttled", isReady)
	}
	took := time.Since(begun)
	s.checkNothingTwice()
	if live := s.cloud.Certificates(t); len(live) != len(objects) {
		t.Errorf("%d certificates in the cloud, want %d", len(live), len(objects))
	}
	t.Logf("%d objects were Ready after %s and %d calls", len(objects), took.Round(time.Second), len(s.cloud.Calls(t)))

	s.cloud.SetFaults(t)
	s.elapsed(30 * time.Second)(s)
	for _, object := range objects {
		s.renew(object)
	}
	for _, object := range objects {
		env.WaitFor(t, s.cluster, object, "renewed", func(o *v1alpha1.ServerCertificate) bool { return isReady(o) && len(o.Status.Superseded) == 1 })
	}
	calls := s.cloud.Calls(t, upload)
	fresh := calls[len(calls)-len(objects):]
	if span := fresh[len(fresh)-1].Time.Sub(fresh[0].Time); span > recovered {
		t.Errorf("30 s after the last throttled call 40 uploads took %s", span)
	}
	s.checkNothingTwice()
}

// addMany creates so many objects, with their Secrets before them.
func (s *stage) addMany(count int, options ...func(*v1alpha1.ServerCertificate)) []*v1alpha1.ServerCertificate {
	s.Helper()
	var objects []*v1alpha1.ServerCertificate
	for i := range count {
		objects = append(objects, s.add(s.certificate(fmt.Sprintf("web-%d", i), options...)))
	}
	return objects
}

// A throttled account stays at its lowest rate, and another one, with credentials of its
// own, is as quick as ever.
func TestAThrottledAccountSlowsNoOther(t *testing.T) {
	const quick = 100 // 4 s at 20 calls a second after a burst of 20, and 12 s or more at a lowered rate
	s := setStage(t).manage("--api-qps", "20", "--api-burst", "20")
	s.ownKey("slow", env.SimulatedAccessKey{ID: "LTAI5tSlow", Secret: "secret", Account: ownAccount})
	s.cloud.SetFaults(t, "*@LTAI5tSlow=Throttling.User")
	var slow []*v1alpha1.ServerCertificate
	for i := range 10 {
		slow = append(slow, s.add(s.certificate(fmt.Sprintf("slow-%d", i), signedBy("slow"))))
	}
	for _, object := range slow {
		said := s.unready(object, v1alpha1.ReasonThrottled)
		s.checkSays(said, "Throttling.User", "RequestId ", "--api-qps")
	}
	others := s.addMany(quick, signedBy("quick")) // who wait for their key, so that their uploads aren't as slow as they are made
	s.ownKey("quick", env.SimulatedAccessKey{ID: "LTAI5tQuick", Secret: "secret", Account: secondAccount})
	for _, object := range others {
		env.WaitFor(t, s.cluster, object, "Ready", isReady)
	}
	calls := slices.DeleteFunc(s.cloud.Calls(t, upload), func(c env.SimulatedCall) bool { return c.AccessKeyID != "LTAI5tQuick" })
	if span := calls[len(calls)-1].Time.Sub(calls[0].Time); len(calls) != quick || span > 11*time.Second {
		t.Errorf("%d uploads of the other account took %s", len(calls), span)
	}
	for _, object := range slow {
		if isReady(s.shown(object)) || len(s.uploadsOf(object)) != 0 {
			t.Errorf("%s is Ready, or was uploaded", object.Name)
		}
	}
	s.cloud.SetFaults(t)
	for _, object := range slow {
		env.WaitFor(t, s.cluster, object, "Ready once nothing throttles", isReady)
	}
	s.checkNothingTwice()
}
