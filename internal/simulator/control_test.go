package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"testing"
	"time"
)

func TestCallsTellHowParametersTravelled(t *testing.T) {
	t.Parallel()
	b := start(t)
	e := newExchange("UploadServerCertificate", quickPair(t).parameters()).sign()
	if err := b.send(e); err != nil {
		t.Fatal(err)
	}
	b.refused("DeleteServerCertificate", map[string]string{"ServerCertificateId": "1_2_3_-4"})
	var calls []callRecord
	b.get("/calls", &calls)
	if len(calls) != 2 || calls[1].Outcome != "ServerCertificateId.NotFound" {
		t.Fatalf("the calls are told as %+v", calls)
	}
	got, want := calls[0], callRecord{
		Number: 1, Action: "UploadServerCertificate", Outcome: "ok", RequestID: at[string](e.document, "RequestId"), Region: testRegion,
		Account: DefaultAccount, AccessKeyID: testKeyID, Method: http.MethodPost, UserAgent: "Go-http-client/1.1",
		FormParameters: []string{"PrivateKey", "ServerCertificate", "ServerCertificateName"},
		QueryParameters: []string{
			"AccessKeyId", "Action", "Format", "RegionId", "Signature", "SignatureMethod", "SignatureNonce", "SignatureType",
			"SignatureVersion", "Timestamp", "Version",
		},
	}
	for name, value := range map[string]string{"PrivateKey": "(secret)", "Signature": "(secret)", "ServerCertificateName": "web"} {
		if got.Parameters[name] != value {
			t.Errorf("the parameter %s is told as %q", name, got.Parameters[name])
		}
	}
	if time.Since(got.Time) > time.Minute {
		t.Errorf("the call came at %v", got.Time)
	}
	want.Time, want.Parameters = got.Time, got.Parameters
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the first call is told as\n%+v, want\n%+v", got, want)
	}
	if b.get("/calls?after=1", &calls); len(calls) != 1 || calls[0].Number != 2 {
		t.Errorf("after the first there are %+v", calls)
	}
}

func TestAccessKeysOfOthers(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.upload()
	b.put("/access-keys", `{"id":"LTAIother","secret":"s","account":"1000000000000002","denied":["UploadServerCertificate","AssumeRole"]}`)
	for _, c := range []struct {
		sentence, action string
		form             map[string]string
		status           int
		code             string
	}{
		{"another account's list", "DescribeServerCertificates", nil, 200, ""},
		{"another account's certificate", "DeleteServerCertificate", map[string]string{"ServerCertificateId": id}, 404, "ServerCertificateId.NotFound"},
		{"a denied action", "UploadServerCertificate", nil, 403, "Forbidden.RAM"},
		{"a denied action of STS", "AssumeRole", nil, 403, "NoPermission"},
	} {
		e := newExchange(c.action, c.form)
		e.secret = "s"
		e.query.Set("AccessKeyId", "LTAIother")
		if err := b.send(e.sign()); err != nil || e.status != c.status || at[string](e.document, "Code") != c.code {
			t.Errorf("%s: got %v %d %s", c.sentence, err, e.status, e.body)
		}
		if owner := at[string](e.document, "AccessDeniedDetail", "AuthPrincipalOwnerId"); (c.status == http.StatusForbidden) != (owner == "1000000000000002") {
			t.Errorf("%s: the detail names %q", c.sentence, owner)
		}
		if len(list(e.document, "ServerCertificates", "ServerCertificate")) != 0 {
			t.Errorf("%s shows %s", c.sentence, e.body)
		}
	}
}

func TestInactiveAccessKey(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.put("/access-keys", `{"id":"`+testKeyID+`","account":"1000000000000001","inactive":true}`)
	if status, code := b.refused("DescribeRegions", nil); status != http.StatusBadRequest || code != "InvalidAccessKeyId.Inactive" {
		t.Errorf("an inactive key: %d %v", status, code)
	}
}

func TestAccessKeysThatAreNone(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, body := range []string{"", "[]", `{"id":"x","secret":"s"}`, `{"id":"new","account":"1"}`, `{"secret":"s","account":"1"}`, `{"id":"x","secret":"s","account":"1","denied":["Upload"]}`} {
		if status := b.put("/access-keys", body); status != http.StatusBadRequest {
			t.Errorf("PUT /access-keys of %q gives %d", body, status)
		}
	}
}

// TestCallsTellWhatAWriteSent holds what a test needs to prove that a client sent the certificate and nothing else.
func TestCallsTellWhatAWriteSent(t *testing.T) {
	t.Parallel()
	b := start(t)
	s := b.site()
	writes := []siteCall{
		{action: "SetLoadBalancerHTTPSListenerAttribute", form: s.form("443", "ServerCertificateId", s.second)},
		{action: "CreateDomainExtension", form: s.form("443", "Domain", "b.com")},
		{action: "SetDomainExtensionAttribute", form: map[string]string{"DomainExtensionId": s.extension, "ServerCertificateId": s.second}},
		{action: "DeleteDomainExtension", form: map[string]string{"DomainExtensionId": s.extension}},
	}
	var before, calls []callRecord
	b.get("/calls", &before)
	for _, w := range writes {
		b.call(w.action, w.form)
	}
	b.get(fmt.Sprintf("/calls?after=%d", before[len(before)-1].Number), &calls)
	common := newExchange("DescribeRegions", nil).sign().query
	for i, w := range writes {
		got := calls[i].Parameters
		maps.DeleteFunc(got, func(name, _ string) bool { return common.Has(name) })
		if calls[i].Action != w.action || calls[i].Outcome != "ok" || !maps.Equal(got, w.form) {
			t.Errorf("%s is told as %s %s of %v, want %v", w.action, calls[i].Action, calls[i].Outcome, got, w.form)
		}
	}
}

func TestStateTellsWhoServesWhat(t *testing.T) {
	t.Parallel()
	b := start(t)
	s := b.site()
	b.call("SetDomainExtensionAttribute", map[string]string{"DomainExtensionId": s.extension, "ServerCertificateId": s.second})
	var state map[string][]map[string]any
	b.get("/state", &state)
	for _, row := range state["listeners"] {
		if row["loadBalancerID"] != s.loadBalancer || row["protocol"] != "https" || row["serverCertificateID"] != s.first {
			t.Errorf("a listener is %v", row)
		}
	}
	for _, row := range state["domainExtensions"] {
		want := map[any]string{s.extension: s.second, s.other: s.first}[row["id"]]
		if row["loadBalancerID"] != s.loadBalancer || row["domain"] != "a.com" || row["serverCertificateID"] != want {
			t.Errorf("an extension is %v", row)
		}
	}
	if len(state["listeners"]) != 2 || len(state["domainExtensions"]) != 2 || len(state["loadBalancers"]) != 1 {
		t.Errorf("the state is %v", state)
	}
}

func TestEveryActionCanBeDenied(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.site()
	before := b.truth()
	for action, operation := range operations {
		if operation.unsigned {
			continue
		}
		want := map[bool]string{true: "NoPermission", false: "Forbidden.RAM"}[operation.version == stsAPI.version]
		b.put("/access-keys", `{"id":"`+testKeyID+`","account":"`+DefaultAccount+`","denied":["`+action+`"]}`)
		if status, code := b.refused(action, nil); status != http.StatusForbidden || code != want {
			t.Errorf("%s gives %d %v", action, status, code)
		}
	}
	if after := b.truth(); after != before {
		t.Errorf("denied calls changed\n%s\nto\n%s", before, after)
	}
}

func TestCertificatesOfOtherAccountsAreNotBound(t *testing.T) {
	t.Parallel()
	b := start(t)
	s := b.site()
	b.put("/access-keys", `{"id":"LTAIother","secret":"s","account":"1000000000000002"}`)
	as := func(action string, form map[string]string) *exchange {
		e := newExchange(action, form)
		e.secret = "s"
		e.query.Set("AccessKeyId", "LTAIother")
		if err := b.send(e.sign()); err != nil {
			t.Fatal(err)
		}
		return e
	}
	theirs := at[string](as("CreateLoadBalancer", map[string]string{"LoadBalancerSpec": "slb.s1.small"}).document, "LoadBalancerId")
	own := at[string](as("UploadServerCertificate", quickPair(t).parameters()).document, "ServerCertificateId")
	as("CreateLoadBalancerHTTPSListener", s.form("443", "LoadBalancerId", theirs, "ServerCertificateId", own))
	for _, c := range []struct {
		action string
		form   map[string]string
		status int
		code   string
	}{
		{"CreateLoadBalancerHTTPSListener", s.form("444", "LoadBalancerId", theirs), 404, "ServerCertificateId.NotFound"},
		{"SetLoadBalancerHTTPSListenerAttribute", s.form("443", "LoadBalancerId", theirs), 404, "ServerCertificateId.NotFound"},
		{"CreateDomainExtension", s.form("443", "LoadBalancerId", theirs, "Domain", "a.com"), 400, "InvalidParameter.ServerCertificateId"},
		{"SetLoadBalancerHTTPSListenerAttribute", s.form("443", "ServerCertificateId", own), 404, "InvalidLoadBalancerId.NotFound"},
		{"SetDomainExtensionAttribute", s.form("443", "DomainExtensionId", s.extension, "ServerCertificateId", own), 400, "InvalidParameter.DomainExtensionId"},
	} {
		if e := as(c.action, c.form); e.status != c.status || e.document["Code"] != c.code {
			t.Errorf("%s: got %d %s, want %d %s", c.action, e.status, e.body, c.status, c.code)
		}
	}
	rows := list(as("DescribeLoadBalancerListeners", nil).document, "Listeners")
	if len(rows) != 1 || at[string](rows[0].(map[string]any), "LoadBalancerId") != theirs {
		t.Errorf("their listeners are %v", rows)
	}
}
