package cloud

import "context"

// Extension is a certificate for a further domain of an HTTPS listener.
type Extension struct{ ID, Domain, CertificateID string }

func extensions(a Answer) []Extension {
	var all []Extension
	for _, e := range a.Element("DomainExtensions").List("DomainExtension") {
		all = append(all, Extension{
			ID: e.Text("DomainExtensionId"), Domain: e.Text("Domain"), CertificateID: e.Text("ServerCertificateId"),
		})
	}
	return all
}

// Extensions are those of an HTTPS listener.
func (a *API) Extensions(ctx context.Context, loadBalancerID string, port int) ([]Extension, error) {
	answer, err := a.Call(ctx, "DescribeDomainExtensions", listenerAt(loadBalancerID, port))
	return extensions(answer), err
}

// CreateExtension gives an HTTPS listener a certificate for a domain.
func (a *API) CreateExtension(ctx context.Context, loadBalancerID string, port int, domain, certificateID string) (id string, err error) {
	parameters := listenerAt(loadBalancerID, port)
	parameters["Domain"], parameters["ServerCertificateId"] = domain, certificateID
	answer, err := a.Call(ctx, "CreateDomainExtension", parameters)
	return answer.Text("DomainExtensionId"), err
}

// SetExtension changes an extension's certificate. An empty ID isn't sent, and the API
// refuses that.
func (a *API) SetExtension(ctx context.Context, id, certificateID string) error {
	_, err := a.Call(ctx, "SetDomainExtensionAttribute", Parameters{"DomainExtensionId": id, "ServerCertificateId": certificateID})
	return err
}

// DeleteExtension deletes an extension.
func (a *API) DeleteExtension(ctx context.Context, id string) error {
	_, err := a.Call(ctx, "DeleteDomainExtension", Parameters{"DomainExtensionId": id})
	return err
}
