package credentials_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clb/wire"
	"github.com/clbcert/clbcert/internal/clberr"
	"github.com/clbcert/clbcert/internal/simulator"
)

const (
	keyID  = "LTAItestkey"
	secret = "kT9xQ2mZ7vB4nC1sD8fG5hJ3lP6wR0"
	role   = "acs:ram::1000000000000009:role/clbcert"
)

// start serves a simulator and gives its STS.
func start(t *testing.T, faults ...string) *credentials.STS {
	t.Helper()
	dir := t.TempDir()
	server, err := simulator.New(simulator.Options{Dir: dir, AccessKeyID: keyID, AccessKeySecret: secret, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	authority, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	base := wire.NewBase(pool)
	t.Cleanup(base.CloseIdleConnections)
	return &credentials.STS{
		Endpoint: &url.URL{Scheme: "https", Host: listener.Addr().String()}, Region: "cn-hangzhou", Base: base,
		UserAgent: "clbcert/test", Timeout: 5 * time.Second,
	}
}

func failure(t *testing.T, err error) *clberr.Error {
	t.Helper()
	var failed *clberr.Error
	if !errors.As(err, &failed) {
		t.Fatalf("got %v (%T), want a *clberr.Error", err, err)
	}
	if strings.Contains(failed.Error(), secret) {
		t.Errorf("%v holds the secret", failed)
	}
	return failed
}

// accountOf asks who the provider's keys belong to.
func accountOf(t *testing.T, sts *credentials.STS, p credentials.Provider) string {
	t.Helper()
	value, err := p.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id, err := sts.CallerIdentity(t.Context(), value)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSignedCallsAreTaken(t *testing.T) {
	t.Parallel()
	sts := start(t)
	keys := credentials.Static(keyID, secret, "")
	if got := accountOf(t, sts, keys); got != simulator.DefaultAccount {
		t.Errorf("the keys' account: %s", got)
	}
	assumed := sts.AssumeRole(keys, credentials.Role{ARN: role, SessionName: "s@1", ExternalID: "a b*c~d+e/f=&ü"})
	if got := accountOf(t, sts, assumed); got != "1000000000000009" {
		t.Errorf("the role's account: %s", got)
	}
}

func TestTheTokenFileIsReadAgain(t *testing.T) {
	t.Parallel()
	sts := start(t)
	file := filepath.Join(t.TempDir(), "token")
	provider := sts.OIDC(credentials.Role{ARN: role}, "acs:ram::1000000000000009:oidc-provider/ack-rrsa-c1", file)
	_, err := provider.Credentials(t.Context())
	if got := failure(t, err); got.Class() != clberr.Transient || !strings.Contains(got.Message, "reading the OIDC token") {
		t.Errorf("a missing file: %v", got)
	}
	for _, step := range []struct {
		content string
		class   clberr.Class
	}{{" \n", clberr.Transient}, {"hello", clberr.Auth}, {identityToken() + "\n", ""}} {
		if err := os.WriteFile(file, []byte(step.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if step.class == "" {
			if got := accountOf(t, sts, provider); got != "1000000000000009" {
				t.Errorf("got %s", got)
			}
			return
		}
		_, err := provider.Credentials(t.Context())
		if got := failure(t, err); got.Class() != step.class {
			t.Errorf("%q: got %v (%s)", step.content, got, got.Class())
		}
	}
}

func identityToken() string {
	encode := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"iss":"https://oidc.example.com","sub":"system:serviceaccount:clbcert-system:clbcert","aud":"sts.aliyuncs.com","exp":%d}`, time.Now().Add(time.Hour).Unix())
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(claims)) + ".c2ln"
}

func TestWhatSTSRefuses(t *testing.T) {
	t.Parallel()
	sts := start(t)
	keys := credentials.Static(keyID, secret, "")
	for sentence, c := range map[string]struct {
		provider credentials.Provider
		class    clberr.Class
	}{
		"a role that doesn't exist":  {sts.AssumeRole(keys, credentials.Role{ARN: "acs:ram::1000000000000009:role/missing-one"}), clberr.Auth},
		"a role that is none":        {sts.AssumeRole(keys, credentials.Role{ARN: "x"}), clberr.Auth},
		"keys with the wrong secret": {sts.AssumeRole(credentials.Static(keyID, "no"+secret, ""), credentials.Role{ARN: role}), clberr.Auth},
	} {
		_, err := c.provider.Credentials(t.Context())
		if got := failure(t, err); got.Class() != c.class || got.Action != "AssumeRole" {
			t.Errorf("%s: got %v (%s)", sentence, got, got.Class())
		}
	}
}

func TestOddAnswersOfSTS(t *testing.T) {
	t.Parallel()
	for sentence, body := range map[string]string{
		"nothing":              ``,
		"no JSON":              `<html>`,
		"no credentials":       `{"RequestId":"R-1"}`,
		"no expiration":        `{"RequestId":"R-1","Credentials":{"AccessKeyId":"a","AccessKeySecret":"b","SecurityToken":"c"}}`,
		"a wrong type":         `{"RequestId":"R-1","Credentials":"x"}`,
		"an unreadable date":   `{"Credentials":{"AccessKeyId":"a","AccessKeySecret":"b","SecurityToken":"c","Expiration":"soon"}}`,
		"a token that is null": `{"Credentials":{"AccessKeyId":"a","AccessKeySecret":"b","SecurityToken":null,"Expiration":"2126-01-01T00:00:00Z"}}`,
	} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		t.Cleanup(server.Close)
		endpoint, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		sts := &credentials.STS{Endpoint: endpoint, Base: server.Client().Transport, Timeout: 5 * time.Second}
		_, err = sts.AssumeRole(credentials.Static(keyID, secret, ""), credentials.Role{ARN: role}).Credentials(t.Context())
		if got := failure(t, err); got.Class() != clberr.Transient {
			t.Errorf("%s: got %v (%s)", sentence, got, got.Class())
		}
	}
}

func TestGarbledWayToSTS(t *testing.T) {
	t.Parallel()
	for fault, class := range map[string]clberr.Class{"http502": clberr.Transient, "reset": clberr.Transient, "Throttling.User": clberr.Throttled} {
		sts := start(t, "AssumeRole="+fault)
		_, err := sts.AssumeRole(credentials.Static(keyID, secret, ""), credentials.Role{ARN: role}).Credentials(t.Context())
		if got := failure(t, err); got.Class() != class {
			t.Errorf("%s: got %v (%s)", fault, got, got.Class())
		}
	}
}

// metadata is the part of the ECS metadata service that gives a role's keys.
func metadata() *http.ServeMux {
	const keys = `{"Code":"Success","AccessKeyId":"STS.a","AccessKeySecret":"b","SecurityToken":"c","Expiration":"2126-01-01T00:00:00Z"}`
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-aliyun-ecs-metadata-token-ttl-seconds") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, "token-1")
	})
	mux.HandleFunc("GET /latest/meta-data/ram/security-credentials/{role}", func(w http.ResponseWriter, r *http.Request) {
		switch role := r.PathValue("role"); {
		case r.Header.Get("X-aliyun-ecs-metadata-token") != "token-1":
			w.WriteHeader(http.StatusForbidden)
		case role == "moved":
			http.Redirect(w, r, "/latest/meta-data/ram/security-credentials/node", http.StatusFound)
		case role != "node":
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = io.WriteString(w, keys)
		}
	})
	return mux
}

func TestECSRole(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(metadata())
	t.Cleanup(server.Close)
	value, err := credentials.ECSRole("node", server.URL).Credentials(t.Context())
	if err != nil || value.AccessKeyID != "STS.a" || value.SecurityToken != "c" || value.Expires.Year() != 2126 {
		t.Errorf("got %q, %v", value.AccessKeyID, err)
	}
	for role, class := range map[string]clberr.Class{"other": clberr.Auth, "moved": clberr.Transient} {
		_, err := credentials.ECSRole(role, server.URL).Credentials(t.Context())
		if got := failure(t, err); got.Class() != class {
			t.Errorf("%s: got %v", role, got)
		}
	}
	server.Close()
	_, err = credentials.ECSRole("node", server.URL).Credentials(t.Context())
	if got := failure(t, err); got.Class() != clberr.Transient || strings.Contains(got.Message, "http://") {
		t.Errorf("no service: got %v", got)
	}
}
