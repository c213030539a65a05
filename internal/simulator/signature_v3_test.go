package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestV3SignatureOfTheDocumentation checks the example of Alibaba Cloud's page "V3 request structure and signature".
func TestV3SignatureOfTheDocumentation(t *testing.T) {
	t.Parallel()
	empty := hexSHA256(nil)
	request := must(http.NewRequestWithContext(t.Context(), http.MethodPost, "https://ecs.cn-shanghai.aliyuncs.com/", nil))(t)
	for name, value := range map[string]string{
		"x-acs-action": "RunInstances", "x-acs-content-sha256": empty, "x-acs-date": "2023-10-26T10:22:32Z",
		"x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d", "x-acs-version": "2014-05-26",
	} {
		request.Header.Set(name, value)
	}
	query := url.Values{"ImageId": {"win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}, "RegionId": {"cn-shanghai"}}
	canonical := canonicalRequest(request, query, []string{
		"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version",
	})
	const want = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
	if got := signV3("ACS3-HMAC-SHA256\n"+hexSHA256([]byte(canonical)), "YourAccessKeySecret"); got != want {
		t.Errorf("the signature is %s, want %s, of\n%s", got, want, canonical)
	}
}

// signedV3 writes a call as the newer SDKs do: action and signature in the headers, parameters in query and form.
func (b *bench) signedV3(action string, form url.Values, keyID, secret string) *http.Request {
	b.t.Helper()
	body := form.Encode()
	request := must(http.NewRequestWithContext(b.t.Context(), http.MethodPost, "https://"+b.host+"/?RegionId="+testRegion, strings.NewReader(body)))(b.t)
	sum := sha256.Sum256([]byte(body))
	for name, value := range map[string]string{
		"content-type": "application/x-www-form-urlencoded", "x-acs-action": action, "x-acs-version": "2014-05-15",
		"x-acs-date": time.Now().UTC().Format("2006-01-02T15:04:05Z"), "x-acs-signature-nonce": newRequestID(),
		"x-acs-content-sha256": hex.EncodeToString(sum[:]),
	} {
		request.Header.Set(name, value)
	}
	signV3Request(request, keyID, secret)
	return request
}

// signV3Request follows the description by other means than the server's.
func signV3Request(request *http.Request, keyID, secret string) {
	names := []string{"host"}
	for name := range request.Header {
		if name != "Authorization" {
			names = append(names, strings.ToLower(name))
		}
	}
	slices.Sort(names)
	canonical := request.Method + "\n/\n" + request.URL.RawQuery + "\n"
	for _, name := range names {
		value := request.Header.Get(name)
		if name == "host" {
			value = request.URL.Host
		}
		canonical += name + ":" + value + "\n"
	}
	canonical += "\n" + strings.Join(names, ";") + "\n" + request.Header.Get("x-acs-content-sha256")
	sum := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "ACS3-HMAC-SHA256\n%x", sum)
	request.Header.Set("Authorization", fmt.Sprintf("ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%x", keyID, strings.Join(names, ";"), mac.Sum(nil)))
}

// do sends a request, and gives its status and code.
func (b *bench) do(request *http.Request) (status int, code string) {
	b.t.Helper()
	response, err := b.http.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var document map[string]any
	if err := json.Unmarshal(must(io.ReadAll(response.Body))(b.t), &document); err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, at[string](document, "Code")
}

func TestV3Requests(t *testing.T) {
	t.Parallel()
	b := start(t)
	session := b.assumeRole()
	for sentence, c := range map[string]struct {
		edit   func(*http.Request)
		status int
		code   string
	}{
		"a good one":                 {func(*http.Request) {}, 200, ""},
		"a wrong secret":             {func(r *http.Request) { signV3Request(r, testKeyID, "other") }, 400, "SignatureDoesNotMatch"},
		"a parameter on the way":     {func(r *http.Request) { r.URL.RawQuery += "&A=1" }, 400, "SignatureDoesNotMatch"},
		"another body":               {func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("x=1")); r.ContentLength = 3 }, 400, "InvalidParameter"},
		"another date":               {func(r *http.Request) { r.Header.Set("x-acs-date", apiTime(time.Now().Add(time.Second))) }, 400, "SignatureDoesNotMatch"},
		"an old date":                {func(r *http.Request) { r.Header.Set("x-acs-date", "2020-01-01T00:00:00Z") }, 400, "InvalidTimeStamp.Expired"},
		"no nonce":                   {func(r *http.Request) { r.Header.Del("x-acs-signature-nonce") }, 400, "MissingParameter"},
		"a header that isn't signed": {func(r *http.Request) { r.Header.Set("x-acs-extra", "1") }, 400, "IncompleteSignature"},
		"no signed headers":          {func(r *http.Request) { r.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential=a,Signature=b") }, 400, "IncompleteSignature"},
		"an unknown key":             {func(r *http.Request) { signV3Request(r, "LTAIother", "x") }, 404, "InvalidAccessKeyId.NotFound"},
		"an unknown action":          {func(r *http.Request) { r.Header.Set("x-acs-action", "Foo") }, 404, "InvalidAction.NotFound"},
		"a session with its token": {func(r *http.Request) {
			r.Header.Set("x-acs-security-token", session.token)
			signV3Request(r, session.id, session.secret)
		}, 200, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			bench := *b
			bench.t = t
			request := bench.signedV3("UploadServerCertificate", toValues(quickPair(t).parameters()), testKeyID, testSecret)
			c.edit(request)
			if status, code := bench.do(request); status != c.status || code != c.code {
				t.Errorf("got %d %s, want %d %s", status, code, c.status, c.code)
			}
		})
	}
}

func TestV3NonceServesOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	request := b.signedV3("DescribeRegions", nil, testKeyID, testSecret)
	b.do(request)
	if status, code := b.do(request.Clone(t.Context())); status != http.StatusBadRequest || code != "SignatureNonceUsed" {
		t.Errorf("the replay gives %d %s", status, code)
	}
}

func toValues(form map[string]string) url.Values {
	values := url.Values{}
	for name, value := range form {
		values.Set(name, value)
	}
	return values
}
