package simulator

import (
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
