package chaos

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// What is done to the processes.
const (
	killLeader     = "kill the leader"
	killStandby    = "kill the standby"
	killBoth       = "kill both"
	stopLeader     = "stop the leader"
	pauseLeader    = "pause the leader"
	usurp          = "pause the leader, and give its lease away"
	restartCloud   = "restart the simulator"
	calm           = "let be"
	pastTheLease   = "pause the leader past its lease"
	killAndWait    = "kill the leader, and let its lease run out"
	restartServer  = "restart the API server"
	restartEtcd    = "restart etcd"
	cloudIsAway    = "take the simulator away"
	pauseCCM       = "pause the CCM"
	restartCCM     = "restart the CCM"
	managersKeyID  = "LTAI5tManager"
	managersSecret = "manager-secret"
)

// What people do.
const (
	renew         = "renew"
	rollBack      = "roll back"
	deleteObject  = "delete"
	deleteUnbound = "unbind and delete"
	recreate      = "make again"
	loseSecret    = "delete the Secret"
	findSecret    = "make the Secret again"
	suspend       = "suspend"
	resumeObject  = "resume"
	unbind        = "take a binding out"
	rebind        = "put bindings in"
	driftListener = "set a listener by hand"
	driftDomain   = "set an extension by hand"
	dropDomain    = "delete an extension by hand"
	dropUnused    = "delete a certificate by hand"
	wipeStatus    = "wipe the status"
	keepMore      = "change revisionHistoryLimit"

	rotateKey      = "rotate a key"
	touchService   = "touch a Service"
	annotateByHand = "annotate a Service by hand"
)

// strike is something done to the processes.
type strike struct {
	kind   string
	delay  time.Duration // since there is a leader
	hold   time.Duration // how long a pause or an outage is
	faults []string      // those of the cloud from then on; nil leaves them
}

// deed is something that people do.
type deed struct {
	kind  string
	slot  int
	dice  int // decides whatever else there is to decide
	delay time.Duration
}

// weight is how often something is chosen.
type weight struct {
	kind string
	n    int
}

var strikeWeights = []weight{
	{killLeader, 50}, {killBoth, 26}, {killStandby, 4}, {stopLeader, 6}, {pauseLeader, 8}, {usurp, 6}, {restartCloud, 3}, {calm, 3},
	{pauseCCM, 4}, {restartCCM, 4},
}

var deedWeights = []weight{
	{renew, 30}, {rollBack, 10}, {deleteObject, 4}, {deleteUnbound, 4}, {recreate, 14}, {loseSecret, 4}, {findSecret, 5},
	{suspend, 4}, {resumeObject, 6}, {unbind, 5}, {rebind, 7}, {driftListener, 6}, {driftDomain, 4}, {dropDomain, 3},
	{dropUnused, 4}, {wipeStatus, 3}, {keepMore, 4}, {rotateKey, 3}, {touchService, 5}, {annotateByHand, 2},
}

// choices are all that a seed decides: one stream for the processes, one for people.
type choices struct{ strikes, deeds *rand.Rand }

func newChoices(seed uint64) choices {
	return choices{strikes: rand.New(rand.NewPCG(seed, 1)), deeds: rand.New(rand.NewPCG(seed, 2))}
}

func pick(dice *rand.Rand, weights []weight) string {
	total := 0
	for _, w := range weights {
		total += w.n
	}
	n := dice.IntN(total)
	for _, w := range weights {
		if n < w.n {
			return w.kind
		}
		n -= w.n
	}
	return weights[0].kind
}

func between(dice *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(dice.Int64N(int64(to-from)))
}

// strike is the next one. It throws the same dice whatever happens meanwhile.
func (c choices) strike() strike {
	s := strike{kind: pick(c.strikes, strikeWeights), delay: between(c.strikes, 0, 350*time.Millisecond)}
	if long := between(c.strikes, 0, 2*time.Second); c.strikes.IntN(10) < 3 {
		s.delay = long
	}
	s.hold = between(c.strikes, 100*time.Millisecond, 2500*time.Millisecond)
	mood := c.mood()
	if c.strikes.IntN(3) == 0 {
		s.faults = mood
	}
	if s.kind == calm {
		s.hold += 4 * time.Second
	}
	return s
}

// deed is the next one.
func (c choices) deed() deed {
	return deed{
		kind: pick(c.deeds, deedWeights), slot: c.deeds.IntN(slots), dice: c.deeds.IntN(1 << 30),
		delay: between(c.deeds, 30*time.Millisecond, 300*time.Millisecond),
	}
}

// faultCodes are what calls end with; those that are applied have a lost answer.
var faultCodes = []string{
	"SystemBusy", "ServiceUnavailable", "InternalError", "Throttling.User", "timeout", "reset", "http502",
	"applied-then-reset", "applied-then-timeout", "applied-then-http502",
}

var faultActions = []string{
	"UploadServerCertificate", "DeleteServerCertificate", "DescribeServerCertificates", "SetLoadBalancerHTTPSListenerAttribute",
	"CreateDomainExtension", "SetDomainExtensionAttribute", "DeleteDomainExtension", "DescribeLoadBalancers",
	"DescribeLoadBalancerListeners", "DescribeLoadBalancerHTTPSListenerAttribute",
}

// mood is a set of faults: some for all calls, each rare, and some for single actions.
func (c choices) mood() []string {
	faults := []string{}
	for range 3 + c.strikes.IntN(2) {
		faults = append(faults, c.fault("*", 0.12, 0.3))
	}
	for range 1 + c.strikes.IntN(3) {
		faults = append(faults, c.fault(faultActions[c.strikes.IntN(len(faultActions))], 0.2, 0.7))
	}
	return faults
}

func (c choices) fault(action string, from, to float64) string {
	return fmt.Sprintf("%s@%s=%s:%.3f", action, managersKeyID, faultCodes[c.strikes.IntN(len(faultCodes))],
		from+c.strikes.Float64()*(to-from))
}

// appointments are strikes that have their time in the day, for they take long: as fractions
// of it. A short day has fewer.
func appointments(day time.Duration) map[string][]float64 {
	if day < 2*time.Minute {
		return map[string][]float64{restartServer: {0.5}}
	}
	return map[string][]float64{
		pastTheLease: {0.2, 0.87}, killAndWait: {0.4}, restartServer: {0.1, 0.52}, restartEtcd: {0.3}, cloudIsAway: {0.58},
	}
}

// outage is how long the cloud is away by appointment: a minute of a whole day.
func outage(day time.Duration) time.Duration { return min(time.Minute, day/5) }

func TestASeedDecidesAllChoices(t *testing.T) {
	t.Parallel()
	day := func(seed uint64) (all []any) {
		c := newChoices(seed)
		for range 1000 {
			all = append(all, c.strike(), c.deed())
		}
		return all
	}
	if !reflect.DeepEqual(day(7), day(7)) {
		t.Error("one seed made two days")
	}
	if reflect.DeepEqual(day(7), day(8)) {
		t.Error("two seeds made the same day")
	}
}
