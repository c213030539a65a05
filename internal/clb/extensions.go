package clb

import (
	"context"
	"errors"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"

	"github.com/clbcert/clbcert/internal/clb/wire"
	"github.com/clbcert/clbcert/internal/clberr"
)

// CreateExtension lets the HTTPS listener at port serve certificateID for
// domain, and gives the extension's ID. The API refuses a second one for a
// domain and has no token against repetition: after an error with the outcome
// Unknown look at the listener before another try.
func (a *Account) CreateExtension(ctx context.Context, region, loadBalancerID string, port int32,
	domain, certificateID string,
) (string, error) {
	const action = "CreateDomainExtension"
	if err := checkListener(action, loadBalancerID, port); err != nil {
		return "", err
	}
	switch {
	case domain == "":
		return "", missing(action, "Domain")
	case certificateID == "":
		return "", missing(action, "ServerCertificateId")
	}
	var answer struct {
		wire.Document
		extensionDocument
	}
	body, err := a.ask(ctx, action, region, &answer, func() requests.AcsRequest {
		r := slb.CreateCreateDomainExtensionRequest()
		r.LoadBalancerId, r.ListenerPort = loadBalancerID, portInteger(port)
		r.Domain, r.ServerCertificateId = domain, certificateID
		return r
	})
	switch {
	case err != nil:
		return "", err
	case answer.DomainExtensionID == "":
		return "", unreadable(action, body, "the answer names no domain extension")
	default:
		return string(answer.DomainExtensionID), nil
	}
}

// SetExtension lets the extension serve certificateID. Its domain can't be changed.
// For an extension or a certificate that doesn't exist the error's class is NotFound.
func (a *Account) SetExtension(ctx context.Context, region, extensionID, certificateID string) error {
	const action = "SetDomainExtensionAttribute"
	switch {
	case extensionID == "":
		return missing(action, "DomainExtensionId")
	case certificateID == "":
		return missing(action, "ServerCertificateId")
	}
	_, err := a.ask(ctx, action, region, &wire.Document{}, func() requests.AcsRequest {
		r := slb.CreateSetDomainExtensionAttributeRequest()
		r.DomainExtensionId, r.ServerCertificateId = extensionID, certificateID
		return r
	})
	return err
}

// DeleteExtension deletes the extension; one that doesn't exist is deleted.
func (a *Account) DeleteExtension(ctx context.Context, region, extensionID string) error {
	const action = "DeleteDomainExtension"
	if extensionID == "" {
		return missing(action, "DomainExtensionId")
	}
	_, err := a.ask(ctx, action, region, &wire.Document{}, func() requests.AcsRequest {
		r := slb.CreateDeleteDomainExtensionRequest()
		r.DomainExtensionId = extensionID
		return r
	})
	return unlessGone(err)
}

// unlessGone takes the error of a deletion for success if there was nothing to
// delete any more.
func unlessGone(err error) error {
	if failure, ok := errors.AsType[*clberr.Error](err); ok && failure.Class() == clberr.NotFound {
		return nil
	}
	return err
}
