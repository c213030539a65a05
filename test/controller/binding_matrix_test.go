package controller

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
	"github.com/clbcert/clbcert/test/env"
)

// matrixFaults are what happens to one call of a renewal, by the simulator's names. The last
// has the manager killed after the call took effect, and before it has the answer.
var matrixFaults = []string{"SystemBusy", "timeout", "reset", "applied-then-reset", kill}

const kill = "applied-then-timeout"

// cell is one call of the story with one fault.
type cell struct {
	action string
	number int // of the calls of this action
	fault  string
}

// renewalCalls are the calls of a renewal without faults, as TestARenewalReachesThe… shows.
func renewalCalls(calls []env.SimulatedCall) []cell {
	count := map[string]int{}
	var cells []cell
	for _, c := range calls {
		count[c.Action]++
		cells = append(cells, cell{action: c.Action, number: count[c.Action]})
	}
	return cells
}

// play renews a Secret that is served by default and for a domain on two listeners.
func (s *stage) play(c cell) []env.SimulatedCall {
	one, old := s.loadBalancer(443)
	two, _ := s.loadBalancer(443)
	s.console().CreateExtension(s, one, 443, "other.com", old)
	s.manage("--api-timeout", "1s", "--consistency-window", "1s", "--api-qps", "0")
	names := certs.Names("a.com", "*.a.com")
	object := s.certificate("web", keeping(0), bound(
		toListener(one, 443, ""), toListener(one, 443, "x.a.com"),
		renamed(toListener(two, 443, ""), "two"), renamed(toListener(two, 443, "x.a.com"), "two-sni")))
	s.create(s.secret("web-tls", certs.NewLeaf(s.T, names)), object)
	first := s.ready(object).Status.CertificateID
	lists := s.cloud.Calls(s, "DescribeServerCertificates")
	s.poll("a list that is too old", func() bool { return time.Since(lists[len(lists)-1].Time) > 1100*time.Millisecond })
	before := s.lastCall()
	if c.action != "" {
		s.cloud.SetFaults(s, fmt.Sprintf("%s=%s:#%d", c.action, c.fault, c.number))
	}
	s.put("web-tls", certs.NewLeaf(s.T, names))
	if c.fault == kill {
		s.poll("the call", func() bool {
			return slices.ContainsFunc(s.calls(before), func(call env.SimulatedCall) bool { return call.Outcome == kill })
		})
		s.manager.Kill(s)
		s.manager.Start(s)
	}
	now := s.wait(object, "renewed, and nothing left", func(o *v1alpha1.ServerCertificate) bool {
		return isReady(o) && o.Status.CertificateID != first && len(o.Status.Superseded) == 0 && o.Status.PendingUpload == nil
	})
	calls := s.calls(before)
	id := now.Status.CertificateID
	s.checkServed(one, 443, id, map[string]string{"other.com": old, "x.a.com": id})
	s.checkServed(two, 443, id, map[string]string{"x.a.com": id})
	if live := s.live(object); len(live) != 1 || live[0].ID != id {
		s.Errorf("%d certificates are live: %+v", len(live), live)
	}
	checkNothingElseSent(s.T, calls)
	return calls
}

func TestARenewalUnderFaultsEndsTheSame(t *testing.T) {
	t.Parallel()
	var cells []cell
	t.Run("without a fault", func(t *testing.T) {
		cells = renewalCalls(setStageNow(t).play(cell{}))
	})
	passed := map[string]int{}
	t.Run("cells", func(t *testing.T) {
		for _, one := range cells {
			for _, fault := range matrixFaults {
				t.Run(fmt.Sprintf("%s %d %s", one.action, one.number, fault), func(t *testing.T) {
					setStage(t).play(cell{one.action, one.number, fault})
				})
				passed[fault]++
			}
		}
	})
	var table strings.Builder
	for _, fault := range matrixFaults {
		fmt.Fprintf(&table, "\n%-22s %d calls", fault, passed[fault])
	}
	t.Logf("every call of a renewal, with each fault, ends in the same state: %d cells%s", len(cells)*len(matrixFaults), table.String())
}
