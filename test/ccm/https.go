package ccm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/test/cloud"
)

// update starts a listener that is stopped. Of an HTTPS one it writes the extensions first
// and, if that goes well, the whole listener where anything of it differs: the default
// certificate is last.
func (c *CCM) update(ctx context.Context, service *corev1.Service, balancerID string, local, remote cloud.Listener) error {
	if remote.Status == "stopped" {
		if err := c.cloud.StartListener(ctx, balancerID, local.Port, local.Protocol); err != nil {
			return err
		}
	}
	if local.Protocol != https {
		return nil
	}
	if _, there := annotation(service, DomainExtensions); there {
		if err := c.updateExtensions(ctx, balancerID, local, remote); err != nil {
			return err
		}
	}
	settings, changed := resent(local, remote)
	if !changed && local.Description == remote.Description && local.CertificateID == remote.CertificateID {
		return nil
	}
	if local.CertificateID != remote.CertificateID {
		if err := c.checkCertificates(ctx, remote.CertificateID, local.CertificateID); err != nil {
			return err
		}
	}
	return c.cloud.SetListener(ctx, cloud.Listener{
		LoadBalancerID: balancerID, Port: local.Port, Description: local.Description,
		CertificateID: local.CertificateID, Settings: settings,
	})
}

// checkCertificates is checkCertValidity. It looks both up in the list before it judges,
// and judges the new one only if the old one is there. An ID that is empty finds all.
func (c *CCM) checkCertificates(ctx context.Context, oldID, newID string) error {
	was, err := c.certificate(ctx, oldID)
	if err != nil {
		return fmt.Errorf("describing the old certificate %s: %w", oldID, err)
	}
	is, err := c.certificate(ctx, newID)
	switch {
	case err != nil:
		return fmt.Errorf("describing the new certificate %s: %w", newID, err)
	case was == nil:
		return nil
	case is == nil:
		return fmt.Errorf("can not find the certificate %s", newID)
	case is.Expires.Before(time.Now()):
		return fmt.Errorf("can not take the certificate %s: it has expired", newID)
	}
	return nil
}

func (c *CCM) certificate(ctx context.Context, id string) (*cloud.Certificate, error) {
	found, err := c.cloud.Certificates(ctx, id)
	switch {
	case err != nil || len(found) == 0:
		return nil, err
	case len(found) > 1:
		return nil, fmt.Errorf("found more than one certificate by the ID %q", id)
	}
	return &found[0], nil
}

// parseExtensions is parseDomainExtensionsAnnotation: one colon in each entry.
func parseExtensions(text string) ([]cloud.Extension, error) {
	if text == "" {
		return nil, nil
	}
	var all []cloud.Extension
	for entry := range strings.SplitSeq(text, ",") {
		parts := strings.Split(strings.TrimSpace(entry), ":")
		if len(parts) != 2 {
			return nil, fmt.Errorf("the domain extension %q is invalid", entry)
		}
		all = append(all, cloud.Extension{Domain: parts[0], CertificateID: parts[1]})
	}
	return all, nil
}

// updateExtensions sets, adds and deletes; one that fails keeps none of the others back.
func (c *CCM) updateExtensions(ctx context.Context, balancerID string, local, remote cloud.Listener) error {
	set, add, remove := compareExtensions(local.Extensions, remote.Extensions)
	var errs []error
	for _, e := range set {
		errs = append(errs, c.cloud.SetExtension(ctx, e.ID, e.CertificateID))
	}
	for _, e := range add {
		_, err := c.cloud.CreateExtension(ctx, balancerID, local.Port, e.Domain, e.CertificateID)
		errs = append(errs, err)
	}
	for _, e := range remove {
		errs = append(errs, c.cloud.DeleteExtension(ctx, e.ID))
	}
	return errors.Join(errs...)
}

// compareExtensions is diffDomainExtensions with its bug. A domain whose certificate has
// changed is set to the certificate that it has, not to the new one, and by the wanted
// entry, which has no ID: the API refuses that, for as long as the two sides differ.
// Domains are compared with their case.
func compareExtensions(local, remote []cloud.Extension) (set, add, remove []cloud.Extension) {
	for _, want := range local {
		has, found := of(remote, want.Domain)
		switch {
		case !found:
			add = append(add, want)
		case has.CertificateID != want.CertificateID:
			set = append(set, cloud.Extension{Domain: want.Domain, CertificateID: has.CertificateID})
		}
	}
	for _, has := range remote {
		if _, found := of(local, has.Domain); !found {
			remove = append(remove, has)
		}
	}
	return set, add, remove
}

func of(extensions []cloud.Extension, domain string) (cloud.Extension, bool) {
	for _, e := range extensions {
		if e.Domain == domain {
			return e, true
		}
	}
	return cloud.Extension{}, false
}
