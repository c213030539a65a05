package ccm

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/clbcert/clbcert/test/cloud"
)

const (
	https = "https"
	http  = "http"
)

// listener is what a port of a Service wants (listeners.go, as all of this file and the next).
func (c *CCM) listener(service *corev1.Service, port corev1.ServicePort) (cloud.Listener, error) {
	number := int(port.Port)
	protocol, err := protocolOf(get(service, ProtocolPort), port)
	if err != nil {
		return cloud.Listener{}, err
	}
	extensions, err := parseExtensions(get(service, DomainExtensions))
	if err != nil {
		return cloud.Listener{}, err
	}
	return cloud.Listener{
		Port: number, Protocol: protocol, Description: Description(c.clusterID, service, number),
		CertificateID: get(service, CertificateID), Extensions: extensions, Settings: wantedSettings(service, protocol),
	}, nil
}

// protocolOf reads "https:443,http:80"; a port that isn't there keeps its own protocol.
func protocolOf(text string, port corev1.ServicePort) (string, error) {
	own := strings.ToLower(string(port.Protocol))
	if text == "" {
		return own, nil
	}
	for entry := range strings.SplitSeq(text, ",") {
		parts := strings.Split(entry, ":")
		if len(parts) < 2 {
			return "", fmt.Errorf("port and protocol must be like https:443, not %q", entry)
		}
		switch parts[0] {
		case http, https, "tcp", "udp":
		default:
			return "", fmt.Errorf("the protocol %q is not supported", parts[0])
		}
		if parts[1] == strconv.Itoa(int(port.Port)) {
			return parts[0], nil
		}
	}
	return own, nil
}

// readListeners are the load balancer's, whoever made them. Their extensions are read
// only where the Service's annotation of them says anything.
func (c *CCM) readListeners(ctx context.Context, service *corev1.Service, balancerID string) ([]cloud.Listener, error) {
	listeners, err := c.cloud.Listeners(ctx, balancerID)
	if err != nil || get(service, DomainExtensions) == "" {
		return listeners, err
	}
	for i := range listeners {
		if listeners[i].Protocol != https {
			continue
		}
		if listeners[i].Extensions, err = c.cloud.Extensions(ctx, balancerID, listeners[i].Port); err != nil {
			return nil, err
		}
	}
	return listeners, nil
}

// applyListeners updates the listeners of the ports wanted, whoever made them, deletes
// those of the Service that no port wants any more, and makes what is missing. One that
// fails keeps none of the others back.
func (c *CCM) applyListeners(ctx context.Context, service *corev1.Service, balancerID string, want, have []cloud.Listener) error {
	var errs []error
	for _, remote := range have {
		if local, found := at(want, remote); found {
			if err := c.update(ctx, service, balancerID, local, remote); err != nil {
				errs = append(errs, fmt.Errorf("updating the listener of port %d: %w", local.Port, err))
			}
		} else if c.owns(service, remote.Description) {
			if err := c.cloud.DeleteListener(ctx, balancerID, remote.Port, remote.Protocol); err != nil {
				errs = append(errs, fmt.Errorf("deleting the listener of port %d: %w", remote.Port, err))
			}
		}
	}
	for _, local := range want {
		if _, found := at(have, local); !found {
			if err := c.create(ctx, balancerID, local); err != nil {
				errs = append(errs, fmt.Errorf("creating the listener of port %d: %w", local.Port, err))
			}
		}
	}
	return errors.Join(errs...)
}

// at finds the listener of the same port and protocol.
func at(listeners []cloud.Listener, like cloud.Listener) (cloud.Listener, bool) {
	for _, l := range listeners {
		if l.Port == like.Port && l.Protocol == like.Protocol {
			return l, true
		}
	}
	return cloud.Listener{}, false
}

// create makes a listener, its extensions, and starts it. Without a certificate the API
// refuses an HTTPS one.
func (c *CCM) create(ctx context.Context, balancerID string, local cloud.Listener) error {
	local.LoadBalancerID, local.Settings = balancerID, withDefaults(local)
	if local.Protocol != https {
		local.CertificateID, local.Extensions = "", nil
	}
	if err := c.cloud.CreateListener(ctx, local); err != nil {
		return err
	}
	for _, e := range local.Extensions {
		if _, err := c.cloud.CreateExtension(ctx, balancerID, local.Port, e.Domain, e.CertificateID); err != nil {
			return fmt.Errorf("creating the extension %s: %w", e.Domain, err)
		}
	}
	return c.cloud.StartListener(ctx, balancerID, local.Port, local.Protocol)
}
