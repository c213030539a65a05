package plan_test

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/plan"
)

// replica is one manager. What it remembers is lost in a crash.
type replica struct {
	world  *world
	name   string
	offset time.Duration // of its clock

	memories map[string]*modelMemory
	seen     map[string]int // how far its watch has come
	lists    []plan.List
	effects  []effect
	front    *plan.LoadBalancer
	frontAt  time.Time
	passes   map[string]*pass
	due      map[string]time.Time
}

// modelMemory is what controllers keeps of one object.
type modelMemory struct {
	uid     types.UID
	plan    plan.Memory
	written int
}

// pass is one under way.
type pass struct {
	state plan.State
	steps int
}

func (r *replica) crash() {
	r.memories, r.seen = map[string]*modelMemory{}, map[string]int{}
	r.lists, r.effects, r.front = nil, nil, nil
	r.passes, r.due = map[string]*pass{}, map[string]time.Time{}
	for name := range r.world.objects {
		r.due[name] = r.world.now
	}
}

func (r *replica) clock() time.Time { return r.world.now.Add(r.offset) }

// read is the object from the cache, which may be behind.
func (r *replica) read(name string) *v1alpha1.ServerCertificate {
	versions := r.world.objects[name]
	if len(versions) == 0 {
		return nil
	}
	last := len(versions) - 1
	first := min(r.seen[name], last)
	if r.world.quiet || r.world.coin() {
		first = last
	}
	r.seen[name] = first + r.world.rng.IntN(last-first+1)
	return versions[r.seen[name]]
}

// begin begins a pass, as controllers does in observe.go.
func (r *replica) begin(name string) {
	delete(r.due, name)
	object := r.read(name)
	if object != r.world.latest(name) {
		r.due[name] = r.world.now // when the cache has caught up
	}
	if object == nil {
		delete(r.memories, name)
		return
	}
	known := r.memories[name]
	if known == nil || known.uid != object.UID {
		known = &modelMemory{uid: object.UID}
		r.memories[name] = known
	}
	if version, _ := strconv.Atoi(object.ResourceVersion); version < known.written {
		r.due[name] = r.world.now
		return
	}
	object = object.DeepCopy()
	now := r.clock()
	known.plan = known.plan.Observe(object, now)
	s := plan.State{
		Now: now, Jitter: r.world.rng.Float64(), Settings: settings(),
		Object: object, Status: object.Status, Recorded: object.Status,
		HasFinalizer: slices.Contains(object.Finalizers, v1alpha1.Finalizer), Memory: known.plan,
		TidyDue: !known.plan.TidyAt.After(now), Credentials: "the manager's credentials",
	}
	switch {
	case s.Deleting():
	case r.world.missing[name]:
		s.Source = &plan.Obstacle{Reason: v1alpha1.ReasonSecretNotFound, Message: "no Secret"}
	default:
		s.Wanted = wantedOf(r.world.secrets[name])
	}
	s.Region, s.Access = plan.RegionOf(object, region, nil)
	if s.Wanted != nil {
		s.Inputs = fmt.Sprint(object.Generation, s.Wanted.Digest)
	}
	r.passes[name] = &pass{state: s}
}

// step does one step of a pass, or ends it, as controllers does in reconcile.go.
func (r *replica) step(name string) {
	p := r.passes[name]
	step := plan.Next(p.state)
	if step == nil {
		r.record(name, p.state)
		return
	}
	if p.steps++; p.steps > 200 {
		r.world.fail("a pass of %s has no end", name)
		return
	}
	outcome, err := r.act(name, p.state, step)
	r.world.note("%s %s: %T %s -> %s%v", r.name, name, step, step, failureOf(outcome), err)
	if err != nil {
		r.giveUp(name)
		return
	}
	p.state = plan.After(p.state, step, outcome)
	r.put(name, p.state)
	switch step.(type) {
	case plan.Confirm, plan.Record:
		r.step(name) // what comes between is beyond anybody's reach
	}
}

func failureOf(o plan.Outcome) string {
	if o.Err == nil {
		return ""
	}
	return fmt.Sprintf("%s %s ", o.Err.Outcome, o.Err)
}

// giveUp ends a pass that the API server cut short.
func (r *replica) giveUp(name string) {
	delete(r.passes, name)
	r.due[name] = r.world.now.Add(20 * time.Millisecond)
}

func (r *replica) put(name string, s plan.State) {
	if known := r.memories[name]; known != nil && known.uid == s.Object.UID {
		known.plan = s.Memory
	}
}

// record ends a pass, as controllers does in record.go.
func (r *replica) record(name string, s plan.State) {
	w := r.world
	if s.Deleting() && !s.HasFinalizer {
		delete(r.passes, name)
		return
	}
	outlook := plan.Summary(s)
	w.checkSummary(s, outlook)
	if !equality.Semantic.DeepEqual(outlook.Status, s.Recorded) {
		w.note("%s %s: records %s", r.name, name, brief(outlook.Status))
		if equality.Semantic.DeepEqual(asStored(outlook.Status), s.Recorded) {
			w.fail("%s is written although nothing changed", name)
		}
		written, err := r.write(name, s.Object, func(o *v1alpha1.ServerCertificate) { o.Status = asStored(outlook.Status) })
		if err != nil {
			w.note("%s %s: %v", r.name, name, err)
			r.giveUp(name)
			return
		}
		s.Memory = s.Memory.Wrote(written)
		r.put(name, s)
	}
	delete(r.passes, name)
	wake := outlook.Wake.Add(-r.offset)
	if due, news := r.due[name]; !news || wake.Before(due) {
		r.due[name] = wake
	}
}

// act does one step, as controllers does in act.go.
func (r *replica) act(name string, s plan.State, step plan.Step) (plan.Outcome, error) {
	var o plan.Outcome
	var err error
	status := func(s plan.State) func(*v1alpha1.ServerCertificate) {
		return func(o *v1alpha1.ServerCertificate) { o.Status = asStored(plan.Snapshot(s)) }
	}
	switch step := step.(type) {
	case plan.AddFinalizer:
		o.Object, err = r.write(name, s.Object, func(o *v1alpha1.ServerCertificate) { o.Finalizers = []string{v1alpha1.Finalizer} })
	case plan.RemoveFinalizer:
		o.Object, err = r.write(name, s.Object, func(o *v1alpha1.ServerCertificate) {
			r.world.checkRelease(o)
			o.Finalizers = nil
		})
	case plan.Record:
		o.Object, err = r.write(name, s.Object, status(s))
	case plan.RecordIntent:
		o.At = r.clock()
		o.Object, err = r.write(name, s.Object, status(plan.After(s, step, o)))
		return o, err
	case plan.Confirm:
		if live := r.world.latest(name); live == nil || live.ResourceVersion != s.Object.ResourceVersion {
			err = errConflict
		}
	case plan.Wait, plan.Adopt, plan.Forget, plan.Locate, plan.Spare, plan.Leave:
	case plan.Identify:
		o.AccountID = "1000000000000001"
	case plan.Survey:
		o.Sights = r.survey(s, step)
	case plan.ClaimExtension:
		o.At = r.clock()
		o.Object, err = r.write(name, s.Object, status(plan.After(s, step, o)))
		return o, err
	case plan.Look:
		o.Lists, o.Err = r.look(s, step)
	case plan.Upload:
		o.Certificate, o.Err = r.upload(step)
	default:
		o.Err = r.call(step)
	}
	o.At = r.clock()
	return o, err
}
