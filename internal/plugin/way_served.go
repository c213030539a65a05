package plugin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// inCloud is the certificate in the cloud, with who serves it below.
func (f facts) inCloud() link {
	st := f.object.Status
	l := link{Kind: "CloudCertificate", Name: cmp.Or(st.CertificateID, "not in the cloud yet"), State: ok}
	if st.CertificateID == "" {
		l.State = waiting
	} else {
		l.CreationTime, l.NotAfter = st.UploadTime, st.NotAfter
		l.Summary, l.Detail = f.lifetime(), fmt.Sprintf("named %s, fingerprint %s", st.CertificateName, st.Fingerprint)
	}
	uploaded := f.condition(v1alpha1.ConditionUploaded)
	if m := messageOf(uploaded); m != "" && f.observed() && !f.refuses(uploaded) {
		l.State, l.Message = stateOf(false, v1alpha1.Reason(uploaded.Reason)), m
	}
	f.judge(&l)
	l.Links = f.served()
	for _, old := range st.Superseded {
		if old.Reason != v1alpha1.ReasonRetained && old.Reason != v1alpha1.ReasonDeleting {
			l.Links = append(l.Links, link{Kind: "SupersededCertificate", Name: old.CertificateID, State: waiting, Summary: string(old.Reason), Message: old.Message, NotAfter: old.NotAfter})
		}
	}
	return l
}

// judge holds the certificate in the status against time and the cloud.
func (f facts) judge(l *link) {
	st := f.object.Status
	if st.NotAfter != nil && !f.now.Before(st.NotAfter.Time) && l.Message == "" {
		l.State, l.Message = wrong, "it has expired: have it renewed; the manager uploads what the Secret holds"
	}
	switch {
	case f.cloud != nil:
		f.cloud.judge(l, st, f.now)
	case f.unasked:
		l.Summary = joined(l.Summary, "the cloud wasn't asked")
	}
}

// lifetime tells where the certificate is, since when, and until when it is valid.
func (f facts) lifetime() string {
	st := f.object.Status
	texts := []string{st.Region}
	if st.UploadTime != nil {
		texts = append(texts, "uploaded "+duration.HumanDuration(f.now.Sub(st.UploadTime.Time))+" ago")
	}
	if st.NotAfter != nil {
		texts = append(texts, f.at("expires", "expired", st.NotAfter.Time))
	}
	return strings.Join(texts, ", ")
}

// served are the bindings: those of the spec, and those taken out that aren't cleared away.
func (f facts) served() []link {
	var links []link
	for _, b := range f.object.Spec.Bindings {
		i := slices.IndexFunc(f.object.Status.Bindings, func(s v1alpha1.BindingStatus) bool { return s.Name == b.Name })
		if i < 0 {
			l := f.target(b.Listener, b.Service)
			l.State, l.Summary = waiting, joined(l.Summary, "the manager hasn't looked at it yet")
			links = append(links, l)
			continue
		}
		links = append(links, f.binding(f.object.Status.Bindings[i]))
	}
	for _, s := range f.object.Status.Bindings {
		if !slices.ContainsFunc(f.object.Spec.Bindings, func(b v1alpha1.Binding) bool { return b.Name == s.Name }) {
			l := f.binding(s)
			l.State, l.Summary = waiting, joined(l.Summary, "taken out of the spec")
			links = append(links, l)
		}
	}
	return links
}

// binding is one binding as the status has it.
func (f facts) binding(s v1alpha1.BindingStatus) link {
	l := f.target(s.Listener, s.Service)
	l.State, l.Message = stateOf(s.Ready, s.Reason), s.Message
	if l.State != ok {
		l.Summary = joined(l.Summary, string(s.Reason))
	}
	if s.CertificateID != "" && s.CertificateID != f.object.Status.CertificateID {
		l.Summary = joined(l.Summary, "serves "+s.CertificateID)
	}
	l.Detail = "binding " + s.Name
	if f.cloud != nil {
		f.cloud.judgeBinding(&l, s.Name, f.object.Status.CertificateID)
	}
	return l
}

// target names what is bound.
func (f facts) target(listener *v1alpha1.ListenerTarget, service *v1alpha1.ServiceTarget) link {
	if listener != nil {
		return link{Kind: "Listener", Name: forDomain(fmt.Sprintf("%s:%d", listener.LoadBalancerID, listener.Port), listener.Domain)}
	}
	l := link{Kind: "Service", Name: forDomain(service.Name, service.Domain)}
	switch s, read := f.services[service.Name]; {
	case !read:
		l.Summary = "not read: you may not get it"
	case s != nil:
		l.Summary = strings.Join(slices.DeleteFunc(append([]string{s.LoadBalancerID}, s.Addresses...), func(t string) bool { return t == "" }), ", ")
	}
	return l
}

// forDomain adds the domain that a binding is for to a target's name.
func forDomain(name string, domain v1alpha1.Domain) string {
	return strings.TrimSuffix(name+" "+string(domain), " ")
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}
