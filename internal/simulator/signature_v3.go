package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// algorithmV3 is the signature of the newer SDKs, which is in the headers (Alibaba Cloud SDK, "V3 request structure and
// signature").
const algorithmV3 = "ACS3-HMAC-SHA256"

// signatureV3 is what the header Authorization claims.
type signatureV3 struct {
	keyID, signature string
	headers          []string // names of those that are signed, lower case, in order
}

// authenticateV3 checks in the same order as authenticate.
func (s *Server) authenticateV3(c *call) error {
	claim, timestamp, err := c.readV3()
	if err != nil {
		return err
	}
	header := c.request.Header
	key, err := s.admit(c, claim.keyID, header.Get("X-Acs-Security-Token"), timestamp)
	if err != nil {
		return err
	}
	if header.Get("X-Acs-Content-Sha256") != hexSHA256(c.body) {
		return refuse("InvalidParameter", "The header x-acs-content-sha256 is not the body's hash.")
	}
	c.stringToSign = algorithmV3 + "\n" + hexSHA256([]byte(canonicalRequest(c.request, c.query, claim.headers)))
	if !hmac.Equal([]byte(claim.signature), []byte(signV3(c.stringToSign, key.Secret))) {
		return mismatch(c.stringToSign)
	}
	return s.useNonce(c, claim.keyID, header.Get("X-Acs-Signature-Nonce"))
}

// readV3 reads the claims, and refuses headers that are missing or not signed.
func (c *call) readV3() (signatureV3, time.Time, error) {
	header := c.request.Header
	for _, name := range []string{"X-Acs-Signature-Nonce", "X-Acs-Date", "X-Acs-Content-Sha256"} {
		if header.Get(name) == "" {
			return signatureV3{}, time.Time{}, refuse("MissingParameter", "The header %s is not supplied.", strings.ToLower(name))
		}
	}
	claim, ok := parseAuthorization(header.Get("Authorization"))
	if !ok || !claim.covers(header) {
		return signatureV3{}, time.Time{}, refuse("IncompleteSignature", "The request signature does not conform to Aliyun standards.")
	}
	timestamp, err := readTimestamp(header.Get("X-Acs-Date"))
	return claim, timestamp, err
}

// parseAuthorization reads "ACS3-HMAC-SHA256 Credential=…,SignedHeaders=a;b,Signature=…".
func parseAuthorization(text string) (signatureV3, bool) {
	rest, ok := strings.CutPrefix(text, algorithmV3+" ")
	fields := map[string]string{}
	for field := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	claim := signatureV3{fields["Credential"], fields["Signature"], strings.Split(fields["SignedHeaders"], ";")}
	return claim, ok && claim.keyID != "" && claim.signature != "" && slices.IsSorted(claim.headers)
}

// covers tells whether all is signed that has to be: host, content-type when there is one, and all that begins x-acs-.
func (s signatureV3) covers(header http.Header) bool {
	needed := []string{"host"}
	for name := range header {
		if lower := strings.ToLower(name); lower == "content-type" || strings.HasPrefix(lower, "x-acs-") {
			needed = append(needed, lower)
		}
	}
	for _, name := range needed {
		if !slices.Contains(s.headers, name) {
			return false
		}
	}
	return true
}

// canonicalRequest writes a request the one way that is signed: parameters sorted by name (A.1 before A.10, which comes
// first where "name=value" is sorted). The path of an RPC call is always /.
func canonicalRequest(r *http.Request, query url.Values, headers []string) string {
	pairs := []string{}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		pairs = append(pairs, percentEncode(name)+"="+percentEncode(query.Get(name)))
	}
	var lines strings.Builder
	for _, name := range headers {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		lines.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	return strings.Join([]string{
		r.Method, "/", strings.Join(pairs, "&"), lines.String(), strings.Join(headers, ";"), r.Header.Get("X-Acs-Content-Sha256"),
	}, "\n")
}

func signV3(stringToSign, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(stringToSign)) // a hash never refuses
	return hex.EncodeToString(mac.Sum(nil))
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
