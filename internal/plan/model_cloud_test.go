package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// modelCertificate is a certificate in the modelled cloud, with its whole life.
type modelCertificate struct {
	plan.Certificate
	// owner is the object tag it was uploaded under, "" for somebody else's.
	owner string
	// born is when its upload was applied, seen when every list has it; died and
	// gone are the same for its deletion.
	born, seen, died, gone time.Time
}

// live tells whether the certificate is in the cloud at a time.
func (c *modelCertificate) live(now time.Time) bool {
	return !c.born.After(now) && (c.died.IsZero() || c.died.After(now))
}

// listed tells whether a list asked for now shows the certificate; where lists lag it
// may or may not.
func (c *modelCertificate) listed(now time.Time, chance func() bool) bool {
	switch {
	case c.born.After(now):
		return false
	case c.live(now):
		return !c.seen.After(now) || chance()
	default:
		return c.gone.After(now) && chance()
	}
}

// list is what one list shows.
func (w *world) list() []plan.Certificate {
	var shown []plan.Certificate
	for _, c := range w.cloud {
		if c.listed(w.now, w.coin) {
			copied := c.Certificate
			copied.Tags = maps.Clone(c.Tags)
			shown = append(shown, copied)
		}
	}
	w.rng.Shuffle(len(shown), func(i, j int) { shown[i], shown[j] = shown[j], shown[i] })
	return shown
}

// find returns a live certificate.
func (w *world) find(id string) *modelCertificate {
	for _, c := range w.cloud {
		if c.ID == id && c.live(w.now) {
			return c
		}
	}
	return nil
}

// upload makes a certificate; an answer that is lost may come before its effect, but
// every list has it within the window.
func (w *world) upload(name string, tags []plan.Tag, lost bool) *modelCertificate {
	c := &modelCertificate{born: w.now, seen: w.now.Add(w.upTo(window))}
	if lost {
		c.born = w.now.Add(min(w.upTo(3*time.Second), c.seen.Sub(w.now)))
	}
	c.ID, c.Name, c.CreateTime = fmt.Sprintf("cert-%d", len(w.cloud)), name, c.born
	c.Tags = map[string]string{}
	for _, tag := range tags {
		c.Tags[tag.Key] = tag.Value
	}
	c.owner, c.Fingerprint = c.Tags[v1alpha1.TagObject], fingerprintOf(c.Tags[v1alpha1.TagDigest])
	w.cloud = append(w.cloud, c)
	return c
}

// remove deletes a certificate, by whomever.
func (w *world) remove(c *modelCertificate) {
	c.died, c.gone = w.now, w.now.Add(w.upTo(window))
}

// change makes one call's change; its answer names the fault.
func (w *world) change(r *replica, step plan.Step) *clberr.Error {
	switch step := step.(type) {
	case plan.Delete:
		return w.delete(step.ID)
	case plan.SetCertificate, plan.SetExtension, plan.CreateExtension, plan.DeleteExtension:
		return w.listen(step)
	case plan.Rename:
		return r.edit(step.ID, func(c *plan.Certificate) { c.Name = step.Name })
	case plan.MoveGroup:
		return r.edit(step.ID, func(c *plan.Certificate) { c.ResourceGroupID = step.ResourceGroupID })
	case plan.PutTags:
		return r.edit(step.ID, func(c *plan.Certificate) {
			for _, tag := range step.Tags {
				c.Tags[tag.Key] = tag.Value
			}
		})
	case plan.RemoveTags:
		return r.edit(step.ID, func(c *plan.Certificate) {
			maps.DeleteFunc(c.Tags, func(key, _ string) bool { return slices.Contains(step.Keys, key) })
		})
	}
	w.fail("no such step %T", step)
	return nil
}

// delete deletes a certificate for the product, and checks that it may.
func (w *world) delete(id string) *clberr.Error {
	c := w.find(id)
	if c == nil {
		return nil // the client takes NotFound for done
	}
	switch byDefault, byDomain := w.serving(id); {
	case byDefault:
		return clberr.New("DeleteServerCertificate", "CertificateAndPrivateKeyIsRefered", "no", "R-1", 400, clberr.Refused)
	case byDomain:
		return clberr.New("DeleteServerCertificate", "CertificateRelatedDomainExtensionExist", "no", "R-1", 400, clberr.Refused)
	}
	for name := range w.objects {
		object := w.latest(name)
		if object != nil && object.Status.CertificateID == id && object.DeletionTimestamp.IsZero() {
			w.fail("deleted %s, which is the current certificate of %s", id, name)
		}
	}
	if c.owner == "" {
		w.fail("deleted %s, which isn't ours", id)
	}
	w.remove(c)
	return nil
}

// refusals are answers of the service that it did nothing.
var refusals = []struct {
	code   string
	status int
}{
	{"SystemBusy", 449}, {"Throttling.User", 400}, {"LastTokenProcessing", 400}, {"Forbidden.RAM", 403}, {"OverQuota", 400},
	{"InvalidParameter", 400}, {"", 502},
}

// fault is what goes wrong with a call, if anything; after says that it is applied
// nevertheless.
func (w *world) fault(action string) (err *clberr.Error, after bool) {
	if w.quiet || !w.chance(4) {
		return nil, false
	}
	switch w.rng.IntN(4) {
	case 0:
		return clberr.New(action, "", "connection reset", "", 0, clberr.Unknown), false
	case 1:
		return clberr.New(action, "", "connection reset", "", 0, clberr.Unknown), true
	case 2:
		return clberr.New(action, "", "no such host", "", 0, clberr.NotSent), false
	default:
		refusal := refusals[w.rng.IntN(len(refusals))]
		if action == "plan.Delete" && w.coin() {
			refusal.code = "CertificateAndPrivateKeyIsRefered"
		}
		return clberr.New(action, refusal.code, "no", fmt.Sprintf("R-%d", w.rng.IntN(1000)), refusal.status, clberr.Refused), false
	}
}
