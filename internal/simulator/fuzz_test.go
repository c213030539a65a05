package simulator

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzSignature signs a parameter in the query and one in the form, of any names and values, and wants the signature
// taken; and refused once one byte of any parameter, of its name or its value, is another. testdata/fuzz has some to
// begin from.
func FuzzSignature(f *testing.F) {
	server := fuzzed(f)
	f.Fuzz(func(t *testing.T, name, value, formName, formValue string, at uint, flip byte) {
		e := newExchange("DescribeRegions", map[string]string{formName: formValue})
		if e.reserves(name) || e.reserves(formName) || name == formName || len(name+value+formName+formValue) > maxBody/4 {
			return
		}
		e.query.Set(name, value)
		if err := admits(server, e.sign().request()); err != nil {
			t.Fatalf("a correct signature is refused: %v", err)
		}
		changeByte(at, flip, true, e.query, e.form)
		if err := admits(server, e.request()); err == nil {
			t.Fatalf("a changed byte goes through: %q, %q", e.query, e.form)
		}
	})
}

// FuzzSignatureV3 is FuzzSignature for ACS3-HMAC-SHA256, with any parameter, any body and any type of it. What it does
// with headers that nobody signed so is for the search for panics.
func FuzzSignatureV3(f *testing.F) {
	server := fuzzed(f)
	f.Fuzz(func(t *testing.T, name, value, contentType string, body []byte, at uint, flip byte) {
		query, content := url.Values{"RegionId": {testRegion}, name: {value}}, url.Values{"": {string(body)}}
		headers := url.Values{
			"X-Acs-Action": {"DescribeRegions"}, "X-Acs-Version": {"2014-05-15"}, "X-Acs-Date": {apiTime(time.Now())},
			"X-Acs-Signature-Nonce": {"once"}, "X-Acs-Content-Sha256": {hexSHA256(body)}, "Content-Type": {contentType},
			"Authorization": {"ACS3-" + value},
		}
		_ = admits(server, requestV3(query, headers, content))
		if !isOtherType(contentType) || len(name)+len(value)+len(body) > maxBody/4 {
			return
		}
		request := requestV3(query, headers, content)
		signV3Request(request, testKeyID, testSecret)
		headers.Set("Authorization", request.Header.Get("Authorization"))
		if err := admits(server, requestV3(query, headers, content)); err != nil {
			t.Fatalf("a correct signature is refused: %v", err)
		}
		if at%2 == 0 {
			changeByte(at/2, flip, true, query)
		} else { // names of headers are the same in either case
			changeByte(at/2, flip, false, headers, content)
		}
		if err := admits(server, requestV3(query, headers, content)); err == nil {
			t.Fatalf("a changed byte goes through: %q, %q, %q", query, headers, content)
		}
	})
}

func fuzzed(f *testing.F) *Server {
	f.Helper()
	server, err := New(Options{Dir: f.TempDir(), AccessKeyID: testKeyID, AccessKeySecret: testSecret})
	if err != nil {
		f.Fatal(err)
	}
	return server
}

// admits asks a server that has seen no nonce yet.
func admits(s *Server, r *http.Request) error {
	fresh, c := &Server{store: s.store}, &call{request: r, arrived: time.Now()}
	if err := fresh.receive(c); err != nil {
		return err
	}
	return fresh.authenticate(c)
}

// reserves tells the names that mean something to the signature.
func (e *exchange) reserves(name string) bool {
	return e.query.Has(name) || name == "Signature" || name == "SecurityToken"
}

func (e *exchange) request() *http.Request {
	return &http.Request{
		Method: e.method, URL: &url.URL{Path: "/", RawQuery: e.query.Encode()}, Body: io.NopCloser(strings.NewReader(e.form.Encode())),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
}

// requestV3 has its query as it is signed, and its body under "".
func requestV3(query, headers, content url.Values) *http.Request {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range query[name] {
			pairs = append(pairs, plainEncode(name)+"="+plainEncode(value))
		}
	}
	const host = "slb.aliyuncs.com"
	return &http.Request{
		Method: http.MethodPost, Host: host, URL: &url.URL{Host: host, Path: "/", RawQuery: strings.Join(pairs, "&")},
		Header: http.Header(maps.Clone(headers)), Body: io.NopCloser(bytes.NewReader([]byte(content.Get("")))),
	}
}

// isOtherType tells what a header can hold, and what is no form, which could be one that can't be read.
func isOtherType(contentType string) bool {
	for _, letter := range []byte(contentType) {
		if letter < ' ' || letter > '~' {
			return false
		}
	}
	return strings.TrimSpace(contentType) == contentType && !strings.Contains(strings.ToLower(contentType), "urlencoded")
}

// changeByte changes one byte of all the values, and of the names if they count. A flip of 0 is taken for 1.
func changeByte(at uint, flip byte, names bool, sources ...url.Values) {
	length := func(name, value string) uint {
		if names {
			return uint(len(name) + len(value))
		}
		return uint(len(value))
	}
	var total uint
	for _, source := range sources {
		for name := range source {
			total += length(name, source.Get(name))
		}
	}
	at %= total
	for _, source := range sources {
		for _, name := range slices.Sorted(maps.Keys(source)) {
			value := source.Get(name)
			count := length(name, value)
			if at >= count {
				at -= count
				continue
			}
			text := []byte(name + value)
			text[at+uint(len(text))-count] ^= max(flip, 1)
			source.Del(name)
			source.Add(string(text[:len(name)]), string(text[len(name):]))
			return
		}
	}
}
