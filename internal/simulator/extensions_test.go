package simulator

import (
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

// extension makes a domain extension at port 443.
func (b *bench) extension(loadBalancer, domain, certificate string) string {
	b.t.Helper()
	return at[string](b.call("CreateDomainExtension", map[string]string{
		"LoadBalancerId": loadBalancer, "ListenerPort": "443", "Domain": domain, "ServerCertificateId": certificate,
	}), "DomainExtensionId")
}

func TestSDKKeepsExtensions(t *testing.T) {
	t.Parallel()
	b := start(t)
	client, first, second, lb := b.slb(), b.upload(), b.upload(), b.loadBalancer()
	b.https(lb, 443, first)

	create := slb.CreateCreateDomainExtensionRequest()
	create.RegionId, create.LoadBalancerId, create.ListenerPort, create.Domain, create.ServerCertificateId = testRegion, lb, "443", "*.A.com", first
	made := must(client.CreateDomainExtension(create))(t)
	if made.ListenerPort != 443 {
		t.Errorf("made: %+v", made)
	}

	set := slb.CreateSetDomainExtensionAttributeRequest()
	set.RegionId, set.DomainExtensionId, set.ServerCertificateId = testRegion, made.DomainExtensionId, second
	must(client.SetDomainExtensionAttribute(set))(t)

	describe := slb.CreateDescribeDomainExtensionsRequest()
	describe.RegionId, describe.LoadBalancerId, describe.ListenerPort = testRegion, lb, "443"
	rows := must(client.DescribeDomainExtensions(describe))(t).DomainExtensions.DomainExtension
	if len(rows) != 1 || rows[0].Domain != "*.A.com" || rows[0].ServerCertificateId != second {
		t.Errorf("the list holds %+v", rows)
	}

	one := slb.CreateDescribeDomainExtensionAttributeRequest()
	one.RegionId, one.DomainExtensionId = testRegion, made.DomainExtensionId
	if got := must(client.DescribeDomainExtensionAttribute(one))(t); got.LoadBalancerId != lb || got.ListenerPort != 443 || got.ServerCertificateId != second {
		t.Errorf("the extension is %+v", got)
	}

	read := slb.CreateDescribeLoadBalancerHTTPSListenerAttributeRequest()
	read.RegionId, read.LoadBalancerId, read.ListenerPort = testRegion, lb, "443"
	if got := must(client.DescribeLoadBalancerHTTPSListenerAttribute(read))(t).DomainExtensions.DomainExtension; len(got) != 1 || got[0].DomainExtensionId != made.DomainExtensionId {
		t.Errorf("the listener has %+v", got)
	}

	remove := slb.CreateDeleteDomainExtensionRequest()
	remove.RegionId, remove.DomainExtensionId = testRegion, made.DomainExtensionId
	must(client.DeleteDomainExtension(remove))(t)
}

func TestExtensionsRefuse(t *testing.T) {
	t.Parallel()
	b := start(t)
	certificate, elsewhere, lb := b.upload(), b.upload("RegionId", "cn-beijing"), b.loadBalancer()
	shared := b.loadBalancer("LoadBalancerSpec", "")
	b.https(lb, 443, certificate)
	b.https(lb, 444, certificate)
	b.https(shared, 443, certificate)
	b.call("CreateLoadBalancerTCPListener", map[string]string{"LoadBalancerId": lb, "ListenerPort": "22"})
	id := b.extension(lb, "a.com", certificate)
	for _, domain := range []string{"b.com", "c.com"} {
		b.extension(lb, domain, certificate)
	}
	const create, set, remove = "CreateDomainExtension", "SetDomainExtensionAttribute", "DeleteDomainExtension"
	good := map[string]string{
		"LoadBalancerId": lb, "ListenerPort": "444", "Domain": "a.com", "ServerCertificateId": certificate, "DomainExtensionId": id,
	}
	for sentence, c := range map[string]struct {
		action string
		edit   func(*exchange)
		status int
		code   string
	}{
		"no domain":                       {create, formDrop("Domain"), 400, "MissingParameter"},
		"one label":                       {create, form("Domain", "localhost"), 400, "InvalidParameter.Domain"},
		"a wildcard in the middle":        {create, form("Domain", "a.*.com"), 400, "InvalidParameter.Domain"},
		"no certificate":                  {create, formDrop("ServerCertificateId"), 400, "MissingParameter"},
		"an unknown certificate":          {create, form("ServerCertificateId", "1_2_3_-4"), 400, "InvalidParameter.ServerCertificateId"},
		"a certificate of another region": {create, form("ServerCertificateId", elsewhere), 400, "InvalidParameter.ServerCertificateId"},
		"an unknown load balancer":        {create, form("LoadBalancerId", "lb-x"), 404, "InvalidLoadBalancerId.NotFound"},
		"no listener":                     {create, form("ListenerPort", "445"), 404, "ListenerNotFound"},
		"a TCP listener":                  {create, form("ListenerPort", "22"), 404, "ListenerNotFound"},
		"a shared-performance instance":   {create, form("LoadBalancerId", shared, "ListenerPort", "443"), 400, "UnsupportedOperation"},
		"the domain in another case":      {create, form("ListenerPort", "443", "Domain", "A.COM"), 400, "DomainExtensionAlreadyExists"},
		"a fourth one":                    {create, form("ListenerPort", "443", "Domain", "d.com"), 400, "DomainExtensionLimitExceeded"},
		"no ID to set":                    {set, formDrop("DomainExtensionId"), 400, "MissingParameter.DomainExtensionId"},
		"an unknown ID to set":            {set, form("DomainExtensionId", "de-x"), 400, "InvalidParameter.DomainExtensionId"},
		"an unknown certificate to set":   {set, form("ServerCertificateId", "1_2_3_-4"), 400, "InvalidParameter.ServerCertificateId"},
		"another region's extension":      {set, query("RegionId", "cn-beijing"), 400, "InvalidParameter.DomainExtensionId"},
		"an unknown ID to delete":         {remove, form("DomainExtensionId", "de-x"), 400, "InvalidParameter.DomainExtensionId"},
		"an unknown ID to read":           {"DescribeDomainExtensionAttribute", form("DomainExtensionId", "de-x"), 400, "InvalidParameter.DomainExtensionId"},
		"no ID to read":                   {"DescribeDomainExtensionAttribute", formDrop("DomainExtensionId"), 400, "MissingParameter.DomainExtensionId"},
		"no port to list":                 {"DescribeDomainExtensions", formDrop("ListenerPort"), 400, "MissingParameter"},
		"no listener to list":             {"DescribeDomainExtensions", form("ListenerPort", "445"), 404, "ListenerNotFound"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			bench := *b
			bench.t = t
			e := newExchange(c.action, good)
			c.edit(e)
			if err := bench.send(e.sign()); err != nil || e.status != c.status || e.document["Code"] != c.code {
				t.Errorf("got %v %d %s, want %d %s", err, e.status, e.body, c.status, c.code)
			}
		})
	}
}

func TestExtensionsGoWithTheirListener(t *testing.T) {
	t.Parallel()
	b := start(t, func(o *Options) { o.ExtensionLimit = 1 })
	certificate, lb := b.upload(), b.loadBalancer()
	b.https(lb, 443, certificate)
	id := b.extension(lb, "a.com", certificate)
	b.call("DeleteLoadBalancerListener", map[string]string{"LoadBalancerId": lb, "ListenerPort": "443", "ListenerProtocol": "https"})
	if _, code := b.refused("DescribeDomainExtensionAttribute", map[string]string{"DomainExtensionId": id}); code != "InvalidParameter.DomainExtensionId" {
		t.Errorf("the extension is still there: %v", code)
	}
	b.call("DeleteServerCertificate", map[string]string{"ServerCertificateId": certificate})
}
