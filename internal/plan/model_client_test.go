package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// effect is a change of its own that lists may not show yet, as the client corrects them.
type effect struct {
	until time.Time
	apply func([]plan.Certificate) []plan.Certificate
}

// call makes one call of the cloud that changes something.
func (r *replica) call(step plan.Step) *clberr.Error {
	err, after := r.world.fault(fmt.Sprintf("%T", step))
	if err == nil || after {
		if refused := r.world.change(r, step); refused != nil {
			err = refused
		}
	}
	r.world.takeTime()
	if deletion, ok := step.(plan.Delete); ok && err == nil {
		r.did(2*window, func(list []plan.Certificate) []plan.Certificate {
			return slices.DeleteFunc(slices.Clone(list), func(c plan.Certificate) bool { return c.ID == deletion.ID })
		})
	}
	return err
}

// edit changes a certificate in place.
func (r *replica) edit(id string, change func(*plan.Certificate)) *clberr.Error {
	c := r.world.find(id)
	if c == nil {
		return clberr.New("TagResources", "ServerCertificateId.NotFound", "none", "", 404, clberr.Refused)
	}
	change(&c.Certificate)
	r.did(window, func(list []plan.Certificate) []plan.Certificate {
		list = slices.Clone(list)
		for i := range list {
			if list[i].ID == id {
				list[i].Tags = maps.Clone(list[i].Tags)
				change(&list[i])
			}
		}
		return list
	})
	return nil
}

// upload uploads, unless the recorded deadline has passed.
func (r *replica) upload(step plan.Upload) (plan.Certificate, *clberr.Error) {
	const action = "UploadServerCertificate"
	if r.clock().After(step.Deadline) {
		return plan.Certificate{}, clberr.New(action, "", "too late", "", 0, clberr.NotSent)
	}
	err, after := r.world.fault(action)
	if err != nil && !after {
		r.world.takeTime()
		return plan.Certificate{}, err
	}
	made := r.world.upload(step.Name, step.Tags, err != nil)
	r.world.takeTime()
	if err != nil {
		return plan.Certificate{}, err
	}
	c := made.Certificate
	c.Tags = maps.Clone(c.Tags)
	r.did(window, func(list []plan.Certificate) []plan.Certificate {
		if slices.ContainsFunc(list, func(other plan.Certificate) bool { return other.ID == c.ID }) {
			return list
		}
		return append(slices.Clip(list), c)
	})
	return c, nil
}

// did corrects the lists that are remembered, and those to come that may lag.
func (r *replica) did(lag time.Duration, apply func([]plan.Certificate) []plan.Certificate) {
	until := r.clock().Add(lag)
	r.effects = append(r.effects, effect{until, apply})
	for i := range r.lists {
		r.lists[i].Certificates = apply(r.lists[i].Certificates)
	}
}

// look gives lists as the client does: remembered ones where they are new enough, and
// those that concern the object.
func (r *replica) look(s plan.State, step plan.Look) ([]plan.List, *clberr.Error) {
	if len(r.lists) == 0 || r.lists[0].Began.Before(step.Since) {
		if err, _ := r.world.fault("DescribeServerCertificates"); err != nil {
			return nil, err
		}
		list := plan.List{Began: r.clock(), Certificates: r.world.list()}
		for _, e := range r.effects {
			if list.Began.Before(e.until) {
				list.Certificates = e.apply(list.Certificates)
			}
		}
		r.lists = append([]plan.List{list}, r.lists...)
		if i := slices.IndexFunc(r.lists, func(l plan.List) bool { return list.Began.Sub(l.Began) >= window }); i >= 0 {
			r.lists = r.lists[:i+1]
		}
		r.world.takeTime()
	}
	concerned := slices.Clone(r.lists)
	for i := range concerned {
		concerned[i].Certificates = slices.DeleteFunc(slices.Clone(concerned[i].Certificates),
			func(c plan.Certificate) bool { return !s.Concerns(c) })
	}
	return concerned, nil
}
