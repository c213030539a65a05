package clb

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb/wire"
	"github.com/clbcert/clbcert/internal/clberr"
)

// makeLoadBalancer makes a load balancer with spec, at address or at any.
func makeLoadBalancer(t *testing.T, a *Account, spec, address string) string {
	t.Helper()
	var made struct {
		wire.Document
		ID wire.Text `json:"LoadBalancerId"`
	}
	_, err := a.ask(t.Context(), "CreateLoadBalancer", region, &made, func() requests.AcsRequest {
		r := slb.CreateCreateLoadBalancerRequest()
		r.LoadBalancerSpec, r.Address = spec, address
		r.Tag = &[]slb.CreateLoadBalancerTag{{Key: "team", Value: "shop"}}
		return r
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(made.ID)
}

// makeListener makes a listener with settings that nobody else gives it.
func makeListener(t *testing.T, a *Account, loadBalancerID string, port int32, certificateID string) {
	t.Helper()
	_, err := a.ask(t.Context(), "CreateLoadBalancerHTTPSListener", region, &wire.Document{}, func() requests.AcsRequest {
		r := slb.CreateCreateLoadBalancerHTTPSListenerRequest()
		r.LoadBalancerId, r.ListenerPort, r.ServerCertificateId = loadBalancerID, portInteger(port), certificateID
		r.Description, r.IdleTimeout, r.TLSCipherPolicy = "shop", "17", "tls_cipher_policy_1_2"
		return r
	})
	if err != nil {
		t.Fatal(err)
	}
}

// makeTCPListener makes a listener that no HTTPS action is for.
func makeTCPListener(t *testing.T, a *Account, loadBalancerID string, port int32) {
	t.Helper()
	_, err := a.ask(t.Context(), "CreateLoadBalancerTCPListener", region, &wire.Document{}, func() requests.AcsRequest {
		r := slb.CreateCreateLoadBalancerTCPListenerRequest()
		r.LoadBalancerId, r.ListenerPort = loadBalancerID, portInteger(port)
		return r
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shop is a load balancer with an HTTPS listener at 443, a TCP listener at 80,
// an extension for a.example.com, and a second certificate.
type shop struct {
	*bench
	account       *Account
	id, extension string
	old, new      string // certificates; the old one is served
}

func openShop(t *testing.T, configure func(*Config)) shop {
	t.Helper()
	s := shop{bench: start(t, configure)}
	s.account = s.bench.account()
	upload := newUpload(t)
	for _, id := range []*string{&s.old, &s.new} {
		made, err := s.account.Upload(t.Context(), region, upload)
		if err != nil {
			t.Fatal(err)
		}
		*id = made.ID
	}
	s.id = makeLoadBalancer(t, s.account, "slb.s1.small", "")
	makeListener(t, s.account, s.id, 443, s.old)
	makeTCPListener(t, s.account, s.id, 80)
	extension, err := s.account.CreateExtension(t.Context(), region, s.id, 443, "a.example.com", s.old)
	if err != nil {
		t.Fatal(err)
	}
	s.extension = extension
	return s
}

// serves gives the default certificate at 443 and those of the extensions by domain.
func (s shop) serves() (string, map[string]string) {
	s.t.Helper()
	listener, err := s.account.Listener(s.t.Context(), region, s.id, 443)
	if err != nil {
		s.t.Fatal(err)
	}
	domains := map[string]string{}
	for _, extension := range listener.Extensions {
		domains[extension.Domain] = extension.CertificateID
	}
	return listener.CertificateID, domains
}

// settings are those of the listeners that the simulator holds, whatever
// answers tell of them.
func (s shop) settings() []map[string]string {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+"/state", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var state struct {
		Listeners []struct{ Settings map[string]string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		s.t.Fatal(err)
	}
	var all []map[string]string
	for _, listener := range state.Listeners {
		all = append(all, listener.Settings)
	}
	return all
}

// common are the parameters of every call.
var common = []string{
	"AccessKeyId", "Action", "Format", "Signature", "SignatureMethod", "SignatureNonce", "SignatureType",
	"SignatureVersion", "Timestamp", "Version",
}

// parameters are the names of what the call sent beyond the common ones, sorted.
func (c call) parameters() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.Parameters)) {
		if !slices.Contains(common, name) {
			names = append(names, name)
		}
	}
	return names
}

// step is a call of one action, with the names of what it sends.
type step struct {
	action string
	sends  []string
	do     func(context.Context) error
}

func (s shop) steps() []step {
	a := s.account
	return []step{
		{"DescribeLoadBalancerHTTPSListenerAttribute", []string{"ListenerPort", "LoadBalancerId", "RegionId"}, func(ctx context.Context) error {
			_, err := a.Listener(ctx, region, s.id, 443)
			return err
		}},
		{"SetLoadBalancerHTTPSListenerAttribute", []string{"ListenerPort", "LoadBalancerId", "RegionId", "ServerCertificateId"}, func(ctx context.Context) error {
			return a.SetListenerCertificate(ctx, region, s.id, 443, s.new)
		}},
		{"CreateDomainExtension", []string{"Domain", "ListenerPort", "LoadBalancerId", "RegionId", "ServerCertificateId"}, func(ctx context.Context) error {
			_, err := a.CreateExtension(ctx, region, s.id, 443, "b.example.com", s.new)
			return err
		}},
		{"SetDomainExtensionAttribute", []string{"DomainExtensionId", "RegionId", "ServerCertificateId"}, func(ctx context.Context) error {
			return a.SetExtension(ctx, region, s.extension, s.new)
		}},
		{"DeleteDomainExtension", []string{"DomainExtensionId", "RegionId"}, func(ctx context.Context) error {
			return a.DeleteExtension(ctx, region, s.extension)
		}},
		{"DescribeLoadBalancers", []string{"Address", "PageNumber", "PageSize", "RegionId"}, func(ctx context.Context) error {
			_, err := a.FindLoadBalancers(ctx, region, "192.0.2.1")
			return err
		}},
		{"DescribeLoadBalancers", []string{"LoadBalancerId", "PageNumber", "PageSize", "RegionId"}, func(ctx context.Context) error {
			_, err := a.Fronts(ctx, region, []string{s.id}, time.Now())
			return err
		}},
		{"DescribeLoadBalancerListeners", []string{"LoadBalancerId.1", "MaxResults", "RegionId"}, func(ctx context.Context) error {
			_, err := a.listeners(ctx, region, []string{s.id}, "")
			return err
		}},
		{"DescribeLoadBalancerListeners", []string{"ListenerProtocol", "MaxResults", "RegionId"}, func(ctx context.Context) error {
			_, err := a.Users(ctx, region, s.old, false)
			return err
		}},
	}
}

// answers are how calls end, and what their errors then say.
var answers = []struct {
	fault   string
	class   clberr.Class
	reason  v1alpha1.Reason
	outcome clberr.Outcome
}{
	{"SystemBusy", clberr.Transient, v1alpha1.ReasonCloudUnavailable, clberr.Refused},
	{"ServiceIsConfiguring", clberr.Transient, v1alpha1.ReasonCloudUnavailable, clberr.Refused},
	{"ServiceIsStopping", clberr.Transient, v1alpha1.ReasonCloudUnavailable, clberr.Refused},
	{"OperationBusy", clberr.Transient, v1alpha1.ReasonCloudUnavailable, clberr.Refused},
	{"BackendServer.configuring", clberr.Transient, v1alpha1.ReasonCloudUnavailable, clberr.Refused},
	{"DomainExtensionProcessing", clberr.Transient, v1alpha1.ReasonCloudUnavailable, clberr.Refused},
	{"OperationFailed.ListenerStatusNotSupport", clberr.Transient, v1alpha1.ReasonCloudUnavailable, clberr.Refused},
	{"ServiceUnavailable", clberr.Transient, v1alpha1.ReasonCloudUnavailable, clberr.Unknown},
	{"ListenerNotFound", clberr.NotFound, v1alpha1.ReasonListenerNotFound, clberr.Refused},
	{"InvalidLoadBalancerId.NotFound", clberr.NotFound, v1alpha1.ReasonLoadBalancerNotFound, clberr.Refused},
	{"ServerCertificateId.NotFound", clberr.NotFound, v1alpha1.ReasonRejectedByCloud, clberr.Refused},
	{"DomainExtensionRelatedRuleExist", clberr.InUse, v1alpha1.ReasonInUse, clberr.Refused},
	{"TooManyListeners", clberr.Terminal, v1alpha1.ReasonRejectedByCloud, clberr.Refused},
	{"Forbidden.RAM", clberr.Auth, v1alpha1.ReasonUnauthorized, clberr.Refused},
	{"http502", clberr.Transient, v1alpha1.ReasonCloudUnavailable, clberr.Unknown},
	{"reset", clberr.Transient, v1alpha1.ReasonCloudUnavailable, clberr.Unknown},
}
