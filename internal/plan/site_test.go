package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/plan"
)

// site is what bindings lead to, as surveys see it and writes change it: the load balancer
// lb-1, and the Service shop/front.
type site struct {
	balancer plan.LoadBalancer
	service  *ccm.Service
	manager  string
	rivals   []plan.Rival
	errs     map[string]*clberr.Error // of surveys, by the binding's name
	lazy     bool                     // writes are acknowledged, and change nothing
}

// facts are some things about a site.
type facts func(*site)

// siteOf has HTTPS at 443 and 8443 with somebody's certificate, and TCP at 80.
func siteOf(changes ...facts) *site {
	p := &site{balancer: plan.LoadBalancer{
		ID: balancerID, Found: true, Tags: map[string]string{v1alpha1.TagNamespaces: "shop"},
		Listeners: []plan.Listener{
			{Port: 443, Protocol: "https", CertificateID: somebody}, {Port: 8443, Protocol: "https", CertificateID: somebody}, {Port: 80, Protocol: "tcp"},
		},
	}}
	for _, change := range changes {
		change(p)
	}
	return p
}

// at changes the listener at a port.
func at(port int32, edit func(*plan.Listener)) facts {
	return func(p *site) {
		i := slices.IndexFunc(p.balancer.Listeners, func(l plan.Listener) bool { return l.Port == port && l.Protocol != "udp" })
		edit(&p.balancer.Listeners[i])
	}
}

// serving is what the listener at a port serves by default.
func serving(port int32, id string) facts {
	return at(port, func(l *plan.Listener) { l.CertificateID = id })
}

// extended is what it serves for a domain.
func extended(port int32, domain, id string) facts {
	return at(port, func(l *plan.Listener) {
		l.Extensions = append(l.Extensions, plan.Extension{ID: fmt.Sprintf("de-%d-%s", port, domain), Domain: domain, CertificateID: id})
	})
}

// tagged are the load balancer's tags, instead of others.
func tagged(pairs ...string) facts {
	return func(p *site) {
		p.balancer.Tags = map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			p.balancer.Tags[pairs[i]] = pairs[i+1]
		}
	}
}

// wanted are others that want the same.
func wanted(rivals ...plan.Rival) facts { return func(p *site) { p.rivals = rivals } }

// frontService is the CCM's Service shop/front, with HTTPS at 443.
func frontService(edits ...func(*ccm.Service)) facts {
	return func(p *site) {
		p.service = &ccm.Service{
			Namespace: "shop", Name: "front", ResourceVersion: "7", Mark: "mark", LoadBalancerID: balancerID, HTTPSPorts: []int32{443},
		}
		for _, edit := range edits {
			edit(p.service)
		}
	}
}

// look is what a survey sees of a binding, remembered for as long as it may be.
func (p *site) look(want plan.Want) plan.Sight {
	sight := plan.Sight{Began: want.Since, Rivals: p.rivals, Err: p.errs[want.Name]}
	id := ""
	switch {
	case want.Listener != nil:
		id = want.Listener.LoadBalancerID
	case p.service != nil:
		service := *p.service
		sight.Service, sight.Manager, id = &service, p.manager, service.LoadBalancerID
	}
	sight.LoadBalancer = plan.LoadBalancer{ID: id}
	if id != p.balancer.ID {
		return sight
	}
	sight.LoadBalancer = p.balancer
	sight.LoadBalancer.Listeners = slices.Clone(p.balancer.Listeners)
	for i := range sight.LoadBalancer.Listeners {
		l := &sight.LoadBalancer.Listeners[i]
		if l.Extensions = slices.Clone(l.Extensions); want.Domain() == "" {
			l.Extensions = nil
		}
	}
	return sight
}

// write makes a step's change.
func (p *site) write(step plan.Step, o *plan.Outcome) {
	if p.lazy {
		return
	}
	change := func(port int32, edit func(*plan.Listener)) { at(port, edit)(p) }
	switch step := step.(type) {
	case plan.SetCertificate:
		change(step.Port, func(l *plan.Listener) { l.CertificateID = step.CertificateID })
	case plan.CreateExtension:
		extended(step.Port, step.Domain, step.CertificateID)(p)
	case plan.SetExtension:
		change(step.Port, func(l *plan.Listener) {
			for i := range l.Extensions {
				if l.Extensions[i].ID == step.ExtensionID {
					l.Extensions[i].CertificateID = step.CertificateID
				}
			}
		})
	case plan.DeleteExtension:
		change(step.Port, func(l *plan.Listener) {
			l.Extensions = slices.DeleteFunc(l.Extensions, func(e plan.Extension) bool { return e.ID == step.ExtensionID })
		})
	case plan.Annotate:
		p.service.ResourceVersion += "1"
		o.ResourceVersion = p.service.ResourceVersion
		if step.Annotation == ccm.AnnotationCertificate {
			p.service.CertificateID = step.Value
			return
		}
		p.service.Extensions, _ = ccm.ParseExtensions(step.Value)
	}
}

// pass goes through a pass at the site, in which each step takes a tenth of a second. Those
// fail that are named by type, or by type and binding.
func (p *site) pass(t *testing.T, s plan.State, cloud []plan.Certificate, fails map[string]*clberr.Error) walked {
	t.Helper()
	w := walked{State: s}
	var names []string
	clock := s.Now
	for step := plan.Next(w.State); step != nil; step = plan.Next(w.State) {
		name := nameOf(step)
		if names, w.taken = append(names, name), append(w.taken, step); len(names) > 100 {
			t.Fatalf("no end: %v", names)
		}
		kind, _, _ := strings.Cut(name, ":")
		began := clock
		clock = clock.Add(100 * time.Millisecond)
		o := plan.Outcome{At: clock, Held: w.DryRun && step.Writes(), Err: fails[name]}
		if o.Err == nil {
			o.Err = fails[kind]
		}
		if o.Err == nil && !o.Held {
			p.act(w.State, step, cloud, began, &o)
		}
		w.State = plan.After(w.State, step, o)
	}
	w.steps = strings.Join(names, " ")
	return w
}

// act fills in what a step finds, makes or writes.
func (p *site) act(s plan.State, step plan.Step, cloud []plan.Certificate, began time.Time, o *plan.Outcome) {
	switch step := step.(type) {
	case plan.Survey:
		o.Sights = map[string]plan.Sight{}
		for _, want := range step.Wants {
			o.Sights[want.Key()] = p.look(want)
		}
	case plan.Look:
		o.Lists = append([]plan.List{{Began: began, Certificates: cloud}}, s.Lists...)
	case plan.Locate:
		o.Users = []string{"lb-7:443"}
	default:
		succeed(s, step, cloud, o)
		p.write(step, o)
	}
}

// nameOf is a step's type, with the bindings that it is for.
func nameOf(step plan.Step) string {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", step), "plan.")
	key := ""
	switch step := step.(type) {
	case plan.Survey:
		var keys []string
		for _, want := range step.Wants {
			keys = append(keys, want.Key())
		}
		key = strings.Join(keys, ",")
	case plan.SetCertificate:
		key = step.Key
	case plan.SetExtension:
		key = step.Key
	case plan.CreateExtension:
		key = step.Key
	case plan.DeleteExtension:
		key = step.Key
	case plan.Annotate:
		key = step.Key
	case plan.ClaimExtension:
		key = step.Key
	case plan.Leave:
		key = step.Key
	}
	if key == "" {
		return kind
	}
	return kind + ":" + key
}
