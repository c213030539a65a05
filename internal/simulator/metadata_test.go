package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"
)

// metadata asks the metadata service for a path with one header.
func (b *bench) metadata(method, path, header, value string) (int, string) {
	b.t.Helper()
	request := must(http.NewRequestWithContext(b.t.Context(), method, "https://"+b.host+"/latest"+path, nil))(b.t)
	request.Header.Set(header, value)
	response, err := b.http.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode, string(must(io.ReadAll(response.Body))(b.t))
}

func TestMetadataGivesTheRolesCredentials(t *testing.T) {
	t.Parallel()
	const ttl, tokenHeader, roles = "X-aliyun-ecs-metadata-token-ttl-seconds", "X-aliyun-ecs-metadata-token", "/meta-data/ram/security-credentials/"
	b := start(t)
	for _, bad := range []string{"", "0", "21601", "soon"} {
		if status, _ := b.metadata(http.MethodPut, "/api/token", ttl, bad); status != http.StatusBadRequest {
			t.Errorf("a token for %q seconds: %d", bad, status)
		}
	}
	_, token := b.metadata(http.MethodPut, "/api/token", ttl, "60")
	if status, role := b.metadata(http.MethodGet, roles, tokenHeader, token); status != http.StatusOK || role != MetadataRole {
		t.Errorf("the role is %d %s", status, role)
	}
	for path, want := range map[string]int{roles: 403, roles + MetadataRole: 403} {
		if status, _ := b.metadata(http.MethodGet, path, tokenHeader, "other"); status != want {
			t.Errorf("%s without a token: %d", path, status)
		}
	}
	if status, _ := b.metadata(http.MethodGet, roles+"other", tokenHeader, token); status != http.StatusNotFound {
		t.Errorf("another role: %d", status)
	}
	_, body := b.metadata(http.MethodGet, roles+MetadataRole, tokenHeader, token)
	var keys struct{ Code, AccessKeyID, AccessKeySecret, SecurityToken, Expiration, LastUpdated string }
	if err := json.Unmarshal([]byte(body), &keys); err != nil || keys.Code != "Success" || keys.LastUpdated == "" {
		t.Fatalf("the credentials are %s (%v)", body, err)
	}
	key := temporary{keys.AccessKeyID, keys.AccessKeySecret, keys.SecurityToken}
	if e := key.exchange("GetCallerIdentity").sign(); b.send(e) != nil || e.document["AccountId"] != DefaultAccount {
		t.Errorf("the credentials are those of %s", e.body)
	}
	b.clock.advance(time.Minute + time.Second)
	if status, _ := b.metadata(http.MethodGet, roles, tokenHeader, token); status != http.StatusForbidden {
		t.Errorf("a token after its time: %d", status)
	}
}
