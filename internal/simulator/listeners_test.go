package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
)

// loadBalancer makes a guaranteed-performance instance.
func (b *bench) loadBalancer(more ...string) string {
	b.t.Helper()
	return at[string](b.call("CreateLoadBalancer", merge(map[string]string{"LoadBalancerSpec": "slb.s1.small"}, more...)), "LoadBalancerId")
}

// https makes an HTTPS listener.
func (b *bench) https(loadBalancer string, port int, certificate string, more ...string) {
	b.t.Helper()
	b.call("CreateLoadBalancerHTTPSListener", merge(map[string]string{
		"LoadBalancerId": loadBalancer, "ListenerPort": strconv.Itoa(port), "ServerCertificateId": certificate,
	}, more...))
}

func TestSDKKeepsListeners(t *testing.T) {
	t.Parallel()
	b := start(t)
	client, first, second := b.slb(), b.upload(), b.upload()

	create := slb.CreateCreateLoadBalancerRequest()
	create.RegionId, create.LoadBalancerName, create.LoadBalancerSpec, create.VpcId = testRegion, "web", "slb.s1.small", "vpc-1"
	create.Tag = &[]slb.CreateLoadBalancerTag{{Key: "clbcert.dev/namespaces", Value: "*"}}
	made := must(client.CreateLoadBalancer(create))(t)

	https := slb.CreateCreateLoadBalancerHTTPSListenerRequest()
	https.RegionId, https.LoadBalancerId, https.ListenerPort, https.ServerCertificateId = testRegion, made.LoadBalancerId, requests.NewInteger(443), first
	https.Bandwidth, https.StickySession, https.HealthCheck, https.BackendServerPort = "-1", "off", "on", "8080"
	https.Description, https.TLSCipherPolicy, https.IdleTimeout = "k8s/443/web/shop/c1", "tls_cipher_policy_1_2", "30"
	must(client.CreateLoadBalancerHTTPSListener(https))(t)

	start := slb.CreateStartLoadBalancerListenerRequest()
	start.RegionId, start.LoadBalancerId, start.ListenerPort, start.ListenerProtocol = testRegion, made.LoadBalancerId, "443", "https"
	must(client.StartLoadBalancerListener(start))(t)

	set := slb.CreateSetLoadBalancerHTTPSListenerAttributeRequest()
	set.RegionId, set.LoadBalancerId, set.ListenerPort, set.ServerCertificateId = testRegion, made.LoadBalancerId, "443", second
	must(client.SetLoadBalancerHTTPSListenerAttribute(set))(t)

	read := slb.CreateDescribeLoadBalancerHTTPSListenerAttributeRequest()
	read.RegionId, read.LoadBalancerId, read.ListenerPort = testRegion, made.LoadBalancerId, "443"
	got := must(client.DescribeLoadBalancerHTTPSListenerAttribute(read))(t)
	if got.ServerCertificateId != second || got.Status != "running" {
		t.Errorf("the listener serves %s and is %s", got.ServerCertificateId, got.Status)
	}
	told := []any{got.Description, got.TLSCipherPolicy, got.IdleTimeout, got.BackendServerPort, got.HealthCheck, got.RequestTimeout}
	if want := []any{"k8s/443/web/shop/c1", "tls_cipher_policy_1_2", 30, 8080, "on", 60}; !slices.Equal(told, want) {
		t.Errorf("settings that were not given changed: %v, want %v", told, want)
	}

	one := slb.CreateDescribeLoadBalancerAttributeRequest()
	one.RegionId, one.LoadBalancerId = testRegion, made.LoadBalancerId
	attribute := must(client.DescribeLoadBalancerAttribute(one))(t)
	if want := []slb.ListenerPortAndProtocol{{ListenerPort: 443, ListenerProtocol: "https", ListenerForward: "off", Description: "k8s/443/web/shop/c1"}}; !slices.Equal(attribute.ListenerPortsAndProtocol.ListenerPortAndProtocol, want) {
		t.Errorf("the instance has %+v", attribute.ListenerPortsAndProtocol)
	}
	if tags := attribute.Tags.Tag; len(tags) != 1 || tags[0].TagValue != "*" || attribute.NetworkType != "vpc" || attribute.LoadBalancerStatus != "active" {
		t.Errorf("the instance is %+v", attribute)
	}
}

func TestLoadBalancersComeInPages(t *testing.T) {
	t.Parallel()
	b := start(t)
	ids := []string{}
	for n := range 12 {
		ids = append(ids, b.loadBalancer("LoadBalancerName", "lb"+strconv.Itoa(n), "Tag.1.Key", "n", "Tag.1.Value", strconv.Itoa(n%2)))
	}
	seen := []string{}
	for page := 1; page <= 2; page++ {
		request := slb.CreateDescribeLoadBalancersRequest()
		request.RegionId, request.PageNumber = testRegion, requests.NewInteger(page)
		a := must(b.slb().DescribeLoadBalancers(request))(t)
		if a.TotalCount != 12 || a.PageSize != 10 || a.PageNumber != page {
			t.Errorf("page %d tells %d, %d, %d", page, a.TotalCount, a.PageSize, a.PageNumber)
		}
		for _, row := range a.LoadBalancers.LoadBalancer {
			seen = append(seen, row.LoadBalancerId)
			if want := strconv.Itoa(slices.Index(ids, row.LoadBalancerId) % 2); len(row.Tags.Tag) != 1 || row.Tags.Tag[0].TagKey != "n" || row.Tags.Tag[0].TagValue != want {
				t.Errorf("the tags of %s are %+v, want n=%s", row.LoadBalancerName, row.Tags, want)
			}
		}
	}
	if !slices.Equal(slices.Sorted(slices.Values(seen)), slices.Sorted(slices.Values(ids))) {
		t.Errorf("on both pages there are %q, want %q", seen, ids)
	}
	one := list(b.call("DescribeLoadBalancers", map[string]string{"LoadBalancerId": ids[0]}), "LoadBalancers", "LoadBalancer")[0]
	address := fmt.Sprint(one.(map[string]any)["Address"])
	for sentence, c := range map[string]struct {
		filter map[string]string
		want   int
	}{
		"two IDs":         {map[string]string{"LoadBalancerId": ids[3] + "," + ids[4]}, 2},
		"a name":          {map[string]string{"LoadBalancerName": "lb7"}, 1},
		"an address":      {map[string]string{"Address": address}, 1},
		"a tag":           {map[string]string{"Tag.1.Key": "n", "Tag.1.Value": "1", "PageSize": "100"}, 6},
		"another network": {map[string]string{"NetworkType": "vpc"}, 0},
		"another region":  {map[string]string{"RegionId": "cn-beijing"}, 0},
		"a whole page":    {map[string]string{"PageSize": "100"}, 12},
		"the last page":   {map[string]string{"PageNumber": "3", "PageSize": "5"}, 2},
		"a page too far":  {map[string]string{"PageNumber": "9"}, 0},
	} {
		if got := len(list(b.call("DescribeLoadBalancers", c.filter), "LoadBalancers", "LoadBalancer")); got != c.want {
			t.Errorf("by %s there are %d", sentence, got)
		}
	}
}

func TestListenersComeInPages(t *testing.T) {
	t.Parallel()
	b := start(t)
	certificate, one, two := b.upload(), b.loadBalancer(), b.loadBalancer()
	for port := 1; port <= 25; port++ {
		b.https(one, port, certificate)
	}
	b.https(two, 443, certificate, "Tag.1.Key", "k", "Description", "mine")
	b.call("CreateLoadBalancerTCPListener", map[string]string{"LoadBalancerId": two, "ListenerPort": "22"})
	b.call("CreateLoadBalancerHTTPListener", map[string]string{"LoadBalancerId": two, "ListenerPort": "80", "ListenerForward": "on"})

	seen, token := 0, ""
	for more := true; more; more = token != "" {
		request := slb.CreateDescribeLoadBalancerListenersRequest()
		request.RegionId, request.ListenerProtocol, request.NextToken = testRegion, "https", token
		request.LoadBalancerId = &[]string{one, two}
		a := must(b.slb().DescribeLoadBalancerListeners(request))(t)
		for _, row := range a.Listeners {
			if row.HTTPSListenerConfig.ServerCertificateId != certificate {
				t.Errorf("the listener is %+v", row)
			}
			seen++
		}
		token = a.NextToken
	}
	if seen != 26 {
		t.Errorf("there are %d HTTPS listeners", seen)
	}
	for sentence, c := range map[string]struct {
		filter map[string]string
		want   int
	}{
		"all":              {map[string]string{"MaxResults": "100"}, 28},
		"the first page":   {nil, 20},
		"another region":   {map[string]string{"RegionId": "cn-beijing"}, 0},
		"ten instances":    {merge(map[string]string{}, append(numbered("LoadBalancerId.%d", 10), "LoadBalancerId.10", two)...), 3},
		"one instance":     {map[string]string{"LoadBalancerId.1": two}, 3},
		"a port":           {map[string]string{"ListenerPort": "443"}, 1},
		"a description":    {map[string]string{"Description": "mine"}, 1},
		"a tag":            {map[string]string{"Tag.1.Key": "k"}, 1},
		"no such instance": {map[string]string{"LoadBalancerId.1": "lb-x"}, 0},
		"TCP":              {map[string]string{"ListenerProtocol": "tcp"}, 1},
	} {
		if got := len(list(b.call("DescribeLoadBalancerListeners", c.filter), "Listeners")); got != c.want {
			t.Errorf("by %s there are %d", sentence, got)
		}
	}
}

func TestListenersRefuse(t *testing.T) {
	t.Parallel()
	b := start(t)
	certificate, elsewhere, lb := b.upload(), b.upload("RegionId", "cn-beijing"), b.loadBalancer("DeleteProtection", "on")
	b.https(lb, 443, certificate)
	b.call("CreateLoadBalancerTCPListener", map[string]string{"LoadBalancerId": lb, "ListenerPort": "22"})
	const https, set, read = "CreateLoadBalancerHTTPSListener", "SetLoadBalancerHTTPSListenerAttribute", "DescribeLoadBalancerHTTPSListenerAttribute"
	good := map[string]string{"LoadBalancerId": lb, "ListenerPort": "443", "ServerCertificateId": certificate}
	for sentence, c := range map[string]struct {
		action string
		edit   func(*exchange)
		status int
		code   string
	}{
		"no certificate":                      {https, formDrop("ServerCertificateId"), 400, "MissingParameter"},
		"an unknown load balancer":            {https, form("LoadBalancerId", "lb-x"), 404, "InvalidLoadBalancerId.NotFound"},
		"a load balancer of another region":   {https, query("RegionId", "cn-beijing"), 404, "InvalidLoadBalancerId.NotFound"},
		"a port that is taken":                {https, form(), 400, "ListenerAlreadyExists"},
		"a port that is none":                 {https, form("ListenerPort", "0"), 400, "InvalidParameter.ListenerPort"},
		"no port":                             {https, formDrop("ListenerPort"), 400, "MissingParameter"},
		"a certificate of another region":     {https, form("ListenerPort", "444", "ServerCertificateId", elsewhere), 404, "ServerCertificateId.NotFound"},
		"a setting that is no switch":         {https, form("ListenerPort", "444", "StickySession", "yes"), 400, "InvalidParameter.StickySession"},
		"a setting that is no number":         {https, form("ListenerPort", "444", "IdleTimeout", "long"), 400, "InvalidParameter.IdleTimeout"},
		"no listener to set":                  {set, form("ListenerPort", "444"), 404, "ListenerNotFound"},
		"a TCP listener to set":               {set, form("ListenerPort", "22"), 404, "ListenerNotFound"},
		"an unknown certificate to set":       {set, form("ServerCertificateId", "1_2_3_-4"), 404, "ServerCertificateId.NotFound"},
		"another region's certificate to set": {set, form("ServerCertificateId", elsewhere), 404, "ServerCertificateId.NotFound"},
		"an unknown load balancer to set":     {set, form("LoadBalancerId", "lb-x"), 404, "InvalidLoadBalancerId.NotFound"},
		"a TCP listener to read":              {read, form("ListenerPort", "22"), 404, "ListenerNotFound"},
		"an unknown load balancer to read":    {"DescribeLoadBalancerAttribute", form("LoadBalancerId", "lb-x"), 404, "InvalidLoadBalancerId.NotFound"},
		"the wrong protocol to start":         {"StartLoadBalancerListener", form("ListenerProtocol", "http"), 404, "ListenerNotFound"},
		"a protected load balancer":           {"DeleteLoadBalancer", form(), 400, "OperationDenied.DeleteProtection"},
		"an unknown load balancer to delete":  {"DeleteLoadBalancer", form("LoadBalancerId", "lb-x"), 404, "InvalidLoadBalancerId.NotFound"},
		"no such specification":               {"CreateLoadBalancer", form("LoadBalancerSpec", "huge"), 400, "InvalidParameter.LoadBalancerSpec"},
		"an address that is none":             {"CreateLoadBalancer", form("Address", "here"), 400, "InvalidParameter.Address"},
		"a name that is none":                 {"CreateLoadBalancer", form("LoadBalancerName", "-"), 400, "InvalidParameter.LoadBalancerName"},
		"a page of 101":                       {"DescribeLoadBalancers", form("PageSize", "101"), 400, "InvalidParameter.PageSize"},
		"a page of 101 listeners":             {"DescribeLoadBalancerListeners", form("MaxResults", "101"), 400, "InvalidParameter.MaxResults"},
		"a token that is none":                {"DescribeLoadBalancerListeners", form("NextToken", "%"), 400, "InvalidParameter.NextToken"},
		"a list of 11 load balancers":         {"DescribeLoadBalancerListeners", form(append(numbered("LoadBalancerId.%d", 11), "LoadBalancerId", "")...), 400, "SizeLimitExceeded.LoadBalancerId"},
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

func TestCertificateInUseIsKept(t *testing.T) {
	t.Parallel()
	b := start(t)
	onListener, onExtension, lb := b.upload(), b.upload(), b.loadBalancer()
	b.https(lb, 443, onListener)
	extension := b.extension(lb, "a.com", onExtension)
	remove := func(id, code string) {
		t.Helper()
		if status, got := b.refused("DeleteServerCertificate", map[string]string{"ServerCertificateId": id}); status != http.StatusBadRequest || got != code {
			t.Errorf("deleting it gives %d %v, want %s", status, got, code)
		}
	}
	remove(onListener, "CertificateAndPrivateKeyIsRefered")
	remove(onExtension, "CertificateRelatedDomainExtensionExist")
	b.call("DeleteDomainExtension", map[string]string{"DomainExtensionId": extension})
	b.call("DeleteServerCertificate", map[string]string{"ServerCertificateId": onExtension})
	b.call("DeleteLoadBalancer", map[string]string{"LoadBalancerId": lb})
	b.call("DeleteServerCertificate", map[string]string{"ServerCertificateId": onListener})
}

func TestInstanceHasFiftyListeners(t *testing.T) {
	t.Parallel()
	b := start(t)
	lb := b.loadBalancer()
	for port := 1; port <= maxListeners; port++ {
		b.call("CreateLoadBalancerTCPListener", map[string]string{"LoadBalancerId": lb, "ListenerPort": strconv.Itoa(port)})
	}
	if _, code := b.refused("CreateLoadBalancerTCPListener", map[string]string{"LoadBalancerId": lb, "ListenerPort": "99"}); code != "QuotaExceeded.Listener" {
		t.Errorf("one more gives %v", code)
	}
	b.call("DeleteLoadBalancerListener", map[string]string{"LoadBalancerId": lb, "ListenerPort": "1"})
	b.call("CreateLoadBalancerTCPListener", map[string]string{"LoadBalancerId": lb, "ListenerPort": "99"})
}

func TestTagsOfInstancesAndListeners(t *testing.T) {
	t.Parallel()
	b := start(t)
	lb := b.loadBalancer()
	b.https(lb, 443, b.upload())
	for kind, id := range map[string]string{"instance": lb, "listener": lb + "_https_443"} {
		b.call("TagResources", map[string]string{"ResourceType": kind, "ResourceId.1": id, "Tag.1.Key": "k", "Tag.1.Value": "v"})
		rows := list(b.call("ListTagResources", map[string]string{"ResourceType": kind, "Tag.1.Key": "k"}), "TagResources", "TagResource")
		if len(rows) != 1 || fmt.Sprint(rows[0]) != fmt.Sprint(map[string]any{"ResourceId": id, "ResourceType": kind, "TagKey": "k", "TagValue": "v"}) {
			t.Errorf("the tags of the %s are %v", kind, rows)
		}
		if status, code := b.refused("TagResources", map[string]string{"ResourceType": kind, "ResourceId.1": "x", "Tag.1.Key": "k"}); status != 404 || code != "InvalidResourceId.NotFound" {
			t.Errorf("an unknown %s: %d %v", kind, status, code)
		}
	}
}

func TestRestartKeepsListeners(t *testing.T) {
	t.Parallel()
	b := start(t)
	lb := b.loadBalancer()
	b.https(lb, 443, b.upload(), "Description", "mine")
	b.extension(lb, "a.com", b.upload())
	var before, after map[string]any
	b.get("/state", &before)
	b.stop()
	b.serve()
	b.get("/state", &after)
	for _, table := range []string{"certificates", "loadBalancers", "listeners", "domainExtensions"} {
		if rows := list(after, table); len(rows) == 0 || fmt.Sprint(rows) != fmt.Sprint(list(before, table)) {
			t.Errorf("the %s are %v, were %v", table, rows, before[table])
		}
	}
}
