package clb

import (
	"fmt"
	"slices"
	"testing"

	"github.com/clbcert/clbcert/internal/clberr"
)

// one is what a test reads of each answer.
const (
	wantLoadBalancer = "{lb-1 cn-hangzhou  192.0.2.1 active map[team:] [{443 https }]}"
	wantListener     = "{lb-1 443 1_a running [{de-1 *.a.com 1_b}]}"
	wantListeners    = "[{lb-1 443 1_a running []}]"
	wantIDs          = "[lb-1]"
)

func TestAnswersInEveryShape(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		body string
		want string // "" for an error
		read func(*Account, *testing.T) (any, error)
	}{
		"the misspelt list alone": {`"LoadBalancerId":"lb-1","Address":"192.0.2.1","LoadBalancerStatus":"active","Tags":{"Tag":[{"TagKey":"team"}]},
			"ListenerPortsAndProtocal":{"ListenerPortAndProtocal":[{"ListenerPort":443,"ListenerProtocal":"https"}]}`, wantLoadBalancer, readLoadBalancer},
		"the misspelt list beside an empty one": {`"LoadBalancerId":"lb-1","Address":"192.0.2.1","LoadBalancerStatus":"active","Tags":{"Tag":{"TagKey":"team"}},
			"ListenerPortsAndProtocol":{"ListenerPortAndProtocol":[]},
			"ListenerPortsAndProtocal":{"ListenerPortAndProtocal":{"ListenerPort":"443","ListenerProtocal":"HTTPS"}}`, wantLoadBalancer, readLoadBalancer},
		"one listener, no list": {`"LoadBalancerId":"lb-1","RegionId":"cn-hangzhou","Address":"192.0.2.1","LoadBalancerStatus":"active","LoadBalancerSpec":null,
			"Tags":{"Tag":[{"TagKey":"team","TagValue":""}]},
			"ListenerPortsAndProtocol":{"ListenerPortAndProtocol":{"ListenerPort":"443","ListenerProtocol":"https"}}`, wantLoadBalancer, readLoadBalancer},
		"a load balancer without lists":      {`"LoadBalancerId":"lb-1"`, "{lb-1 cn-hangzhou    map[] []}", readLoadBalancer},
		"a load balancer without an ID":      {`"Address":"192.0.2.1"`, "", readLoadBalancer},
		"another load balancer":              {`"LoadBalancerId":"lb-2"`, "", readLoadBalancer},
		"a port that is none":                {`"LoadBalancerId":"lb-1","ListenerPortsAndProtocol":{"ListenerPortAndProtocol":[{"ListenerPort":70000,"ListenerProtocol":"tcp"}]}`, "", readLoadBalancer},
		"a port without protocol":            {`"LoadBalancerId":"lb-1","ListenerPortsAndProtocol":{"ListenerPortAndProtocol":[{"ListenerPort":7}]}`, "", readLoadBalancer},
		"tags that are text":                 {`"LoadBalancerId":"lb-1","Tags":{"Tag":"team"}`, "", readLoadBalancer},
		"an error document":                  {`"LoadBalancerId":"lb-1","Code":"SystemBusy"`, "", readLoadBalancer},
		"a listener":                         {`"ListenerPort":443,"Status":"running","ServerCertificateId":"1_a","DomainExtensions":{"DomainExtension":[{"DomainExtensionId":"de-1","Domain":"*.a.com","ServerCertificateId":"1_b"}]}`, wantListener, readListener},
		"one extension, no list":             {`"LoadBalancerId":"lb-1","ListenerPort":"443","Status":"running","ServerCertificateId":"1_a","DomainExtensions":{"DomainExtension":{"DomainExtensionId":"de-1","Domain":"*.a.com","ServerCertificateId":"1_b"}}`, wantListener, readListener},
		"a listener without extensions":      {`"ListenerPort":443,"Status":"stopped","DomainExtensions":{"DomainExtension":[]}`, "{lb-1 443  stopped []}", readListener},
		"a listener without the list":        {`"ListenerPort":443,"Status":"stopped"`, "{lb-1 443  stopped []}", readListener},
		"another port":                       {`"ListenerPort":444`, "", readListener},
		"no port":                            {`"ServerCertificateId":"1_a"`, "", readListener},
		"another load balancer's listener":   {`"LoadBalancerId":"lb-2","ListenerPort":443`, "", readListener},
		"extensions that are text":           {`"ListenerPort":443,"DomainExtensions":{"DomainExtension":"[]"}`, "", readListener},
		"an extension without an ID":         {`"ListenerPort":443,"DomainExtensions":{"DomainExtension":[{"Domain":"a.com"}]}`, "", readListener},
		"an extension without a domain":      {`"ListenerPort":443,"DomainExtensions":{"DomainExtension":[{"DomainExtensionId":"de-1"}]}`, "", readListener},
		"a created extension without an ID":  {`"ListenerPort":443`, "", createExtension},
		"a bare list":                        {`"Listeners":[{"LoadBalancerId":"lb-1","ListenerPort":443,"ListenerProtocol":"https","Status":"running","HTTPSListenerConfig":{"ServerCertificateId":"1_a"}}],"NextToken":""`, wantListeners, readListeners},
		"one listener, no bare list":         {`"Listeners":{"LoadBalancerId":"lb-1","ListenerPort":"443","ListenerProtocol":"HTTPS","Status":"running","HTTPSListenerConfig":{"ServerCertificateId":"1_a"}}`, wantListeners, readListeners},
		"listeners that weren't asked for":   {`"Listeners":[{"LoadBalancerId":"lb-2","ListenerPort":443,"ListenerProtocol":"https"},{"LoadBalancerId":"lb-1","ListenerPort":80,"ListenerProtocol":"http"}]`, "[]", readListeners},
		"no listeners":                       {`"Listeners":[]`, "[]", readListeners},
		"no listeners by count":              {`"TotalCount":0`, "[]", readListeners},
		"no list of listeners":               {`"TotalCount":1`, "", readListeners},
		"a wrapped list":                     {`"Listeners":{"Listener":[]}`, "", readListeners},
		"a listed listener without a port":   {`"Listeners":[{"LoadBalancerId":"lb-1"}]`, "", readListeners},
		"a page":                             {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-1","Address":"192.0.2.1"}]}`, wantIDs, readIDs},
		"one load balancer, no list":         {`"TotalCount":"1","PageSize":"10","LoadBalancers":{"LoadBalancer":{"LoadBalancerId":"lb-1","Address":"192.0.2.1"}}`, wantIDs, readIDs},
		"one that has another address":       {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-1","Address":"192.0.2.10"}]}`, "[]", readIDs},
		"none by count":                      {`"TotalCount":0`, "[]", readIDs},
		"fewer than counted":                 {`"TotalCount":1`, "", readIDs},
		"no count":                           {`"LoadBalancers":{"LoadBalancer":[]}`, "", readIDs},
		"one without an ID":                  {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"Address":"192.0.2.1"}]}`, "", readIDs},
		"an error document instead of a set": {`"Code":"ServiceIsConfiguring"`, "", setCertificate},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			got, err := c.read(stub(t, says(200, `{"RequestId":"R-1",`+c.body+`}`)), t)
			if c.want != "" {
				if text := fmt.Sprint(got); err != nil || text != c.want {
					t.Errorf("got %s, %v; want %s", text, err, c.want)
				}
				return
			}
			if failed := failure(t, err); failed.Class() != clberr.Transient || failed.Outcome != clberr.Unknown || failed.RequestID != "R-1" {
				t.Errorf("got %+v", *failed)
			}
		})
	}
}

func readLoadBalancer(a *Account, t *testing.T) (any, error) {
	return a.LoadBalancer(t.Context(), region, "lb-1")
}

func readListener(a *Account, t *testing.T) (any, error) {
	return a.Listener(t.Context(), region, "lb-1", 443)
}

func readListeners(a *Account, t *testing.T) (any, error) {
	return a.DefaultCertificates(t.Context(), region, []string{"lb-1"})
}

func readIDs(a *Account, t *testing.T) (any, error) {
	return a.FindLoadBalancers(t.Context(), region, "192.0.2.1")
}

func createExtension(a *Account, t *testing.T) (any, error) {
	return a.CreateExtension(t.Context(), region, "lb-1", 443, "a.com", "1_a")
}

func setCertificate(a *Account, t *testing.T) (any, error) {
	return nil, a.SetListenerCertificate(t.Context(), region, "lb-1", 443, "1_a")
}

func TestAddressesInEitherSpelling(t *testing.T) {
	t.Parallel()
	for pair, same := range map[[2]string]bool{
		{"192.0.2.1", "192.0.2.1"}: true, {"192.0.2.1", "192.0.2.10"}: false, {"2001:db8::1", "2001:DB8:0:0:0:0:0:1"}: true,
		{"", "192.0.2.1"}: false, {"x", "y"}: false,
	} {
		if sameAddress(pair[0], pair[1]) != same {
			t.Errorf("%q: not %v", pair, same)
		}
	}
}

func FuzzListenerDocuments(f *testing.F) {
	for _, seed := range []string{
		`{"ListenerPort":443,"DomainExtensions":{"DomainExtension":[{"DomainExtensionId":"de-1","Domain":"a.com"}]}}`,
		`{"Listeners":[{"LoadBalancerId":"lb-1","ListenerPort":"443","HTTPSListenerConfig":{}}],"NextToken":7}`,
		`{"ListenerPortsAndProtocal":{"ListenerPortAndProtocal":{"ListenerPort":443}},"Tags":{"Tag":{}}}`,
		`{"LoadBalancers":{"LoadBalancer":[null]},"TotalCount":"9","PageSize":-1}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var balancer loadBalancerDocument
		_ = decode("A", body, &balancer)
		if found, ok := balancer.loadBalancer(region); ok && slices.ContainsFunc(found.Listeners, func(l ListenerPort) bool { return l.Port < 1 || l.Port > 65535 }) {
			t.Errorf("a port that is none: %+v", found)
		}
		var listener listenerDocument
		_ = decode("A", body, &listener)
		_, _ = listener.extensions()
		var listeners listenersDocument
		_ = decode("A", body, &listeners)
		_, _ = listeners.listeners([]string{"lb-1"}, protocolHTTPS)
		var balancers loadBalancersDocument
		_ = decode("A", body, &balancers)
		_, _, _ = balancers.page(1, region)
	})
}
