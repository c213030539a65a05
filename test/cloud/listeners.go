package cloud

import (
	"context"
	"maps"
	"strconv"
	"strings"
)

// Listener is a listener of a load balancer.
type Listener struct {
	LoadBalancerID string
	Port           int
	Protocol       string // tcp, http or https
	Status         string // stopped or running
	Description    string
	CertificateID  string      // the default one, of an HTTPS listener
	Extensions     []Extension // what Listener alone gives
	// Settings are all others that are text or a number, by the API's names.
	Settings map[string]string
}

// Certificates are those of the extensions, by domain.
func (l Listener) Certificates() map[string]string {
	byDomain := map[string]string{}
	for _, e := range l.Extensions {
		byDomain[e.Domain] = e.CertificateID
	}
	return byDomain
}

// parameters are a whole listener.
func (l Listener) parameters() Parameters {
	parameters := Parameters{}
	maps.Copy(parameters, l.Settings)
	maps.Copy(parameters, listenerAt(l.LoadBalancerID, l.Port))
	parameters["Description"], parameters["ServerCertificateId"] = l.Description, l.CertificateID
	return parameters
}

func listenerAt(loadBalancerID string, port int) Parameters {
	return Parameters{"LoadBalancerId": loadBalancerID, "ListenerPort": strconv.Itoa(port)}
}

// listener reads a listener from what an answer tells of it, in several parts or in one.
func listener(protocol string, parts ...Answer) Listener {
	l := Listener{Protocol: protocol, Settings: map[string]string{}}
	for _, part := range parts {
		for name := range part {
			if text := part.Text(name); text != "" {
				l.Settings[name] = text
			}
		}
	}
	take := func(name string) string {
		text := l.Settings[name]
		delete(l.Settings, name)
		return text
	}
	take("RequestId")
	take("ListenerProtocol")
	l.LoadBalancerID, l.Status, l.Description = take("LoadBalancerId"), take("Status"), take("Description")
	l.CertificateID = take("ServerCertificateId")
	l.Port, _ = strconv.Atoi(take("ListenerPort"))
	return l
}

// Listeners are an instance's, without their extensions.
func (a *API) Listeners(ctx context.Context, loadBalancerID string) ([]Listener, error) {
	var all []Listener
	for token := ""; ; {
		answer, err := a.Call(ctx, "DescribeLoadBalancerListeners",
			Parameters{"LoadBalancerId.1": loadBalancerID, "MaxResults": "50", "NextToken": token})
		if err != nil {
			return nil, err
		}
		for _, row := range answer.List("Listeners") {
			protocol := row.Text("ListenerProtocol")
			all = append(all, listener(protocol, row, row.Element(strings.ToUpper(protocol)+"ListenerConfig")))
		}
		if token = answer.Text("NextToken"); token == "" {
			return all, nil
		}
	}
}

// Listener gives an HTTPS listener with its extensions.
func (a *API) Listener(ctx context.Context, loadBalancerID string, port int) (Listener, error) {
	answer, err := a.Call(ctx, "DescribeLoadBalancerHTTPSListenerAttribute", listenerAt(loadBalancerID, port))
	if err != nil {
		return Listener{}, err
	}
	l := listener("https", answer)
	l.Extensions = extensions(answer)
	return l, nil
}

// CreateListener makes a listener, stopped, without extensions.
func (a *API) CreateListener(ctx context.Context, l Listener) error {
	_, err := a.Call(ctx, "CreateLoadBalancer"+strings.ToUpper(l.Protocol)+"Listener", l.parameters())
	return err
}

// SetListener sends a whole HTTPS listener again, as the CCM does.
func (a *API) SetListener(ctx context.Context, l Listener) error {
	_, err := a.Call(ctx, "SetLoadBalancerHTTPSListenerAttribute", l.parameters())
	return err
}

// SetListenerCertificate changes the default certificate of an HTTPS listener, and
// sends nothing else.
func (a *API) SetListenerCertificate(ctx context.Context, loadBalancerID string, port int, certificateID string) error {
	parameters := listenerAt(loadBalancerID, port)
	parameters["ServerCertificateId"] = certificateID
	_, err := a.Call(ctx, "SetLoadBalancerHTTPSListenerAttribute", parameters)
	return err
}

// StartListener starts a listener.
func (a *API) StartListener(ctx context.Context, loadBalancerID string, port int, protocol string) error {
	return a.changeListener(ctx, "StartLoadBalancerListener", loadBalancerID, port, protocol)
}

// DeleteListener deletes a listener with its extensions.
func (a *API) DeleteListener(ctx context.Context, loadBalancerID string, port int, protocol string) error {
	return a.changeListener(ctx, "DeleteLoadBalancerListener", loadBalancerID, port, protocol)
}

func (a *API) changeListener(ctx context.Context, action, loadBalancerID string, port int, protocol string) error {
	parameters := listenerAt(loadBalancerID, port)
	parameters["ListenerProtocol"] = protocol
	_, err := a.Call(ctx, action, parameters)
	return err
}
