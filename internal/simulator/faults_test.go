package simulator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// count gives how many certificates there truly are.
func (b *bench) count() int {
	b.t.Helper()
	var state struct{ Certificates []certificate }
	b.get("/state", &state)
	return len(state.Certificates)
}

func (b *bench) lastOutcome() string {
	b.t.Helper()
	var calls []callRecord
	b.get("/calls", &calls)
	return calls[len(calls)-1].Outcome
}

func TestFaultsOfTheAPI(t *testing.T) {
	t.Parallel()
	b := start(t)
	pair := newPair(t, must(smallRSA())(t))
	for code, status := range map[string]int{
		"Throttling.User": 400, "SystemBusy": 449, "ServiceIsConfiguring": 400, "BackendServer.configuring": 409,
		"ServiceUnavailable": 503, "InternalError": 500, "Forbidden.RAM": 403, "UnauthorizedRegion": 403, "Forbbiden.SubUser": 403,
		"InvalidLoadBalancerId.NotFound": 404, "ListenerNotFound": 404, "DomainExtensionProcessing": 400, "Something.New": 400,
	} {
		b.put("/faults", `["UploadServerCertificate=`+code+`"]`)
		if got, gotCode := b.refused("UploadServerCertificate", pair.parameters()); got != status || gotCode != code {
			t.Errorf("%s: got %d %v, want %d", code, got, gotCode, status)
		}
		if got := b.lastOutcome(); got != code {
			t.Errorf("the log of calls says %s for %s", got, code)
		}
	}
	if n := b.count(); n != 0 {
		t.Errorf("%d certificates came of refused uploads", n)
	}
	b.put("/faults", `["UploadServerCertificate=SignatureDoesNotMatch"]`)
	e := newExchange("UploadServerCertificate", pair.parameters()).sign()
	if err := b.send(e); err != nil || !strings.Contains(string(e.body), "server string to sign is:POST&") || !strings.Contains(string(e.body), "PRIVATE%2520KEY") {
		t.Errorf("the injected refusal is kinder than a true one: %v %s", err, e.body)
	}
}

func TestFaultsOfTheNetwork(t *testing.T) {
	t.Parallel()
	pair := newPair(t, must(smallRSA())(t))
	for spec, c := range map[string]struct {
		made int
		sees func(*exchange, error) bool
	}{
		"reset":                {0, wasReset},
		"applied-then-reset":   {1, wasReset},
		"timeout":              {0, timedOut},
		"applied-then-timeout": {1, timedOut},
		"http502":              {0, html(502)},
		"applied-then-http502": {1, html(502)},
		"http200":              {0, html(200)},
	} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			b := start(t, func(o *Options) { o.Faults = []string{"UploadServerCertificate=" + spec} })
			e := newExchange("UploadServerCertificate", pair.parameters()).sign()
			if err := b.sendAndGiveUp(e, strings.HasSuffix(spec, "timeout")); !c.sees(e, err) {
				t.Errorf("the client sees %v, %d %s", err, e.status, e.body)
			}
			if got := b.count(); got != c.made {
				t.Errorf("%d certificates are there, want %d", got, c.made)
			}
			if got := b.lastOutcome(); got != spec {
				t.Errorf("the log of calls says %s", got)
			}
		})
	}
}

// sendAndGiveUp sends a call, and if it may give up it does so once the call is in the log.
func (b *bench) sendAndGiveUp(e *exchange, may bool) error {
	b.t.Helper()
	ctx, giveUp := context.WithCancel(b.t.Context())
	defer giveUp()
	var before, now []callRecord
	b.get("/calls", &before)
	ended := make(chan error, 1)
	go func() { ended <- b.sendUntil(ctx, e) }()
	for len(now) <= len(before) {
		b.get("/calls", &now)
	}
	if may {
		giveUp()
	}
	return <-ended
}

func wasReset(_ *exchange, err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF)
}

func timedOut(_ *exchange, err error) bool { return errors.Is(err, context.Canceled) }

func html(status int) func(*exchange, error) bool {
	return func(e *exchange, err error) bool {
		return err == nil && e.status == status && e.header.Get("Content-Type") == "text/html"
	}
}

func TestFaultThatWasRefusedAnywayIsNotApplied(t *testing.T) {
	t.Parallel()
	b := start(t, func(o *Options) { o.Faults = []string{"*=applied-then-reset"} })
	e := newExchange("DeleteServerCertificate", map[string]string{"ServerCertificateId": "1_2_3_-4"}).sign()
	if err := b.send(e); !wasReset(e, err) {
		t.Errorf("the client sees %v", err)
	}
	if got := b.lastOutcome(); got != "reset" {
		t.Errorf("the log of calls says %s", got)
	}
}

func TestFaultsOfOneAccessKey(t *testing.T) {
	t.Parallel()
	b := start(t, func(o *Options) { o.Faults = []string{"*@LTAIother=Throttling.User"} })
	b.put("/access-keys", `{"id":"LTAIother","secret":"s2","account":"1000000000000002"}`)
	e := newExchange("DescribeRegions", nil)
	if err := b.send(e.sign()); err != nil || e.status != http.StatusOK {
		t.Errorf("another's call failed: %v, %s", err, e.body)
	}
	e = newExchange("DescribeRegions", nil)
	e.query.Set("AccessKeyId", "LTAIother")
	e.secret = "s2"
	if err := b.send(e.sign()); err != nil || e.document["Code"] != "Throttling.User" {
		t.Errorf("the key's own call didn't: %v, %s", err, e.body)
	}
}

func TestAnUploadMayComeBackAsAnother(t *testing.T) {
	t.Parallel()
	b := start(t, func(o *Options) { o.Faults = []string{"UploadServerCertificate=foreign-fingerprint:x1"} })
	pair := newPair(t, must(smallRSA())(t))
	var answered []any
	for _, outcome := range []string{"foreign-fingerprint", "ok"} {
		e := newExchange("UploadServerCertificate", pair.parameters())
		if err := b.send(e.sign()); err != nil || e.status != http.StatusOK {
			t.Fatalf("%v, %s", err, e.body)
		}
		answered = append(answered, e.document["Fingerprint"])
		if got := b.lastOutcome(); got != outcome {
			t.Errorf("the log of calls says %s, want %s", got, outcome)
		}
	}
	if answered[0] == answered[1] || len(answered[0].(string)) != len(answered[1].(string)) {
		t.Errorf("the fingerprints are %v", answered)
	}
}

func TestFaultsByChanceAndByCount(t *testing.T) {
	t.Parallel()
	var f faults
	if err := f.replace([]string{"DescribeRegions=Throttling:0.25", "UploadServerCertificate=SystemBusy:x2", "*=ServiceUnavailable:0.5"}); err != nil {
		t.Fatal(err)
	}
	seen, dice := map[string]int{}, newRandom(7)
	for range 1000 {
		if got := f.pick("DescribeRegions", "", dice); got != nil {
			seen[got.code]++
		}
		if got := f.pick("UploadServerCertificate", "", dice); got != nil && got.code == "SystemBusy" {
			seen[got.code]++
		}
	}
	if n := seen["Throttling"]; n < 200 || n > 300 {
		t.Errorf("a quarter of 1000 calls is not %d", n)
	}
	if seen["SystemBusy"] != 2 || seen["ServiceUnavailable"] < 300 {
		t.Errorf("seen: %v", seen)
	}
}

func TestFaultsThatAreNone(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.put("/faults", `["*=Throttling:0.5"]`)
	for _, spec := range []string{
		"", "Throttling", "Upload=Throttling", "=Throttling", "*=", "*=a b", "*=Throttling:", "*=Throttling:0", "*=Throttling:1.5",
		"*=Throttling:NaN", "*=Throttling:x0", "*=Throttling:x-1", "*=Throttling:#0", "*=Throttling:#", "*=Throttling:#1x2", "*=applied-then-Throttling", "*=applied-then-",
		"*@=Throttling", "@LTAI=Throttling", "*=foreign-fingerprint", "DeleteServerCertificate=foreign-fingerprint",
	} {
		if _, err := parseFault(spec); err == nil {
			t.Errorf("%q is taken", spec)
		}
		if status := b.put("/faults", `["*=reset","`+spec+`"]`); status != http.StatusBadRequest {
			t.Errorf("PUT of %q gives %d", spec, status)
		}
	}
	var specs []string
	if b.get("/faults", &specs); len(specs) != 1 || specs[0] != "*=Throttling:0.5" {
		t.Errorf("after refused ones there are %q", specs)
	}
}
