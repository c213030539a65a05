package plugin

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/ccm"
	"github.com/clbcert/clbcert/internal/clb"
)

// cloudFacts are what the cloud says itself.
type cloudFacts struct {
	// certificate is that of the status, nil where the cloud has none of its ID.
	certificate *clb.Certificate
	// served are the IDs that a binding's listeners serve, by the binding's name; failed says why
	// that can't be told.
	served map[string][]string
	failed map[string]string
}

// judge holds the certificate in the status against the cloud. A list may lag behind an upload.
func (c *cloudFacts) judge(l *link, st v1alpha1.ServerCertificateStatus, now time.Time) {
	switch {
	case st.CertificateID == "":
	case c.certificate == nil && st.UploadTime != nil && now.Sub(st.UploadTime.Time) < settledAge:
		l.Summary = joined(l.Summary, "not in the cloud's list yet")
	case c.certificate == nil:
		l.State, l.Message = wrong, "the cloud has no certificate of this ID: somebody deleted it; the manager uploads it anew when it looks again, or at once by kubectl clbcert sync"
	case st.Fingerprint != "" && !clb.SameFingerprint(c.certificate.Fingerprint, st.Fingerprint):
		l.State, l.Message = wrong, "the cloud's certificate of this ID has another fingerprint, "+c.certificate.Fingerprint+": kubectl clbcert sync has the manager look again"
	default:
		l.Summary = joined(l.Summary, "the cloud has it")
	}
}

// judgeBinding holds a binding that is in order, by the status, against what its listeners serve.
func (c *cloudFacts) judgeBinding(l *link, name, wanted string) {
	why, failed := c.failed[name]
	served, told := c.served[name]
	others := slices.DeleteFunc(slices.Clone(served), func(id string) bool { return id == wanted })
	switch {
	case failed:
		l.Summary = joined(l.Summary, "the cloud doesn't tell: "+why)
	case !told || wanted == "":
	case len(served) == 0:
		l.Summary = joined(l.Summary, "the cloud has no HTTPS listener there")
	case len(others) > 0:
		l.Summary = joined(l.Summary, "the cloud serves "+strings.Join(others, ", "))
	default:
		l.Summary = joined(l.Summary, "the cloud serves it")
		return
	}
	if l.State == ok && told && wanted != "" {
		l.State, l.Message = wrong, "somebody changed it since the manager looked: kubectl clbcert sync has it look again"
	}
}

// askCloud reads what the cloud says of an object's certificate and bindings, as it is since a time.
func askCloud(ctx context.Context, account *clb.Account, region string, f facts, since time.Time) (*cloudFacts, error) {
	c := &cloudFacts{served: map[string][]string{}, failed: map[string]string{}}
	if id := f.object.Status.CertificateID; id != "" {
		lists, err := account.Certificates(ctx, region, since, clb.Concern{IDs: []string{id}})
		if err != nil {
			return nil, err
		}
		for _, found := range lists[0].Certificates {
			c.certificate = &found
		}
	}
	asked := spots{account: account, region: region, since: since, services: f.services}
	for _, b := range f.object.Spec.Bindings {
		switch ids, known, err := asked.servedBy(ctx, b); {
		case err != nil:
			c.failed[b.Name] = err.Error()
		case known:
			c.served[b.Name] = ids
		}
	}
	return c, nil
}

// spots finds what is served where bindings lead.
type spots struct {
	account  *clb.Account
	region   string
	since    time.Time
	services map[string]*ccm.Service
}

// servedBy are the certificates that a binding's listeners serve for its domain, or by default. It
// isn't known before there is a load balancer.
func (s spots) servedBy(ctx context.Context, b v1alpha1.Binding) (ids []string, known bool, err error) {
	id, ports, domain, err := s.of(ctx, b)
	if err != nil || id == "" {
		return nil, false, err
	}
	fronts, err := s.account.Fronts(ctx, s.region, []string{id}, s.since)
	if err != nil {
		return nil, false, err
	}
	for _, port := range ports {
		served, there := fronts[id].Defaults[port]
		if there && domain != "" {
			listener, _, err := s.account.ListenerSince(ctx, s.region, id, port, s.since)
			if err != nil {
				return nil, false, err
			}
			served = extensionOf(listener, domain)
		}
		if there {
			ids = append(ids, served)
		}
	}
	return ids, true, nil
}

// extensionOf is what a listener serves for a domain, in words where it is nothing.
func extensionOf(listener clb.Listener, domain string) string {
	for _, e := range listener.Extensions {
		if strings.EqualFold(e.Domain, domain) {
			return e.CertificateID
		}
	}
	return "nothing of its own"
}

// of is where a binding is to be served; the load balancer is "" where there is none yet.
func (s spots) of(ctx context.Context, b v1alpha1.Binding) (id string, ports []int32, domain string, err error) {
	if b.Listener != nil {
		return b.Listener.LoadBalancerID, []int32{b.Listener.Port}, string(b.Listener.Domain), nil
	}
	domain = string(b.Service.Domain)
	service, read := s.services[b.Service.Name]
	switch {
	case !read:
		return "", nil, "", errUnread
	case service == nil:
		return "", nil, domain, nil
	case service.LoadBalancerID != "" || len(service.Addresses) == 0:
		return service.LoadBalancerID, service.HTTPSPorts, domain, nil
	}
	found, err := s.account.FindLoadBalancers(ctx, s.region, service.Addresses[0])
	if err == nil && len(found) == 1 {
		id = found[0]
	}
	return id, service.HTTPSPorts, domain, err
}

// errUnread is why a Service's load balancer isn't known.
var errUnread = errors.New("you may not get the Service")
