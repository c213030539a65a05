package plan

import (
	"slices"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// target is a status entry's binding.
func target(e v1alpha1.BindingStatus) v1alpha1.Binding {
	return v1alpha1.Binding{Name: e.Name, Listener: e.Listener, Service: e.Service}
}

// entry is what the status has of a binding, under whatever name.
func (s State) entry(b binding) v1alpha1.BindingStatus {
	for _, e := range s.Status.Bindings {
		if sameTarget(target(e), b.Binding) {
			e.Name = b.Name
			return e
		}
	}
	return v1alpha1.BindingStatus{Name: b.Name, Listener: b.Listener, Service: b.Service}
}

// ServedAt tells whether an object's status says that a certificate of its own is served at a
// binding's target.
func ServedAt(object *v1alpha1.ServerCertificate, b v1alpha1.Binding) bool {
	own := func(id string) bool {
		return id == object.Status.CertificateID || slices.ContainsFunc(object.Status.Superseded,
			func(c v1alpha1.SupersededCertificate) bool { return c.CertificateID == id })
	}
	return slices.ContainsFunc(object.Status.Bindings, func(e v1alpha1.BindingStatus) bool {
		return e.CertificateID != "" && own(e.CertificateID) && sameTarget(target(e), b)
	})
}

// putEntry puts a binding's entry into the status.
func (s State) putEntry(entry v1alpha1.BindingStatus) State {
	others := slices.DeleteFunc(slices.Clone(s.Status.Bindings), func(e v1alpha1.BindingStatus) bool {
		return sameTarget(target(e), target(entry))
	})
	s.Status.Bindings = append(others, entry)
	return s
}

// bindingEntries are the status's bindings as they stand by now: the spec's in their order,
// then those taken out, under a name that the spec doesn't have.
func (s State) bindingEntries() []v1alpha1.BindingStatus {
	var entries []v1alpha1.BindingStatus
	names := map[string]bool{}
	for _, b := range s.everywhere() {
		entry := s.entryNow(b)
		for names[entry.Name] {
			entry.Name = tookName + entry.Name
		}
		names[entry.Name] = true
		entry.Message = cut(entry.Message, v1alpha1.MaxMessage)
		if old := s.entry(b); old.Reason == entry.Reason {
			entry.Message = steady(old.Message, entry.Message)
		}
		entries = append(entries, entry)
	}
	return entries[:min(len(entries), v1alpha1.MaxBindings)]
}

// tookName stands before the name of a binding that was taken out, where another one in the
// spec has its name by now.
const tookName = "~"

// entryNow is how a binding stands.
func (s State) entryNow(b binding) v1alpha1.BindingStatus {
	entry := s.entry(b)
	entry.Listener, entry.Service = b.Listener, b.Service
	current := entry.CertificateID == s.Status.CertificateID
	sight, seen := s.Sights[b.key()]
	switch {
	case !seen && (entry.Reason == "" || entry.Ready && !current):
		entry.Ready, entry.Reason, entry.Message = false, v1alpha1.ReasonProgressing, "waiting to be bound"
		return entry
	case !seen, sight.Err != nil && transient(sight.Err) && entry.Ready && current:
		return entry // what was in order stays so until something says otherwise
	}
	j := s.assess(b)
	entry.CertificateID = j.seen
	if !b.Left && b.annotated(sight) == s.Status.CertificateID {
		entry.AnnotatedCertificateID = s.Status.CertificateID
	}
	entry.Reason, entry.Message = s.standing(b, j)
	entry.Ready = entry.Reason == v1alpha1.ReasonBound
	return s.seenBound(entry)
}

// seenBound notes on a Service's entry that all of its listeners serve the certificate.
func (s State) seenBound(entry v1alpha1.BindingStatus) v1alpha1.BindingStatus {
	if entry.Ready && entry.Service != nil {
		entry.BoundCertificateID = s.Status.CertificateID
	}
	return entry
}

// standing says how a binding stands by its judgment, and by what kept it from being done.
func (s State) standing(b binding, j judgment) (v1alpha1.Reason, string) {
	held, refused := s.HeldAt[b.key()], s.resting(b)
	switch {
	case held != "":
		return v1alpha1.ReasonDryRun, "--dry-run: would " + held
	case j.step != nil && refused != nil:
		return refused.Reason, refused.Message
	case j.step != nil:
		return v1alpha1.ReasonProgressing, "about to " + j.step.String()
	default:
		return j.reason, j.message
	}
}
