package credentials

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// commonQuery is what every RPC call of STS carries (STS API reference,
// "Common parameters").
func commonQuery(action string) url.Values {
	return url.Values{
		"Action":    {action},
		"Version":   {"2015-04-01"},
		"Format":    {"JSON"},
		"Timestamp": {time.Now().UTC().Format("2006-01-02T15:04:05Z")},
	}
}

// sign adds the parameters of the RPC signature, version 1.0, for a POST of
// query and form with value's keys.
func sign(query, form url.Values, value Value) {
	query.Set("AccessKeyId", value.AccessKeyID)
	query.Set("SignatureMethod", "HMAC-SHA1")
	query.Set("SignatureVersion", "1.0")
	query.Set("SignatureNonce", rand.Text())
	if value.SecurityToken != "" {
		query.Set("SecurityToken", value.SecurityToken)
	}
	query.Set("Signature", signature(query, form, value.AccessKeySecret))
}

// signature is base64(HMAC-SHA1(secret + "&", string to sign)) over all
// parameters of query and form.
func signature(query, form url.Values, secret string) string {
	all := url.Values{}
	for _, values := range []url.Values{query, form} {
		for name := range values {
			all.Set(name, values.Get(name))
		}
	}
	all.Del("Signature")
	text := http.MethodPost + "&%2F&" + rfc3986(canonical(all))
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// canonical is name=value joined by &, sorted by name, each encoded once.
func canonical(values url.Values) string { return respell(values.Encode()) }

// rfc3986 encodes all but letters, digits and -_.~
func rfc3986(text string) string { return respell(url.QueryEscape(text)) }

// respell turns form encoding into RFC 3986's. url.QueryEscape leaves ~ as it
// is and writes a blank as +; * is the other difference.
func respell(encoded string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(encoded)
}
