package plugin

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/served"
	"github.com/clbcert/clbcert/internal/tlspair"
)

// livePlace is an address where a binding's certificate is to be shown, and what was. Its JSON
// is what -o json prints.
type livePlace struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Binding   string `json:"binding"`
	// Address is a host with a port, "" where it isn't known.
	Address string `json:"address,omitempty"`
	// ServerName is what was sent as SNI.
	ServerName string         `json:"serverName,omitempty"`
	Result     served.Verdict `json:"result"`
	// Message says what was shown, or why nothing was; Mend what helps.
	Message string `json:"message"`
	Mend    string `json:"mend,omitempty"`
	// Distrust is why this machine's programs would refuse what was shown; "" where they take it.
	Distrust string             `json:"distrust,omitempty"`
	Chain    []shownCertificate `json:"chain,omitempty"`

	shown   []*x509.Certificate
	failure error
}

// shownCertificate is a certificate that was shown.
type shownCertificate struct {
	Subject     string      `json:"subject"`
	Issuer      string      `json:"issuer"`
	Serial      string      `json:"serialNumber"`
	Fingerprint string      `json:"fingerprint"`
	NotBefore   metav1.Time `json:"notBefore"`
	NotAfter    metav1.Time `json:"notAfter"`
}

// placesAt are a binding's places: one for each address, or one where none is known.
func placesAt(object *v1alpha1.ServerCertificate, binding v1alpha1.Binding, addresses []string, why string) []livePlace {
	place := livePlace{
		Namespace: object.Namespace, Name: object.Name, Binding: binding.Name,
		ServerName: served.ServerName(binding), Result: served.Unknown,
	}
	if len(addresses) == 0 {
		place.Message = "the address isn't known: " + why
		place.Mend = fmt.Sprintf("or say where to look, by --address %s=HOST[:PORT]", binding.Name)
		return []livePlace{place}
	}
	places := make([]livePlace, 0, len(addresses))
	for _, address := range addresses {
		place.Address = address
		places = append(places, place)
	}
	return places
}

// judge holds what was shown against the status. uploaded is the right chain, where it is known.
func (r liveReport) judge(now time.Time, uploaded []*x509.Certificate) {
	for i := range r.places {
		p := &r.places[i]
		switch {
		case r.object.Status.Fingerprint == "":
			p.Message, p.Mend = "there is no certificate in the cloud yet", r.waitsFor()
		case p.failure != nil:
			p.Message, p.Mend = "couldn't be told: "+p.failure.Error(), mendOf(p.Address)
		case len(p.shown) > 0:
			p.judge(r.object, now, uploaded)
		}
	}
}

// waitsFor is what the object's condition Ready says.
func (r liveReport) waitsFor() string {
	ready := meta.FindStatusCondition(r.object.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.Message == "" {
		return "kubectl clbcert status " + r.object.Name + " tells what it waits for"
	}
	return ready.Message
}

// mendOf is what helps where an address gave no answer.
func mendOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); ip != nil && ip.IsPrivate() {
		return "the address is a private one: look from within its network, or have the manager look, by --served-certificate-interval"
	}
	return "look from where clients are, or have the manager look, by --served-certificate-interval"
}

// judge judges one place where something was shown.
func (p *livePlace) judge(object *v1alpha1.ServerCertificate, now time.Time, uploaded []*x509.Certificate) {
	leaf := p.shown[0]
	if err := served.Distrust(p.shown, p.ServerName, nil, now); err != nil {
		p.Distrust = strings.TrimPrefix(err.Error(), "x509: ")
	}
	for _, c := range p.shown {
		p.Chain = append(p.Chain, shownCertificate{
			Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.SerialNumber.Text(16), Fingerprint: tlspair.Fingerprint(c),
			NotBefore: metav1.Time{Time: c.NotBefore}, NotAfter: metav1.Time{Time: c.NotAfter},
		})
	}
	result := served.Compare(p.shown, &object.Status, uploaded)
	p.Result = result.Verdict
	switch result.Verdict {
	case served.Match:
		p.Message = "serves the certificate, " + validity(leaf, now)
		return
	case served.ChainDiffers:
		p.Message = "serves the certificate with another chain than was uploaded" + difference(result)
	case served.Superseded:
		p.Message = fmt.Sprintf("still serves the previous certificate %s, %s", result.Earlier.CertificateID, validity(leaf, now))
	default:
		p.Message = fmt.Sprintf("serves another certificate: %s, serial %s, issued by %s, %s",
			titleOf(leaf), leaf.SerialNumber.Text(16), cmp.Or(leaf.Issuer.CommonName, leaf.Issuer.String()), validity(leaf, now))
	}
	p.Mend = mendServing(object, p.Binding, result.Verdict)
}

// titleOf names a certificate by what it is for.
func titleOf(c *x509.Certificate) string { return namesOf(c.Subject.CommonName, c.DNSNames) }

// validity tells until when a certificate is valid.
func validity(c *x509.Certificate, now time.Time) string {
	day := c.NotAfter.UTC().Format(time.DateOnly)
	if now.After(c.NotAfter) {
		return "expired on " + day
	}
	return "valid until " + day
}

// difference tells how two chains differ, "" where that isn't known or only their order does.
func difference(result served.Result) string {
	var texts []string
	for _, side := range []struct {
		what  string
		chain []*x509.Certificate
	}{{"missing", result.Missing}, {"extra", result.Extra}} {
		var names []string
		for _, c := range side.chain {
			names = append(names, titleOf(c))
		}
		if len(names) > 0 {
			texts = append(texts, side.what+" "+strings.Join(names, ", "))
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return ": " + strings.Join(texts, ", ")
}

// mendServing is what mends that something else is served, by what the status says.
func mendServing(object *v1alpha1.ServerCertificate, binding string, verdict served.Verdict) string {
	i := slices.IndexFunc(object.Status.Bindings, func(s v1alpha1.BindingStatus) bool { return s.Name == binding })
	switch {
	case i < 0:
		return "the manager hasn't looked at the binding yet: kubectl clbcert status " + object.Name + " tells more"
	case !object.Status.Bindings[i].Ready:
		status := object.Status.Bindings[i]
		return fmt.Sprintf("the binding isn't ready, %s: %s", status.Reason, status.Message)
	case verdict == served.ChainDiffers:
		return "the listener is set right: look for a proxy or CDN before it that sends a chain of its own, or, of an adopted certificate, for how it was uploaded"
	case verdict == served.Superseded:
		return "the listener is set right: look again in a minute, then for a proxy or CDN before it that was given a copy"
	default:
		return "the listener is set right: look for a proxy or CDN before it, and whether the name or address is still the load balancer's"
	}
}
