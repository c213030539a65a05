package clberr

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

func TestCodesMeanWhatTheTableSays(t *testing.T) {
	t.Parallel()
	for _, row := range Codes() {
		code := row.Code
		if row.Match != Exact {
			code = row.Code + "Some"
		}
		e := New("SetServerCertificateName", code, "m", "R-1", 400, Refused)
		if e.Class() != row.Class || e.Reason() != row.Reason || !e.Known() || e.Advice() == "" {
			t.Errorf("%s: got %s, %s, known %v, advice %q; want %s, %s", code, e.Class(), e.Reason(), e.Known(), e.Advice(), row.Class, row.Reason)
		}
	}
}

func TestClassByActionStatusAndCode(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		action, code string
		status       int
		class        Class
		reason       v1alpha1.Reason
		known        bool
	}{
		"no answer at all":                   {"", "", 0, Transient, v1alpha1.ReasonCloudUnavailable, true},
		"a gateway's 502":                    {"", "", 502, Transient, v1alpha1.ReasonCloudUnavailable, true},
		"an unreadable 200":                  {"", "", 200, Transient, v1alpha1.ReasonCloudUnavailable, true},
		"a 400 without a code":               {"", "", 400, Transient, v1alpha1.ReasonCloudUnavailable, false},
		"a 429 without a code":               {"", "", 429, Transient, v1alpha1.ReasonCloudUnavailable, false},
		"an unknown code, 400":               {"", "LastTokenProcessing", 400, Transient, v1alpha1.ReasonCloudUnavailable, false},
		"an unknown code, 500":               {"", "Odd", 500, Transient, v1alpha1.ReasonCloudUnavailable, false},
		"an unknown code, 403":               {"", "Odd", 403, Auth, v1alpha1.ReasonUnauthorized, false},
		"an unknown code, 401":               {"", "Odd", 401, Auth, v1alpha1.ReasonCredentialsInvalid, false},
		"an unknown code of STS":             {"AssumeRole", "InvalidParameter.RoleArn", 400, Auth, v1alpha1.ReasonCredentialsInvalid, false},
		"InvalidParameter at upload":         {actionUpload, "InvalidParameter", 400, Terminal, v1alpha1.ReasonRejectedByCloud, true},
		"InvalidParameter at upload, 503":    {actionUpload, "InvalidParameter", 503, Terminal, v1alpha1.ReasonRejectedByCloud, true},
		"InvalidParameter elsewhere":         {"TagResources", "InvalidParameter", 404, Terminal, v1alpha1.ReasonRejectedByCloud, true},
		"InvalidParameter elsewhere, 503":    {"TagResources", "InvalidParameter", 503, Transient, v1alpha1.ReasonCloudUnavailable, true},
		"SystemBusy comes with 449":          {"", "SystemBusy", 449, Transient, v1alpha1.ReasonCloudUnavailable, true},
		"ServiceUnavailable may be a 400":    {"", "ServiceUnavailable", 400, Transient, v1alpha1.ReasonCloudUnavailable, true},
		"Throttling for one user":            {"", "Throttling.User", 400, Throttled, v1alpha1.ReasonThrottled, true},
		"Throttling with a 503":              {"", "Throttling.Api", 503, Throttled, v1alpha1.ReasonThrottled, true},
		"a code in another case":             {"", "throttling", 400, Transient, v1alpha1.ReasonCloudUnavailable, false},
		"a quota by any other name":          {"", "ServerCertificateQuotaFull", 400, Quota, v1alpha1.ReasonQuotaExceeded, true},
		"the tag limit isn't a quota":        {"", "SizeLimitExceeded.Tag", 400, Terminal, v1alpha1.ReasonRejectedByCloud, true},
		"a key that is too short":            {"", "OperationDenied.IllegalKeyLength", 400, Terminal, v1alpha1.ReasonKeyUnsupported, true},
		"a key that is EC":                   {"", "EccCertificateNotSupport", 400, Terminal, v1alpha1.ReasonKeyUnsupported, true},
		"an SDK's timeout":                   {"", "SDK.TimeoutError", 400, Transient, v1alpha1.ReasonCloudUnavailable, true},
		"any other code of the SDK":          {"", "SDK.InvalidParam", 400, Terminal, v1alpha1.ReasonRejectedByCloud, true},
		"a region without certificates":      {"", "ServerCertificate.NotSupport", 400, Terminal, v1alpha1.ReasonRegionInvalid, true},
		"a region without rights":            {"", "UnauthorizedRegion", 403, Auth, v1alpha1.ReasonUnauthorized, true},
		"a load balancer that doesn't exist": {"", "InvalidLoadBalancerId.NotFound", 404, NotFound, v1alpha1.ReasonLoadBalancerNotFound, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := New(c.action, c.code, "", "", c.status, Refused)
			if e.Class() != c.class || e.Reason() != c.reason || e.Known() != c.known {
				t.Errorf("got %s, %s, known %v", e.Class(), e.Reason(), e.Known())
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*Error{
		"Upload: Code (RequestId 1-2): said": New("Upload", "Code", "said", "1-2", 400, Refused),
		"Upload: Code: said":                 New("Upload", "Code", "said", "", 400, Refused),
		"Upload: HTTP 502: said":             New("Upload", "", "said", "", 502, Unknown),
		"Upload: (RequestId 1-2): said":      New("Upload", "", "said", "1-2", 0, Unknown),
		"Upload: said":                       New("Upload", "", "said", "", 0, Unknown),
		"Upload: Code":                       New("Upload", "Code", "", "", 400, Refused),
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAdviceNamesTheRight(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{"TagResources": "slb:TagResources", "AssumeRole": "sts:AssumeRole"} {
		if got := New(action, "Forbidden.RAM", "", "", 403, Refused).Advice(); !strings.Contains(got, want) {
			t.Errorf("%s: %q lacks %s", action, got, want)
		}
	}
}

func TestWhatToLeaveOutOfACASCertificate(t *testing.T) {
	t.Parallel()
	for _, e := range []*Error{
		New(actionUpload, "MissingParameter", "The parameter AliCouldCertificateId is missing.", "R-1", 400, Refused),
		New(actionUpload, "MissingParameter.AliCouldCertificateId", "", "R-1", 400, Refused),
	} {
		if e.Class() != Terminal || e.Reason() != v1alpha1.ReasonRejectedByCloud || !strings.Contains(e.Advice(), "Leave out spec.aliCloudCertificate.region") {
			t.Errorf("%s: %s, %s, %s", e, e.Class(), e.Reason(), e.Advice())
		}
	}
}

func TestMessagesLoseWhatMayBeSecret(t *testing.T) {
	t.Parallel()
	random := make([]byte, 1200)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString(random)
	var lines string
	for rest := encoded; rest != ""; rest = rest[min(64, len(rest)):] {
		lines += rest[:min(64, len(rest))] + "\n"
	}
	block := "-----BEGIN RSA PRIVATE KEY-----\n" + lines + "-----END RSA PRIVATE KEY-----\n"
	for sentence, text := range map[string]string{
		"a PEM block":                     "before " + block + " after",
		"a block that is cut off":         "before " + block[:500],
		"bare base64":                     "the key " + encoded,
		"lines of base64":                 lines,
		"percent-encoded":                 url.QueryEscape(block),
		"percent-encoded twice":           url.QueryEscape(url.QueryEscape(block)),
		"line ends written out":           strings.ReplaceAll(block, "\n", `\n`),
		"an access key secret of letters": "secret " + encoded[:30] + " and more",
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			for _, code := range []string{"", "Odd", codeSignatureMismatch} {
				got := New("Upload", code, text, "", 400, Refused).Error()
				for _, haystack := range []string{got, strings.ReplaceAll(got, " ", "")} {
					for i := 0; i+30 <= len(encoded); i++ {
						if strings.Contains(haystack, encoded[i:i+30]) {
							t.Fatalf("%q holds %q", got, encoded[i:i+30])
						}
					}
				}
			}
		})
	}
}

func TestMessagesKeepWhatPeopleNeed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"The specified ServerCertificateId 1321932713_17f1b4b696b_1114720822_-1671 does not exist.",
		"CertificateRelatedDomainExtensionExist: de-bp1rp7ta19 of lb-bp1b6c719dfa08ex",
		"dial tcp: lookup slb.cn-nowhere.aliyuncs.com on 10.0.0.10:53: no such host",
		"You need acs:slb:cn-hangzhou:1000000000000001:certificate/*",
	} {
		if got := New("A", "C", text, "", 400, Refused).Message; got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}

func TestMessagesAreShortAndPrintable(t *testing.T) {
	t.Parallel()
	e := New("A", "C", strings.Repeat("ü\x00\n", 1000)+"\xff", "", 400, Refused)
	if len(e.Message) > 512 || !utf8.ValidString(e.Message) || strings.ContainsAny(e.Message, "\x00\n") || !strings.HasSuffix(e.Message, "...") {
		t.Errorf("%d bytes: %q", len(e.Message), e.Message)
	}
}

func TestCodesAndRequestIDsThatCanNotBeOnesAreDropped(t *testing.T) {
	t.Parallel()
	secret := "MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn9Yc0hY2h4"
	for _, text := range []string{secret, "a b", "a\nb", strings.Repeat("x", 101), "<html>", "日本"} {
		if e := New("A", text, "", text, 400, Refused); e.Code != "" || e.RequestID != "" {
			t.Errorf("%q: kept as %q, %q", text, e.Code, e.RequestID)
		}
	}
	for _, text := range []string{"365F4154-92F6-4AE4-92F8-7FF34B540710", "365f415492f64ae492f87ff34b540710"} {
		if e := New("A", "", "", text, 400, Refused); e.RequestID != text {
			t.Errorf("%q: dropped", text)
		}
	}
}
