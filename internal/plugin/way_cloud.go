package plugin

import (
	"context"
	"fmt"
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

// judge holds the certificate in the status against the cloud.
func (c *cloudFacts) judge(l *link, st v1alpha1.ServerCertificateStatus) {
	switch {
	case st.CertificateID == "":
	case c.certificate == nil:
		l.State, l.Message = wrong, "the cloud has no certificate of this ID: somebody deleted it; the manager uploads it anew when it looks again, or at once by kubectl clbcert sync"
	case st.Fingerprint != "" && !clb.SameFingerprint(c.certificate.Fingerprint, st.Fingerprint):
		l.State, l.Message = wrong, "the cloud's certificate of this ID has another fingerprint, "+c.certificate.Fingerprint+": kubectl clbcert sync has the manager look again"
	default:
		l.Summary += ", the cloud has it"
	}
}

// judgeBinding holds a binding against what its listeners serve.
func (c *cloudFacts) judgeBinding(l *link, s v1alpha1.BindingStatus, wanted string) {
	if why, failed := c.failed[s.Name]; failed {
		l.Summary = joined(l.Summary, "the cloud doesn't tell: "+why)
		return
	}
	others := slices.DeleteFunc(slices.Clone(c.served[s.Name]), func(id string) bool { return id == wanted })
	switch {
	case len(c.served[s.Name]) == 0:
		l.State, l.Summary = wrong, joined(l.Summary, "the cloud has no HTTPS listener there")
	case len(others) > 0:
		l.State = wrong
		l.Message = fmt.Sprintf("the cloud serves %s there: kubectl clbcert sync has the manager look again; %s", strings.Join(others, ", "), l.Message)
	default:
		l.Summary = joined(l.Summary, "the cloud serves it")
	}
	l.Message = strings.TrimSuffix(l.Message, "; ")
}

// askCloud reads what the cloud says of an object's certificate and bindings.
func askCloud(ctx context.Context, account *clb.Account, region string, f facts) (*cloudFacts, error) {
	c := &cloudFacts{served: map[string][]string{}, failed: map[string]string{}}
	if id := f.object.Status.CertificateID; id != "" {
		lists, err := account.Certificates(ctx, region, time.Now(), clb.Concern{IDs: []string{id}})
		if err != nil {
			return nil, err
		}
		for _, found := range lists[0].Certificates {
			c.certificate = &found
		}
	}
	for _, b := range f.object.Spec.Bindings {
		ids, err := servedBy(ctx, account, region, b, f.services)
		if err != nil {
			c.failed[b.Name] = err.Error()
			continue
		}
		c.served[b.Name] = ids
	}
	return c, nil
}

// servedBy are the certificates that a binding's listeners serve for its domain, or by default.
func servedBy(ctx context.Context, account *clb.Account, region string, b v1alpha1.Binding, services map[string]*ccm.Service) ([]string, error) {
	id, ports, domain, err := spotOf(ctx, account, region, b, services)
	if err != nil || id == "" {
		return nil, err
	}
	fronts, err := account.Fronts(ctx, region, []string{id}, time.Now())
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, port := range ports {
		served, there := fronts[id].Defaults[port]
		if there && domain != "" {
			listener, err := account.Listener(ctx, region, id, port)
			if err != nil {
				return nil, err
			}
			served = extensionOf(listener, domain)
		}
		if there {
			ids = append(ids, served)
		}
	}
	return ids, nil
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

// spotOf is where a binding is to be served; the load balancer is "" where there is none yet.
func spotOf(ctx context.Context, account *clb.Account, region string, b v1alpha1.Binding, services map[string]*ccm.Service) (id string, ports []int32, domain string, err error) {
	if b.Listener != nil {
		return b.Listener.LoadBalancerID, []int32{b.Listener.Port}, string(b.Listener.Domain), nil
	}
	domain = string(b.Service.Domain)
	service := services[b.Service.Name]
	switch {
	case service == nil:
		return "", nil, domain, nil
	case service.LoadBalancerID != "" || len(service.Addresses) == 0:
		return service.LoadBalancerID, service.HTTPSPorts, domain, nil
	}
	found, err := account.FindLoadBalancers(ctx, region, service.Addresses[0])
	if err == nil && len(found) == 1 {
		id = found[0]
	}
	return id, service.HTTPSPorts, domain, err
}
