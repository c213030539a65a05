package clb

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clb/wire"
	"github.com/clbcert/clbcert/internal/clberr"
)

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestOddAnswersToAnUpload(t *testing.T) {
	t.Parallel()
	upload := newUpload(t)
	good := `"RequestId":"R-1","ServerCertificateId":"1_a","Fingerprint":"` + strings.ToLower(upload.Fingerprint) + `"`
	for sentence, c := range map[string]struct {
		status  int
		body    string
		code    string
		outcome clberr.Outcome // "" for success
	}{
		"the plain answer":                        {200, `{` + good + `}`, "", ""},
		"names as one string":                     {200, `{` + good + `,"SubjectAlternativeNames":{"SubjectAlternativeName":"a.com"}}`, "", ""},
		"names of the wrong type":                 {200, `{` + good + `,"SubjectAlternativeNames":7}`, "", ""},
		"an empty answer":                         {200, ``, "", clberr.Unknown},
		"an answer that isn't JSON":               {200, `<html>`, "", clberr.Unknown},
		"no ID":                                   {200, `{"RequestId":"R-1"}`, "", clberr.Unknown},
		"no fingerprint":                          {200, `{"RequestId":"R-1","ServerCertificateId":"1_a"}`, "", clberr.Unknown},
		"an ID of the wrong type":                 {200, `{"RequestId":"R-1","ServerCertificateId":{}}`, "", clberr.Unknown},
		"an error document as a success":          {200, `{"RequestId":"R-1","Code":"OverQuota","Message":"full"}`, "OverQuota", clberr.Unknown},
		"another's fingerprint":                   {200, `{"RequestId":"R-1","ServerCertificateId":"1_a","Fingerprint":"00:11"}`, clberr.CodeFingerprintMismatch, clberr.Unknown},
		"an error document that makes SDKs panic": {400, `{"RequestId":17,"Code":"SystemBusy","Message":{"a":1},"HostId":[],"AccessDeniedDetail":"x"}`, "SystemBusy", clberr.Refused},
		"an error whose code is a list":           {400, `{"Code":["x"]}`, "", clberr.Unknown},
		"an error that quotes the key":            {400, `{"RequestId":"R-1","Code":"Odd","Message":` + quoted(string(upload.PrivateKeyPEM)) + `}`, "Odd", clberr.Refused},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			made, err := stub(t, says(c.status, c.body)).Upload(t.Context(), region, upload)
			if c.outcome == "" {
				if err != nil || made.ID != "1_a" || made.Name != "web" || made.Tags["team"] != "shop" {
					t.Errorf("got %+v, %v", made, err)
				}
				return
			}
			got := failure(t, err)
			if got.Code != c.code || got.Outcome != c.outcome || leaks(got.Error(), upload.PrivateKeyPEM) {
				t.Errorf("got %+v", *got)
			}
		})
	}
}

func quoted(text string) string {
	return strings.ReplaceAll(strconv.Quote(text), `\x`, `\u00`)
}

func TestOddListsAreErrorsNotEmpty(t *testing.T) {
	t.Parallel()
	for sentence, body := range map[string]string{
		"nothing":                  ``,
		"no list":                  `{"RequestId":"R-1"}`,
		"a list that is null":      `{"RequestId":"R-1","ServerCertificates":{"ServerCertificate":null}}`,
		"a list that is an object": `{"RequestId":"R-1","ServerCertificates":{"ServerCertificate":{"ServerCertificateId":"1"}}}`,
		"an entry without an ID":   `{"RequestId":"R-1","ServerCertificates":{"ServerCertificate":[{}]}}`,
		"tags of the wrong type":   `{"RequestId":"R-1","ServerCertificates":{"ServerCertificate":[{"ServerCertificateId":"1","Tags":"x"}]}}`,
		"no RequestId":             `{"ServerCertificates":{"ServerCertificate":[]}}`,
		"an error document":        `{"RequestId":"R-1","Code":"ServiceUnavailable","ServerCertificates":{"ServerCertificate":[]}}`,
	} {
		lists, err := stub(t, says(200, body)).Certificates(t.Context(), region, time.Now(), Concern{All: true})
		if got := failure(t, err); got.Class() != clberr.Transient || lists != nil {
			t.Errorf("%s: got %v, %v", sentence, lists, err)
		}
	}
}

func TestChangesNeedARequestID(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `{}`, `{"RequestId":"R-1","Code":"InternalError"}`} {
		err := stub(t, says(200, body)).SetName(t.Context(), region, "1_a", "web")
		if got := failure(t, err); got.Outcome != clberr.Unknown {
			t.Errorf("%q: got %+v", body, *got)
		}
	}
}

func TestSubjectAlternativeNamesInEveryShape(t *testing.T) {
	t.Parallel()
	want := alternatives{"a.com", "*.a.com"}
	for sentence, document := range map[string]string{
		"the documented list":            `{"SubjectAlternativeName":["a.com","*.a.com"]}`,
		"the sample: a list in a string": `{"SubjectAlternativeName":["[\"a.com\",\"*.a.com\"]"]}`,
		"a list in one string":           `{"SubjectAlternativeName":"[\"a.com\",\"*.a.com\"]"}`,
		"a bare list":                    `["a.com","*.a.com"]`,
	} {
		var got alternatives
		if err := json.Unmarshal([]byte(document), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %q, %v", sentence, got, err)
		}
	}
}

func TestTimesInEveryShape(t *testing.T) {
	t.Parallel()
	want := time.Date(2022, 2, 21, 2, 49, 5, 0, time.UTC)
	for document, times := range map[string]time.Time{
		`{"ExpireTime":"2022-02-21T02:49:05Z"}`:                                    want,
		`{"ExpireTime":"2022-02-21T02:49:05Z","ExpireTimeStamp":1}`:                want,
		`{"ExpireTime":"2022-02-21T10:49:05+08:00"}`:                               want,
		`{"ExpireTimeStamp":1645411745000}`:                                        want,
		`{"ExpireTime":"","ExpireTimeStamp":"1645411745999"}`:                      want,
		`{"ExpireTime":"soon","ExpireTimeStamp":{}}`:                               {},
		`{"ExpireTimeStamp":0}`:                                                    {},
		`{"ExpireTimeStamp":9223372036854775807}`:                                  {},
		`{"CreateTimeStamp":1645411745000,"CreateTime":"2022-02-21T02:49:05.000"}`: {},
	} {
		var one certificateDocument
		if err := json.Unmarshal([]byte(document), &one); err != nil || !one.certificate(region).ExpireTime.Equal(times) {
			t.Errorf("%s: got %s, %v", document, one.certificate(region).ExpireTime, err)
		}
	}
}

func FuzzCertificateDocument(f *testing.F) {
	for _, seed := range []string{
		`{"ServerCertificateId":"1","SubjectAlternativeNames":{"SubjectAlternativeName":["[\"a.com\"]"]},"Tags":{"Tag":[{"TagKey":"a","TagValue":""}]}}`,
		`{"SubjectAlternativeNames":"[\"[\\\"[]\\\"]\"]"}`, `{"SubjectAlternativeNames":null,"CreateTime":7}`, `[]`, ``, `{"Tags":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, body []byte) {
		var one struct {
			wire.Document
			certificateDocument
		}
		_ = decode(actionUpload, body, &one)
		_ = one.certificate(region)
		var all listDocument
		_ = decode(actionList, body, &all)
		_, _ = all.certificates(region)
	})
}

// panicking is a base that panics.
type panicking struct{ none *http.Response }

func (p panicking) RoundTrip(*http.Request) (*http.Response, error) {
	p.none.Status = secret
	return p.none, nil
}

func TestAPanicIsATransientErrorWithoutItsText(t *testing.T) {
	t.Parallel()
	a := stub(t, says(200, `{}`))
	a.client.base = panicking{}
	_, err := a.Upload(t.Context(), region, newUpload(t))
	if got := failure(t, err); got.Class() != clberr.Transient || got.Outcome != clberr.Unknown || leaks(got.Error(), []byte(secret)) {
		t.Errorf("got %+v", *got)
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	upload := newUpload(t)
	value := credentials.Value{AccessKeyID: keyID, AccessKeySecret: secret, SecurityToken: strings.Repeat("tokenTOKEN", 8)}
	provider := credentials.Static(keyID, secret, value.SecurityToken)
	a := stub(t, says(200, `{}`))
	for _, thing := range []any{upload, &upload, []Upload{upload}, value, &value, map[string]any{"v": value}, provider, a, a.client, signer(func() credentials.Value { return value })} {
		text := ""
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			text += fmt.Sprintf(verb, thing)
		}
		if encoded, err := json.Marshal(thing); err == nil {
			text += string(encoded)
		}
		if leaks(text, upload.PrivateKeyPEM, []byte(secret), []byte(value.SecurityToken)) {
			t.Errorf("%T prints a secret", thing)
		}
	}
}

func TestErrorsOfTheSDKAreNotQuoted(t *testing.T) {
	t.Parallel()
	got := unsent("A", errors.New("parse https://h/?AccessKeySecret="+secret))
	if leaks(got.Error(), []byte(secret)) || got.Outcome != clberr.NotSent || got.Class() != clberr.Terminal {
		t.Errorf("got %+v", *got)
	}
}
