package sdks

import "testing"

// client calls an action with parameters in the form that both SDKs understand: text, lists of text, and lists of objects
// (Tag: [{Key, Value}]). It gives the document that the SDK made of the answer.
type client func(action string, parameters map[string]any) (map[string]any, error)

// sdk is one way to use an SDK.
type sdk interface {
	// connect gives a client for a simulator, which verifies its certificate by the simulator's CA.
	connect(s *simulator, c credentials) (client, error)
	// refusal reads the SDK's own error type; ok is false for other errors.
	refusal(err error) (r refusal, ok bool)
	// upload tells the HTTP method, and whether the parameters are in the form (else in the query).
	upload() (method string, inForm bool)
}

// refusal is what the SDK understood of an error document.
type refusal struct {
	status          int
	code, requestID string
}

var sdks = map[string]sdk{
	"V1, POST, fields":                v1{method: "POST", format: "JSON"},
	"V1, GET, fields":                 v1{method: "GET", format: "JSON"},
	"V1, POST, form":                  v1{method: "POST", format: "JSON", form: true},
	"V1, POST, fields, XML":           v1{method: "POST", format: "XML"},
	"V1, GET, fields, XML":            v1{method: "GET", format: "XML"},
	"newer, POST, query":              newer{method: "POST"},
	"newer, GET, query":               newer{method: "GET"},
	"newer, POST, form":               newer{method: "POST", form: true},
	"newer, POST, form, typed errors": newer{method: "POST", form: true, typed: true},
	"newer, RPC signature, form":      newer{method: "POST", form: true, algorithm: "v2"},
	"newer, RPC signature, query":     newer{method: "GET", algorithm: "v2", typed: true},
}

// assumeRole gives the credentials of a role's session, asked for by the SDK itself.
func assumeRole(t *testing.T, s *simulator, by sdk) credentials {
	t.Helper()
	answer, err := must(by.connect(s, lasting))(t)("AssumeRole", map[string]any{
		"RoleArn": "acs:ram::" + account + ":role/sdks", "RoleSessionName": "story",
	})
	if err != nil {
		t.Fatal(err)
	}
	session := credentials{
		at(answer, "Credentials.AccessKeyId"), at(answer, "Credentials.AccessKeySecret"), at(answer, "Credentials.SecurityToken"),
	}
	if session.id == "" || session.secret == "" || session.token == "" {
		t.Fatal("AssumeRole gives no whole credentials")
	}
	return session
}

// TestAnotherCAIsRefused shows that the SDKs verify the simulator's certificate, and are not merely let through.
func TestAnotherCAIsRefused(t *testing.T) {
	t.Parallel()
	s := *must(plain())(t)
	s.ca = newPair(t).certificate
	for _, by := range []sdk{v1{method: "POST", format: "JSON"}, newer{method: "POST"}} {
		_, err := must(by.connect(&s, lasting))(t)("DescribeRegions", nil)
		if _, answered := by.refusal(err); err == nil || answered {
			t.Errorf("%T with another CA: %v", by, err)
		}
	}
}
