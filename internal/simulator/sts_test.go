package simulator

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/sts"
)

const testRole = "acs:ram::1000000000000009:role/clbcert"

// temporary is a session's access key.
type temporary struct{ id, secret, token string }

func (b *bench) assumeRole(more ...string) temporary {
	b.t.Helper()
	return newTemporary(b.call("AssumeRole", merge(map[string]string{"RoleArn": testRole, "RoleSessionName": "test"}, more...)))
}

func newTemporary(a map[string]any) temporary {
	return temporary{at[string](a, "Credentials", "AccessKeyId"), at[string](a, "Credentials", "AccessKeySecret"), at[string](a, "Credentials", "SecurityToken")}
}

func (k temporary) exchange(action string) *exchange {
	e := newExchange(action, nil)
	e.secret = k.secret
	e.query.Set("AccessKeyId", k.id)
	e.query.Set("SecurityToken", k.token)
	return e
}

func TestSDKAssumesARole(t *testing.T) {
	t.Parallel()
	b := start(t)
	client, err := sts.NewClientWithOptions(testRegion, b.sdkConfig(), credentials.NewStaticAKCredentialsProvider(testKeyID, testSecret))
	if err != nil {
		t.Fatal(err)
	}
	client.Domain = b.host
	assume := sts.CreateAssumeRoleRequest()
	assume.Scheme, assume.RoleArn, assume.RoleSessionName = "https", testRole, "test"
	assumed, err := client.AssumeRole(assume)
	if err != nil {
		t.Fatal(err)
	}
	keys := assumed.Credentials
	session := credentials.NewStaticSTSCredentialsProvider(keys.AccessKeyId, keys.AccessKeySecret, keys.SecurityToken)
	describe := slb.CreateDescribeServerCertificatesRequest()
	describe.RegionId = testRegion
	if _, err := b.slbAs(session).DescribeServerCertificates(describe); err != nil {
		t.Errorf("the session's key is refused: %v", err)
	}
	other, err := sts.NewClientWithOptions(testRegion, b.sdkConfig(), session)
	if err != nil {
		t.Fatal(err)
	}
	other.Domain = b.host
	identity := sts.CreateGetCallerIdentityRequest()
	identity.Scheme = "https"
	who, err := other.GetCallerIdentity(identity)
	if err != nil {
		t.Fatal(err)
	}
	if who.AccountId != "1000000000000009" || who.IdentityType != "AssumedRoleUser" || who.Arn != "acs:ram::1000000000000009:assumed-role/clbcert/test" {
		t.Errorf("the session is %+v", who)
	}
}

func TestSessionsEndAndNeedTheirToken(t *testing.T) {
	t.Parallel()
	b := start(t)
	key, other := b.assumeRole("DurationSeconds", "900"), b.assumeRole()
	for _, c := range []struct {
		sentence string
		edit     func(*exchange)
		ahead    time.Duration
		status   int
		code     any
	}{
		{"a fresh session", func(*exchange) {}, 0, 200, nil},
		{"without its token", drop("SecurityToken"), 0, 404, "InvalidAccessKeyId.NotFound"},
		{"with a token of nobody", query("SecurityToken", "CAISx"), 0, 400, "InvalidSecurityToken.Malformed"},
		{"with the token of another", query("SecurityToken", other.token), 0, 400, "InvalidSecurityToken.MismatchWithAccessKey"},
		{"with another secret", func(e *exchange) { e.secret = testSecret }, 0, 400, "SignatureDoesNotMatch"},
		{"at its end", func(*exchange) {}, 14 * time.Minute, 200, nil},
		{"past its end", func(*exchange) {}, time.Minute, 400, "InvalidSecurityToken.Expired"},
	} {
		b.clock.advance(c.ahead)
		e := key.exchange("DescribeRegions")
		e.query.Set("Timestamp", apiTime(b.clock.now()))
		c.edit(e)
		if err := b.send(e.sign()); err != nil || e.status != c.status || e.document["Code"] != c.code {
			t.Errorf("%s: got %v %d %s, want %d %v", c.sentence, err, e.status, e.body, c.status, c.code)
		}
	}
}

func TestSessionsEndEarlier(t *testing.T) {
	t.Parallel()
	b := start(t, func(o *Options) { o.SessionLimit = 5 * time.Second })
	key := b.assumeRole("DurationSeconds", "900")
	b.clock.advance(5 * time.Second)
	e := key.exchange("DescribeRegions")
	if err := b.send(e.sign()); err != nil || e.document["Code"] != "InvalidSecurityToken.Expired" {
		t.Errorf("past its end: %v, %s", err, e.body)
	}
}

func TestAssumeRoleRefuses(t *testing.T) {
	t.Parallel()
	b := start(t)
	good := map[string]string{"RoleArn": testRole, "RoleSessionName": "test"}
	for sentence, c := range map[string]struct {
		edit   func(*exchange)
		status int
		code   string
	}{
		"no role":                      {formDrop("RoleArn"), 400, "MissingParameter"},
		"a role that is none":          {form("RoleArn", "clbcert"), 400, "InvalidParameter.RoleArn"},
		"a role that there isn't":      {form("RoleArn", "acs:ram::1:role/missing-one"), 404, "EntityNotExist.Role"},
		"no session name":              {formDrop("RoleSessionName"), 400, "MissingParameter"},
		"a session name with a slash":  {form("RoleSessionName", "a/b"), 400, "InvalidParameter.RoleSessionName"},
		"a duration too short":         {form("DurationSeconds", "60"), 400, "InvalidParameter.DurationSeconds"},
		"a duration that is no number": {form("DurationSeconds", "1h"), 400, "InvalidParameter.DurationSeconds"},
	} {
		e := newExchange("AssumeRole", good)
		c.edit(e)
		if err := b.send(e.sign()); err != nil || e.status != c.status || e.document["Code"] != c.code || e.document["HostId"] != "sts.aliyuncs.com" {
			t.Errorf("%s: got %v %d %s, want %d %s", sentence, err, e.status, e.body, c.status, c.code)
		}
	}
}

// identityToken makes a token as a cluster's API server would, but for its signature.
func identityToken(t *testing.T, edit func(map[string]any)) string {
	t.Helper()
	claims := map[string]any{
		"iss": "https://oidc.example.com", "sub": "system:serviceaccount:clbcert-system:clbcert", "aud": []string{"sts.aliyuncs.com"},
		"exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
	}
	edit(claims)
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode(must(json.Marshal(claims))(t)) + ".c2ln"
}

func TestAssumeRoleWithOIDC(t *testing.T) {
	t.Parallel()
	b := start(t)
	keep := func(map[string]any) {}
	for sentence, c := range map[string]struct {
		token  string
		edit   func(*exchange)
		status int
		code   any
	}{
		"a token of the cluster":            {identityToken(t, keep), form(), 200, nil},
		"one audience as text":              {identityToken(t, func(c map[string]any) { c["aud"] = "sts.aliyuncs.com" }), form(), 200, nil},
		"another audience":                  {identityToken(t, func(c map[string]any) { c["aud"] = "kubernetes" }), form(), 400, "AuthenticationFail.OIDCToken.Invalid"},
		"an expired token":                  {identityToken(t, func(c map[string]any) { c["exp"] = 1 }), form(), 400, "AuthenticationFail.OIDCToken.Expired"},
		"no token at all":                   {"", form(), 400, "MissingParameter"},
		"a token that is none":              {"hello", form(), 400, "AuthenticationFail.OIDCToken.Invalid"},
		"a provider of another account":     {identityToken(t, keep), form("OIDCProviderArn", "acs:ram::1:oidc-provider/p"), 400, "InvalidParameter.OIDCProviderArn"},
		"no timestamp":                      {identityToken(t, keep), drop("Timestamp"), 400, "MissingParameter"},
		"a timestamp of long ago":           {identityToken(t, keep), query("Timestamp", "2020-01-01T00:00:00Z"), 400, "InvalidTimeStamp.Expired"},
		"a role that is none, with a token": {identityToken(t, keep), form("RoleArn", "x"), 400, "InvalidParameter.RoleArn"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			bench := *b
			bench.t = t
			e := newExchange("AssumeRoleWithOIDC", map[string]string{
				"RoleArn": testRole, "RoleSessionName": "test", "OIDCToken": c.token,
				"OIDCProviderArn": "acs:ram::1000000000000009:oidc-provider/ack-rrsa-c1",
			})
			for _, name := range signed[:4] {
				e.query.Del(name)
			}
			c.edit(e)
			if err := bench.send(e); err != nil || e.status != c.status || e.document["Code"] != c.code {
				t.Fatalf("got %v %d %s, want %d %v", err, e.status, e.body, c.status, c.code)
			}
			if c.status != http.StatusOK {
				return
			}
			use := newTemporary(e.document).exchange("DescribeServerCertificates")
			if err := bench.send(use.sign()); err != nil || use.status != http.StatusOK {
				t.Errorf("its key is refused: %v %s", err, use.body)
			}
		})
	}
}
