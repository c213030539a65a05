// Package cloud does by the API's own actions what an operator does in the console:
// it makes load balancers, listeners, domain extensions and certificates in a
// simulator, and looks at them. It signs its calls itself, and so shares no code
// with the product's client or with the simulator.
package cloud

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/clbcert/clbcert/test/env"
)

// UserAgent is that of a Client's calls.
const UserAgent = "operator"

// API calls the cloud as the account that a simulator starts with, in env.Region.
// Its methods give the API's errors; those of Client fail a test by them.
type API struct {
	url       string
	userAgent string
	http      *http.Client
}

// As gives the same API for another that calls it: the simulator's log of calls tells
// their user agents.
func (a *API) As(userAgent string) *API {
	return &API{url: a.url, userAgent: userAgent, http: a.http}
}

// Parameters are those of a call. As with the vendor's SDK an empty one isn't sent.
type Parameters map[string]string

// Error is a refusal by the API.
type Error struct {
	Action  string
	Code    string
	Message string
	Status  int // of HTTP
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", e.Action, e.Status, e.Code, e.Message)
}

// CodeOf gives the API's code of an error, or "" for one that is no refusal.
func CodeOf(err error) string {
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal.Code
	}
	return ""
}

func newAPI(s *env.Simulator) (*API, error) {
	authority, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, fmt.Errorf("reading the simulator's authority: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	return &API{url: s.URL, userAgent: UserAgent, http: &http.Client{Timeout: env.Patience, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}}}, nil
}

// Call calls an action.
func (a *API) Call(ctx context.Context, action string, parameters Parameters) (Answer, error) {
	form := url.Values{
		"Action": {action}, "Version": {"2014-05-15"}, "Format": {"JSON"}, "RegionId": {env.Region},
		"AccessKeyId": {env.AccessKeyID}, "SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"},
		"SignatureNonce": {rand.Text()}, "Timestamp": {time.Now().UTC().Format("2006-01-02T15:04:05Z")},
	}
	for name, value := range parameters {
		if value != "" {
			form.Set(name, value)
		}
	}
	form.Set("Signature", signature(form))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", a.userAgent)
	response, err := a.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", action, err)
	}
	defer response.Body.Close()
	return read(action, response)
}

func read(action string, response *http.Response) (Answer, error) {
	answer := Answer{}
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return nil, fmt.Errorf("%s: reading the answer to it, %s: %w", action, response.Status, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, &Error{Action: action, Code: answer.Text("Code"), Message: answer.Text("Message"), Status: response.StatusCode}
	}
	return answer, nil
}

// signature signs a POST's form by the RPC style's version 1.0. Encode sorts by name.
func signature(form url.Values) string {
	canonical := percent(form.Encode())
	mac := hmac.New(sha1.New, []byte(env.AccessKeySecret+"&"))
	mac.Write([]byte("POST&%2F&" + url.QueryEscape(canonical)))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// percent turns what a form encodes otherwise than RFC 3986.
func percent(form string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(form)
}
