package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/hack/mutants/overlay"
	"github.com/clbcert/clbcert/test/env"
)

// clockAt names, to the manager that restless builds, the file with the seconds that its
// clock is off; stopAt the step before which it stops itself, once.
const (
	clockAt = "CLBCERT_TEST_CLOCK"
	stopAt  = "CLBCERT_TEST_STOP_AT"
)

// movable is a clock that a test moves as somebody sets a machine's: the time of day jumps,
// and the time since the machine was started, which Go keeps beside it, doesn't. So it must
// be put into the time by hand: Add would move both. Its seconds are in the bits from 30 on.
const movable = `
// Moved is the time by the clock that a test moves.
func Moved() time.Time {
	now := time.Now()
	text, _ := testos.ReadFile(testos.Getenv("` + clockAt + `"))
	seconds, _ := teststrconv.ParseInt(string(text), 10, 64)
	*(*uint64)(testunsafe.Pointer(&now)) += uint64(seconds) << 30
	return now
}
`

// whereTimeIsTold are the files whose clock is moved: all that the controller and the way to
// the cloud go by. What signs is left alone, as the cloud refuses a clock that is a quarter
// of an hour off, and then nothing could go wrong; so are the leader's election, and TLS.
var whereTimeIsTold = []string{"cmd/manager/cluster.go", "internal/clb/*.go", "internal/clb/wire/exchange.go"}

// restless are the edits for a manager with such a clock, that can stop itself.
func restless(root string) ([]overlay.Edit, error) {
	const gate = "internal/clb/wire/gate.go"
	edits := []overlay.Edit{
		{File: gate, Old: "\nimport (\n", New: "\nimport (\n\ttestos \"os\"\n\tteststrconv \"strconv\"\n\ttestunsafe \"unsafe\"\n"},
		{File: gate, Old: "\nfunc (g *gate) close() {\n", New: movable + "\nfunc (g *gate) close() {\n"},
	}
	for _, pattern := range whereTimeIsTold {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			more, err := moveClock(root, file)
			if err != nil {
				return nil, err
			}
			edits = append(edits, more...)
		}
	}
	return append(edits, stopping...), nil
}

// moveClock gives the edit of a file that tells the time, or none.
func moveClock(root, file string) ([]overlay.Edit, error) {
	content, err := os.ReadFile(file)
	text := string(content)
	if err != nil || strings.HasSuffix(file, "_test.go") || !strings.Contains(text, "time.Now") {
		return nil, err
	}
	name, err := filepath.Rel(root, file)
	if err != nil {
		return nil, err
	}
	moved := strings.ReplaceAll(text, "time.Now", "Moved") + "\nvar _ time.Time\n"
	if filepath.Base(filepath.Dir(file)) != "wire" {
		moved = strings.ReplaceAll(text, "time.Now", "moved.Moved") + "\nvar _ time.Time\n"
		moved = strings.Replace(moved, "\nimport (\n", "\nimport (\n\tmoved \"github.com/clbcert/clbcert/internal/clb/wire\"\n", 1)
	}
	return []overlay.Edit{{File: filepath.ToSlash(name), Old: text, New: moved}}, nil
}

// stopping has the manager stop itself before a step, and say when it is past it.
var stopping = []overlay.Edit{
	{File: "controllers/reconcile.go", Old: "\t\"errors\"\n\t\"fmt\"\n", New: "\t\"errors\"\n\t\"fmt\"\n\t\"os\"\n\t\"sync/atomic\"\n\t\"syscall\"\n"},
	{File: "controllers/reconcile.go", Old: "\t\toutcome, err := r.act(ctx, state, step, means)\n", New: `
		stops := os.Getenv("` + stopAt + `") == fmt.Sprintf("%T", step) && !stopped.Swap(true)
		if stops {
			fmt.Fprintln(os.Stderr, "stopping before the step")
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
		outcome, err := r.act(ctx, state, step, means)
		if stops {
			fmt.Fprintln(os.Stderr, "past the step")
		}
`},
	{File: "controllers/reconcile.go", Old: "// Reconcile is one pass over one object.\n", New: "var stopped atomic.Bool\n\n// Reconcile is one pass over one object.\n"},
}

// buildRestless builds that manager.
func buildRestless(t *testing.T) string {
	t.Helper()
	root, err := overlay.Root()
	if err != nil {
		t.Fatal(err)
	}
	edits, err := restless(root)
	if err != nil {
		t.Fatal(err)
	}
	program, err := overlay.Build(t.Context(), root, t.TempDir(), "manager", edits...)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// clock is what a manager's clock is read from.
type clock struct{ file string }

// newClock gives a replica a clock, which is right at first.
func newClock(t *testing.T, r *replica) clock {
	t.Helper()
	c := clock{file: filepath.Join(t.TempDir(), "clock")}
	r.env = append(r.env, clockAt+"="+c.file)
	return c
}

// set sets the clock to be off by so much. A reader sees the old or the new file, whole.
func (c clock) set(off time.Duration) error {
	text := fmt.Sprintf("%d", int64(off/time.Second))
	if err := os.WriteFile(c.file+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(c.file+".new", c.file)
}

// jumps are ways for a clock to move, jump by jump and over again.
var jumps = map[string][]time.Duration{
	"two hours on":            {2 * time.Hour},
	"two hours back":          {-2 * time.Hour},
	"a day on":                {24 * time.Hour},
	"some seconds to and fro": {3 * time.Second, -2 * time.Second, time.Second, -4 * time.Second, 0},
	"hours to and fro":        {2 * time.Hour, -2 * time.Hour, 5 * time.Minute, 24 * time.Hour, -7 * time.Minute},
}

func TestAClockThatJumpsDoesNoHarm(t *testing.T) {
	t.Parallel()
	program := buildRestless(t)
	for name, offs := range jumps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, program, "--leader-elect=false")
			l.liveByClock(newClock(t, l.stage.brawl.replicas[0]), offs)
		})
	}
	t.Run("at any moment, by anything", func(t *testing.T) {
		t.Parallel()
		l := newLife(t, program, "--leader-elect=false")
		l.liveByWildClock(newClock(t, l.stage.brawl.replicas[0]))
	})
	t.Run("set back while the leader is paused before an upload", func(t *testing.T) {
		t.Parallel()
		newLife(t, program, "--leader-elect=false").resumeInThePast()
	})
}

// accompany runs the replicas and the witness until the returned function is called.
func (l *life) accompany(replicas ...*replica) (leave func()) {
	all, stop := context.WithCancel(l.Context())
	var companions sync.WaitGroup
	companions.Go(func() { l.stage.world.witness.follow(all) })
	for _, r := range replicas {
		companions.Go(func() { r.supervise(all) })
	}
	return func() {
		stop()
		companions.Wait()
	}
}

// fault has the managers' next upload fail so.
func (l *life) fault(code string) {
	l.Helper()
	l.stage.brawl.simulator.SetFaults(l, "UploadServerCertificate@"+managersKeyID+"="+code)
}

// liveByClock renews while the clock jumps: at rest, while an upload is pending that was
// applied, and one that wasn't, and as a leader dies and one with another clock follows.
func (l *life) liveByClock(c clock, offs []time.Duration) {
	w, r := l.stage.world, l.stage.brawl.replicas[0]
	defer l.accompany(r)()
	next := 0
	jump := func() {
		l.must(c.set(offs[next%len(offs)]))
		next++
	}
	l.make()
	l.keepNone()
	jump()
	l.must(w.replace(l.Context(), l.slot.secret, deed{kind: renew}))
	l.await("renewed after a jump", l.isServed)
	for _, code := range []string{"applied-then-timeout:x1", "timeout:x1", "applied-then-reset:x1", "reset:x1"} {
		l.must(c.set(0))
		l.fault(code)
		l.must(w.replace(l.Context(), l.slot.secret, deed{kind: renew}))
		l.await("pending", isPending)
		jump()
		if strings.HasPrefix(code, "applied-then-reset") || strings.HasPrefix(code, "reset") {
			r.kill() // the next one has this clock from its start
		}
		l.await("renewed, "+code, l.isServed)
	}
	jump()
	l.checkClockwork(6)
}

// keepNone has superseded certificates deleted at once.
func (l *life) keepNone() {
	l.Helper()
	none := int32(0)
	l.must(l.stage.world.change(l.Context(), l.slot, keepMore, func(o *v1alpha1.ServerCertificate) { o.Spec.RevisionHistoryLimit = &none }))
}

func isPending(o *v1alpha1.ServerCertificate) bool { return o.Status.PendingUpload != nil }

// liveByWildClock renews under faults while the clock is moved all the time, and the leader
// is killed.
func (l *life) liveByWildClock(c clock) {
	w, r := l.stage.world, l.stage.brawl.replicas[0]
	defer l.accompany(r)()
	dice := rand.New(rand.NewPCG(*seed, 3))
	l.make()
	l.keepNone()
	moving, stop := context.WithCancel(l.Context())
	defer stop()
	var mover sync.WaitGroup
	mover.Go(func() {
		for moving.Err() == nil {
			_ = c.set(between(dice, -2*time.Hour, 24*time.Hour))
			wait(moving, between(dice, 10*time.Millisecond, 200*time.Millisecond))
		}
	})
	l.fault("applied-then-timeout:0.3")
	for i := range 6 {
		l.must(w.replace(l.Context(), l.slot.secret, deed{kind: renew}))
		if i%2 == 1 {
			l.await("pending or renewed", func(o *v1alpha1.ServerCertificate) bool { return isPending(o) || l.isServed(o) })
			r.kill()
		}
		l.await("renewed by a wild clock", l.isServed)
	}
	stop()
	mover.Wait()
	l.checkClockwork(7)
}

// resumeInThePast has a leader pause between its intent and the upload, for long enough that
// another takes over and uploads. It wakes with its clock set back, before the deadline.
func (l *life) resumeInThePast() {
	b := l.stage.brawl
	left := b.replicas[0]
	right := newReplica(l.T, "right", b.cluster, b.simulator, b.trace)
	right.path, right.args = left.path, left.args
	newClock(l.T, right)
	c := newClock(l.T, left)
	left.env = append(left.env, stopAt+"=plan.Upload")
	defer l.accompany(left)()

	w := l.stage.world
	l.must(l.slot.secret.renew())
	l.must(w.put(l.Context(), l.slot.secret))
	l.must(w.create(l.Context(), l.slot))
	l.await("pending", isPending)
	l.until("it has stopped itself", func() bool { return strings.Contains(left.tail(), "stopping before the step") })
	b.pause(left)
	l.must(c.set(-2 * time.Hour))
	defer l.accompany(right)()
	l.await("served by the other", l.isServed)
	left.resume()
	l.until("it goes on", func() bool { return strings.Contains(left.tail(), "past the step") })
	left.kill()
	l.checkClockwork(1)
}

func (l *life) until(what string, holds func() bool) {
	l.Helper()
	short, cancel := context.WithTimeout(l.Context(), env.Patience)
	defer cancel()
	l.must(poll(short, what, holds))
}

// checkClockwork checks that all is in order in the end, after so many uploads.
func (l *life) checkClockwork(uploads int) {
	l.Helper()
	w := l.stage.world
	l.await("in order", func(o *v1alpha1.ServerCertificate) bool {
		return l.isServed(o) && !isPending(o) && len(o.Status.Superseded) == 0
	})
	l.stage.checkWitness()
	odd := w.unsettled(l.Context())
	if trace := w.trace; trace.of("uploads") != uploads || len(odd) > 0 || trace.violated() {
		l.Errorf("%d uploads, want %d; %q\n%s", trace.of("uploads"), uploads, odd, trace)
	}
}
