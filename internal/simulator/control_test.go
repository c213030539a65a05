package simulator

import (
	"crypto/elliptic"
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestCallsTellHowParametersTravelled(t *testing.T) {
	t.Parallel()
	b := start(t)
	before := time.Now()
	e := newExchange("UploadServerCertificate", newPair(ecKey(elliptic.P256())).parameters()).sign()
	if err := b.send(e); err != nil {
		t.Fatal(err)
	}
	b.refused("DeleteServerCertificate", map[string]string{"ServerCertificateId": "1_2_3_-4"})
	var calls []callRecord
	b.get("/calls", &calls)
	if len(calls) != 2 {
		t.Fatalf("there were %d calls", len(calls))
	}
	first := calls[0]
	if first.Action != "UploadServerCertificate" || first.Outcome != "ok" || first.RequestID != e.document["RequestId"] || first.Region != testRegion ||
		first.Account != DefaultAccount || first.AccessKeyID != testKeyID || first.Method != "POST" || first.UserAgent == "" || first.Time.Before(before) {
		t.Errorf("the first call is told as %+v", first)
	}
	if !slices.Contains(first.FormParameters, "PrivateKey") || slices.Contains(first.QueryParameters, "PrivateKey") || !slices.Contains(first.QueryParameters, "Signature") {
		t.Errorf("the parameters travelled in query %q, form %q", first.QueryParameters, first.FormParameters)
	}
	if first.Parameters["PrivateKey"] != "(secret)" || first.Parameters["Signature"] != "(secret)" || first.Parameters["ServerCertificateName"] != "web" {
		t.Errorf("the parameters are told as %q", first.Parameters)
	}
	if calls[1].Outcome != "ServerCertificateId.NotFound" {
		t.Errorf("the refusal is told as %s", calls[1].Outcome)
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
		code             any
	}{
		{"another account's list", "DescribeServerCertificates", nil, 200, nil},
		{"another account's certificate", "DeleteServerCertificate", map[string]string{"ServerCertificateId": id}, 404, "ServerCertificateId.NotFound"},
		{"a denied action", "UploadServerCertificate", nil, 403, "Forbidden.RAM"},
		{"a denied action of STS", "AssumeRole", nil, 403, "NoPermission"},
	} {
		e := newExchange(c.action, c.form)
		e.secret = "s"
		e.query.Set("AccessKeyId", "LTAIother")
		if err := b.send(e.sign()); err != nil || e.status != c.status || e.document["Code"] != c.code {
			t.Errorf("%s: got %v %d %s", c.sentence, err, e.status, e.body)
		}
		if detail, ok := e.document["AccessDeniedDetail"].(map[string]any); (c.status == http.StatusForbidden) != ok || ok && detail["AuthPrincipalOwnerId"] != "1000000000000002" {
			t.Errorf("%s: the detail is %v", c.sentence, e.document["AccessDeniedDetail"])
		}
		if c.action == "DescribeServerCertificates" && len(e.document["ServerCertificates"].(map[string]any)["ServerCertificate"].([]any)) != 0 {
			t.Errorf("%s shows %s", c.sentence, e.body)
		}
	}
	b.put("/access-keys", `{"id":"LTAIother","account":"1000000000000002","inactive":true}`)
	e := newExchange("DescribeRegions", nil)
	e.query.Set("AccessKeyId", "LTAIother")
	if err := b.send(e.sign()); err != nil || e.document["Code"] != "InvalidAccessKeyId.Inactive" {
		t.Errorf("an inactive key: %v %s", err, e.body)
	}
	for _, body := range []string{"", "[]", `{"id":"x","secret":"s"}`, `{"id":"new","account":"1"}`, `{"secret":"s","account":"1"}`} {
		if status := b.put("/access-keys", body); status != http.StatusBadRequest {
			t.Errorf("PUT /access-keys of %q gives %d", body, status)
		}
	}
}
