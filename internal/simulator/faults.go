package simulator

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// fault is a way in which calls of an action end otherwise than they should.
type fault struct {
	spec        string
	action      string  // or * for all
	accessKeyID string  // whose calls alone; "" for everybody's
	code        string  // an API code, or timeout, reset, httpNNN, foreign-fingerprint
	applied     bool    // the call takes effect, and its answer is lost
	probability float64 // 1 without a count
	left        int     // how often it still happens; negative: without limit
	turn        int     // the one call that it happens to, counted from 1; 0: any
	seen        int     // how many calls it was about
}

var (
	faultCode = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*$`)
	httpFault = regexp.MustCompile(`^http[2-5]\d\d$`)
)

// parseFault reads ACTION[@ACCESSKEYID]=CODE[:PROBABILITY]. ACTION is one of the operations, or * for all; with an access
// key's ID only calls that are signed with it fail. CODE is an error code of the API, or one of
//
//	timeout   no answer until the client gives up
//	reset     the connection is reset
//	httpNNN   an answer of that status, in HTML, as from a gateway in between (http502)
//
// which leave no effect, unless with applied-then- in front: applied-then-reset, applied-then-timeout, applied-then-http502.
// UploadServerCertificate=foreign-fingerprint makes a certificate with another fingerprint than that of what was sent.
// PROBABILITY is above 0 and at most 1; or xN, for the first N calls; or #N, for the Nth call alone.
func parseFault(spec string) (fault, error) {
	action, rest, ok := strings.Cut(spec, "=")
	code, when, conditional := strings.Cut(rest, ":")
	action, key, limited := strings.Cut(action, "@")
	f := fault{spec: spec, action: action, accessKeyID: key, probability: 1, left: -1}
	if _, known := operations[action]; !ok || !known && action != "*" || limited && key == "" {
		return f, fmt.Errorf("fault %q: want ACTION[@ACCESSKEYID]=CODE[:PROBABILITY], with a known action or *", spec)
	}
	if !f.readCode(code) {
		return f, fmt.Errorf("fault %q: want an error code, timeout, reset, applied-then-reset or http502", spec)
	}
	if !conditional {
		return f, nil
	}
	if !f.readWhen(when) {
		return f, fmt.Errorf("fault %q: want a probability above 0 and at most 1, a count like x3 or a call's number like #2", spec)
	}
	return f, nil
}

// readCode reads what the action of the fault answers.
func (f *fault) readCode(code string) bool {
	f.code, f.applied = strings.CutPrefix(code, "applied-then-")
	return faultCode.MatchString(f.code) && (!f.applied || f.isPseudo()) && (!f.isForeign() || f.action == actionUpload)
}

// readWhen reads a probability, a count or a call's number.
func (f *fault) readWhen(when string) bool {
	var err error
	if number, ok := strings.CutPrefix(when, "#"); ok {
		f.turn, err = strconv.Atoi(number)
		return err == nil && f.turn > 0
	}
	if count, ok := strings.CutPrefix(when, "x"); ok {
		f.left, err = strconv.Atoi(count)
		return err == nil && f.left > 0
	}
	f.probability, err = strconv.ParseFloat(when, 64)
	return err == nil && f.probability > 0 && f.probability <= 1
}

// isPseudo tells the faults of the network and of gateways from the API's own codes.
func (f *fault) isPseudo() bool {
	return f.code == "timeout" || f.code == "reset" || httpFault.MatchString(f.code)
}

// foreignFingerprint is the code of the one fault that is about one action alone.
const (
	foreignFingerprint = "foreign-fingerprint"
	actionUpload       = "UploadServerCertificate"
)

// isForeign tells the fault with which an upload succeeds, with another fingerprint.
func (f *fault) isForeign() bool { return f.code == foreignFingerprint }

// isAbout tells whether the fault is about a call.
func (f *fault) isAbout(action, accessKeyID string) bool {
	return (f.action == "*" || f.action == action) && (f.accessKeyID == "" || f.accessKeyID == accessKeyID)
}

// falls tells whether the fault happens to the call that it has seen last, by count and dice.
func (f *fault) falls(dice *random) bool {
	return f.left != 0 && (f.turn == 0 || f.turn == f.seen) && dice.chance(f.probability)
}

// outcome is how the log of calls names it.
func (f *fault) outcome() string {
	if f.applied {
		return "applied-then-" + f.code
	}
	return f.code
}

// faults are the ones in force, for concurrent use.
type faults struct {
	mu   sync.Mutex
	list []fault
}

// replace puts the faults given in force, in place of all others; on an error it changes nothing.
func (f *faults) replace(specs []string) error {
	list := make([]fault, 0, len(specs))
	for _, spec := range specs {
		parsed, err := parseFault(spec)
		if err != nil {
			return err
		}
		list = append(list, parsed)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = list
	return nil
}

func (f *faults) specs() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	specs := make([]string, 0, len(f.list))
	for _, one := range f.list {
		specs = append(specs, one.spec)
	}
	return specs
}

// pick throws the dice for a call: the first fault that falls on it, or nil. Every fault that is about the call counts it.
func (f *faults) pick(action, accessKeyID string, dice *random) *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var picked *fault
	for i := range f.list {
		one := &f.list[i]
		if !one.isAbout(action, accessKeyID) {
			continue
		}
		one.seen++
		if picked != nil || !one.falls(dice) {
			continue
		}
		if one.left > 0 {
			one.left--
		}
		found := *one
		picked = &found
	}
	return picked
}
