package clb

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/clberr"
)

// one is what a test reads of each answer.
const (
	wantFront     = "[true {lb-1 cn-hangzhou  192.0.2.1 active map[team:] [{443 https }]} map[443:1_a]]"
	wantListener  = "{lb-1 443 1_a running [{de-1 *.a.com 1_b}]}"
	wantListeners = "[{lb-1 {443 https } 1_a}]"
	wantIDs       = "[lb-1]"
)

func TestAnswersInEveryShape(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		body string
		want string // "" for an error
		read func(*Account, *testing.T) (any, error)
	}{
		"a load balancer, other listeners besides": {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-1","Address":"192.0.2.1","LoadBalancerStatus":"active","Tags":{"Tag":[{"TagKey":"team"}]}}]},
			"Listeners":[{"LoadBalancerId":"lb-2","ListenerPort":80,"ListenerProtocol":"http"},
			{"LoadBalancerId":"lb-1","ListenerPort":443,"ListenerProtocol":"https","HTTPSListenerConfig":{"ServerCertificateId":"1_a"}}]`, wantFront, readFront},
		"one of everything, no lists": {`"TotalCount":"1","LoadBalancers":{"LoadBalancer":{"LoadBalancerId":"lb-1","RegionId":"cn-hangzhou","Address":"192.0.2.1","LoadBalancerStatus":"active","LoadBalancerSpec":null,
			"Tags":{"Tag":{"TagKey":"team","TagValue":""}}}},
			"Listeners":{"LoadBalancerId":"lb-1","ListenerPort":"443","ListenerProtocol":"HTTPS","HTTPSListenerConfig":{"ServerCertificateId":"1_a"}}`, wantFront, readFront},
		"a load balancer that tells nothing":  {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-1"}]},"Listeners":[]`, "[true {lb-1 cn-hangzhou    map[] []} map[]]", readFront},
		"a listener that isn't HTTPS":         {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-1"}]},"Listeners":[{"LoadBalancerId":"lb-1","ListenerPort":53,"ListenerProtocol":"UDP","Description":"dns"}]`, "[true {lb-1 cn-hangzhou    map[] [{53 udp dns}]} map[]]", readFront},
		"another load balancer":               {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-2"}]}`, "[false {     map[] []} map[]]", readFront},
		"a load balancer without an ID":       {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"Address":"192.0.2.1"}]},"Listeners":[]`, "", readFront},
		"a load balancer, no listeners' list": {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-1"}]}`, "", readFront},
		"tags that are text":                  {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-1","Tags":{"Tag":"team"}}]},"Listeners":[]`, "", readFront},
		"an error document":                   {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-1"}]},"Listeners":[],"Code":"SystemBusy"`, "", readFront},
		"a port that is none":                 {`"Listeners":[{"LoadBalancerId":"lb-1","ListenerPort":70000,"ListenerProtocol":"https"}]`, "", readListeners},
		"a listener of no load balancer":      {`"Listeners":[{"ListenerPort":443,"ListenerProtocol":"https"}]`, "", readListeners},
		"a listener":                          {`"ListenerPort":443,"Status":"running","ServerCertificateId":"1_a","DomainExtensions":{"DomainExtension":[{"DomainExtensionId":"de-1","Domain":"*.a.com","ServerCertificateId":"1_b"}]}`, wantListener, readListener},
		"one extension, no list":              {`"LoadBalancerId":"lb-1","ListenerPort":"443","Status":"running","ServerCertificateId":"1_a","DomainExtensions":{"DomainExtension":{"DomainExtensionId":"de-1","Domain":"*.a.com","ServerCertificateId":"1_b"}}`, wantListener, readListener},
		"a listener without extensions":       {`"ListenerPort":443,"Status":"stopped","DomainExtensions":{"DomainExtension":[]}`, "{lb-1 443  stopped []}", readListener},
		"a listener without the list":         {`"ListenerPort":443,"Status":"stopped"`, "{lb-1 443  stopped []}", readListener},
		"another port":                        {`"ListenerPort":444`, "", readListener},
		"no port":                             {`"ServerCertificateId":"1_a"`, "", readListener},
		"another load balancer's listener":    {`"LoadBalancerId":"lb-2","ListenerPort":443`, "", readListener},
		"extensions that are text":            {`"ListenerPort":443,"DomainExtensions":{"DomainExtension":"[]"}`, "", readListener},
		"an extension without an ID":          {`"ListenerPort":443,"DomainExtensions":{"DomainExtension":[{"Domain":"a.com"}]}`, "", readListener},
		"an extension without a domain":       {`"ListenerPort":443,"DomainExtensions":{"DomainExtension":[{"DomainExtensionId":"de-1"}]}`, "", readListener},
		"a created extension without an ID":   {`"ListenerPort":443`, "", createExtension},
		"a bare list":                         {`"Listeners":[{"LoadBalancerId":"lb-1","ListenerPort":443,"ListenerProtocol":"https","Status":"running","HTTPSListenerConfig":{"ServerCertificateId":"1_a"}}],"NextToken":""`, wantListeners, readListeners},
		"one listener, no bare list":          {`"Listeners":{"LoadBalancerId":"lb-1","ListenerPort":"443","ListenerProtocol":"HTTPS","Status":"running","HTTPSListenerConfig":{"ServerCertificateId":"1_a"}}`, wantListeners, readListeners},
		"listeners that weren't asked for":    {`"Listeners":[{"LoadBalancerId":"lb-2","ListenerPort":443,"ListenerProtocol":"https"},{"LoadBalancerId":"lb-1","ListenerPort":80,"ListenerProtocol":"http"}]`, "[]", readListeners},
		"no listeners":                        {`"Listeners":[]`, "[]", readListeners},
		"no listeners by count":               {`"TotalCount":0`, "[]", readListeners},
		"no list of listeners":                {`"TotalCount":1`, "", readListeners},
		"a wrapped list":                      {`"Listeners":{"Listener":[]}`, "", readListeners},
		"a listed listener without a port":    {`"Listeners":[{"LoadBalancerId":"lb-1"}]`, "", readListeners},
		"a page":                              {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-1","Address":"192.0.2.1"}]}`, wantIDs, readIDs},
		"one load balancer, no list":          {`"TotalCount":"1","PageSize":"10","LoadBalancers":{"LoadBalancer":{"LoadBalancerId":"lb-1","Address":"192.0.2.1"}}`, wantIDs, readIDs},
		"one that has another address":        {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"LoadBalancerId":"lb-1","Address":"192.0.2.10"}]}`, "[]", readIDs},
		"none by count":                       {`"TotalCount":0`, "[]", readIDs},
		"fewer than counted":                  {`"TotalCount":1`, "", readIDs},
		"no count":                            {`"LoadBalancers":{"LoadBalancer":[]}`, "", readIDs},
		"one without an ID":                   {`"TotalCount":1,"LoadBalancers":{"LoadBalancer":[{"Address":"192.0.2.1"}]}`, "", readIDs},
		"an error document instead of a set":  {`"Code":"ServiceIsConfiguring"`, "", setCertificate},
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

func readFront(a *Account, t *testing.T) (any, error) {
	fronts, err := a.Fronts(t.Context(), region, []string{"lb-1"}, time.Now())
	front := fronts["lb-1"]
	return []any{front.Found, front.LoadBalancer, front.Defaults}, err
}

func readListener(a *Account, t *testing.T) (any, error) {
	return a.Listener(t.Context(), region, "lb-1", 443)
}

func readListeners(a *Account, t *testing.T) (any, error) {
	return a.listeners(t.Context(), region, []string{"lb-1"}, protocolHTTPS)
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
		`{"Listeners":{"LoadBalancerId":"lb-1","ListenerPort":443,"ListenerProtocol":"HTTPS"}}`,
		`{"LoadBalancers":{"LoadBalancer":{"LoadBalancerId":"lb-1","Tags":{"Tag":{}}}},"TotalCount":1}`,
		`{"LoadBalancers":{"LoadBalancer":[null]},"TotalCount":"9","PageSize":-1}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var listener listenerDocument
		_ = decode("A", body, &listener)
		_, _ = listener.extensions()
		var listeners listenersDocument
		_ = decode("A", body, &listeners)
		rows, _ := listeners.listeners(nil, "")
		if slices.ContainsFunc(rows, func(r listenerRow) bool { return r.LoadBalancerID == "" || r.Port < 1 || r.Port > 65535 }) {
			t.Errorf("one that can't be placed: %+v", rows)
		}
		rows, _ = listeners.listeners([]string{"lb-1"}, protocolHTTPS)
		if slices.ContainsFunc(rows, func(r listenerRow) bool { return r.LoadBalancerID != "lb-1" || r.Protocol != protocolHTTPS }) {
			t.Errorf("one that nobody asked for: %+v", rows)
		}
		var balancers loadBalancersDocument
		_ = decode("A", body, &balancers)
		found, _, _ := balancers.page(1, region)
		if slices.ContainsFunc(found, func(b LoadBalancer) bool { return b.ID == "" || b.Region == "" || b.Listeners != nil }) {
			t.Errorf("a load balancer that is none: %+v", found)
		}
	})
}
