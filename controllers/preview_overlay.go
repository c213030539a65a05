package controllers

import (
	"maps"
	"slices"
	"strings"

	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/plan"
)

// imagined are the steps that count as done, and the certificate that they made.
type imagined struct {
	steps []plan.Step
	made  plan.Certificate
}

func (i *imagined) add(step plan.Step, outcome plan.Outcome) {
	i.steps = append(i.steps, step)
	if _, uploads := step.(plan.Upload); uploads {
		i.made = outcome.Certificate
	}
}

// serving are those of the listeners found to serve a certificate that no step has changed since.
func (i *imagined) serving(found []string) []string {
	return slices.DeleteFunc(found, func(place string) bool {
		return slices.ContainsFunc(i.steps, func(step plan.Step) bool { return placeOf(step) == place })
	})
}

// placeOf is the listener that a step writes, in words; "" for other steps.
func placeOf(step plan.Step) string {
	switch step := step.(type) {
	case plan.SetCertificate:
		return step.Spot.String()
	case plan.SetExtension:
		return step.Spot.String()
	case plan.CreateExtension:
		return step.Spot.String()
	case plan.DeleteExtension:
		return step.Spot.String()
	default:
		return ""
	}
}

// over is what a read found, as if the imagined steps had been done before it. Lists that were
// read before count on: among them are those that waiting made old.
func (i *imagined) over(s plan.State, found plan.Outcome) plan.Outcome {
	if len(found.Lists) > 0 && len(s.Lists) > 0 {
		found.Lists = append(slices.Clone(found.Lists[:1]), s.Lists...)
	}
	for at := range found.Lists {
		for _, step := range i.steps {
			found.Lists[at] = i.listing(found.Lists[at], step)
		}
	}
	for key, sight := range found.Sights {
		for _, step := range i.steps {
			sight = seeing(sight, step)
		}
		found.Sights[key] = sight
	}
	return found
}

// listing is a list as it would be after a step.
func (i *imagined) listing(list plan.List, step plan.Step) plan.List {
	edit := func(id string, change func(*plan.Certificate)) plan.List {
		list.Certificates = slices.Clone(list.Certificates)
		for at := range list.Certificates {
			if c := &list.Certificates[at]; c.ID == id {
				c.Tags = maps.Clone(c.Tags)
				change(c)
			}
		}
		return list
	}
	without := func(id string) []plan.Certificate {
		return slices.DeleteFunc(slices.Clone(list.Certificates), func(c plan.Certificate) bool { return c.ID == id })
	}
	switch step := step.(type) {
	case plan.Upload:
		list.Certificates = append(without(i.made.ID), i.made)
	case plan.Delete:
		list.Certificates = without(step.ID)
	case plan.Rename:
		return edit(step.ID, func(c *plan.Certificate) { c.Name = step.Name })
	case plan.MoveGroup:
		return edit(step.ID, func(c *plan.Certificate) { c.ResourceGroupID = step.ResourceGroupID })
	case plan.PutTags:
		return edit(step.ID, func(c *plan.Certificate) {
			for _, tag := range step.Tags {
				c.Tags = tagged(c.Tags, tag)
			}
		})
	case plan.RemoveTags:
		return edit(step.ID, func(c *plan.Certificate) {
			maps.DeleteFunc(c.Tags, func(key, _ string) bool { return slices.Contains(step.Keys, key) })
		})
	}
	return list
}

func tagged(tags map[string]string, tag plan.Tag) map[string]string {
	if tags == nil {
		tags = map[string]string{}
	}
	tags[tag.Key] = tag.Value
	return tags
}

// seeing is a sight as it would be after a step.
func seeing(sight plan.Sight, step plan.Step) plan.Sight {
	switch step := step.(type) {
	case plan.SetCertificate:
		return onListener(sight, step.Spot, func(l *plan.Listener) { l.CertificateID = step.CertificateID })
	case plan.SetExtension:
		return onListener(sight, step.Spot, extended(plan.Extension{ID: step.ExtensionID, Domain: step.Domain, CertificateID: step.CertificateID}))
	case plan.CreateExtension:
		return onListener(sight, step.Spot, extended(plan.Extension{ID: newID, Domain: step.Domain, CertificateID: step.CertificateID}))
	case plan.DeleteExtension:
		return onListener(sight, step.Spot, func(l *plan.Listener) { l.Extensions = withoutDomain(l.Extensions, step.Domain) })
	case plan.Annotate:
		return annotated(sight, step)
	default:
		return sight
	}
}

// onListener changes what is seen of the listener that a step writes.
func onListener(sight plan.Sight, spot plan.Spot, change func(*plan.Listener)) plan.Sight {
	if sight.LoadBalancer.ID != spot.LoadBalancerID {
		return sight
	}
	sight.LoadBalancer.Listeners = slices.Clone(sight.LoadBalancer.Listeners)
	for i := range sight.LoadBalancer.Listeners {
		if l := &sight.LoadBalancer.Listeners[i]; l.Port == spot.Port && l.Protocol == "https" {
			change(l)
			l.Clusters, l.Unlisted = nil, false // what it serves is the object's own
		}
	}
	return sight
}

// extended puts an extension in the place of the one for its domain.
func extended(e plan.Extension) func(*plan.Listener) {
	return func(l *plan.Listener) { l.Extensions = append(withoutDomain(l.Extensions, e.Domain), e) }
}

func withoutDomain(extensions []plan.Extension, domain string) []plan.Extension {
	return slices.DeleteFunc(slices.Clone(extensions), func(e plan.Extension) bool { return strings.EqualFold(e.Domain, domain) })
}

// annotated is the sight of a Service whose annotation was set. The CCM hasn't acted yet.
func annotated(sight plan.Sight, step plan.Annotate) plan.Sight {
	if sight.Service == nil || sight.Service.Namespace != step.Service.Namespace || sight.Service.Name != step.Service.Name {
		return sight
	}
	service := *sight.Service
	if step.Annotation == ccm.AnnotationCertificate {
		service.CertificateID = step.Value
	} else {
		service.Extensions, _ = ccm.ParseExtensions(step.Value)
	}
	sight.Service = &service
	return sight
}
