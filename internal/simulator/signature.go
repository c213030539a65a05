package simulator

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxSkew is how far a request's timestamp may be from the server's clock.
const maxSkew = 15 * time.Minute

// signed are the parameters that a signature of version 1.0 needs besides itself.
var signed = []string{"AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"}

// rpcSignature is what a request of the RPC signature, version 1.0, claims about itself.
type rpcSignature struct {
	keyID, token, nonce, signature string
	timestamp                      time.Time
}

// readRPCSignature reads the claims and refuses what is missing or of another kind.
func readRPCSignature(c *call) (rpcSignature, error) {
	p := &c.params
	for _, name := range signed {
		p.required(name)
	}
	if p.err != nil {
		return rpcSignature{}, p.err
	}
	if p.optional("Signature") == "" {
		return rpcSignature{}, refuse("IncompleteSignature",
			"The request signature does not conform to Aliyun standards. server string to sign is:%s", c.stringToSign)
	}
	if p.optional("SignatureMethod") != "HMAC-SHA1" || p.optional("SignatureVersion") != "1.0" || p.optional("SignatureType") != "" {
		return rpcSignature{}, refuse("InvalidParameter", "The signature must be HMAC-SHA1 of version 1.0, without a type.")
	}
	timestamp, err := readTimestamp(p.optional("Timestamp"))
	return rpcSignature{
		keyID: p.optional("AccessKeyId"), token: p.optional("SecurityToken"), nonce: p.optional("SignatureNonce"),
		signature: p.optional("Signature"), timestamp: timestamp,
	}, err
}

func readTimestamp(text string) (time.Time, error) {
	timestamp, err := time.Parse("2006-01-02T15:04:05Z", text)
	if err != nil {
		return time.Time{}, refuse("IllegalTimestamp", "The input parameter \"Timestamp\" is not of the form 2006-01-02T15:04:05Z.")
	}
	return timestamp, nil
}

// rpcStringToSign is the method, the path, which is always /, and all parameters but the signature, sorted by name,
// each encoded twice.
func rpcStringToSign(method string, values map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name != "Signature" {
			pairs = append(pairs, percentEncode(name)+"="+percentEncode(values[name]))
		}
	}
	return method + "&%2F&" + percentEncode(strings.Join(pairs, "&"))
}

// percentEncode keeps the unreserved characters of RFC 3986 and writes all other bytes as %XX.
func percentEncode(text string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
}

func rpcSign(stringToSign, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	_, _ = mac.Write([]byte(stringToSign)) // a hash never refuses
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// mismatch is the refusal that quotes all that was signed, a private key in the form too. The SDK splits it at
// "server string to sign is:" (sdk/errors/signature_does_not_match_wrapper.go).
func mismatch(stringToSign string) error {
	return refuse("SignatureDoesNotMatch", "Specified signature is not matched with our calculation. server string to sign is:%s", stringToSign)
}
