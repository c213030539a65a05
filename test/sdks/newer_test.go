package sdks

import (
	"encoding/json"
	"errors"
	"sync/atomic"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
)

// newer is the generic RPC call of the newer SDKs' core.
type newer struct {
	method    string
	form      bool   // parameters go into the form instead of the query
	algorithm string // "" is ACS3-HMAC-SHA256, "v2" is RPC's HMAC-SHA1
	typed     bool   // errors stay the core's own types
}

func (n newer) upload() (string, bool) { return n.method, n.form }

func (n newer) connect(s *simulator, c credentials) (client, error) {
	core, err := n.open(s, c)
	if err != nil {
		return nil, err
	}
	return func(action string, parameters map[string]any) (map[string]any, error) {
		request := &utils.OpenApiRequest{Query: map[string]*string{"RegionId": new(region)}}
		if n.form {
			request.Body = parameters
		} else {
			request.Query = dara.Merge(request.Query, utils.Query(parameters))
		}
		result, err := core.CallApi(n.parameters(action, "json"), request, &dara.RuntimeOptions{})
		if err != nil {
			return nil, err
		}
		return asDocument(result["body"])
	}, nil
}

// timeouts makes each client's read timeout, in milliseconds, another one. The core keeps one http.Client for each address and
// set of timeouts, with the first CA it was given, and writes into it at each call without minding those under way
// (tea v1.3.13, dara/core.go, DoRequest).
var timeouts atomic.Int64

func (n newer) open(s *simulator, c credentials) (*openapi.Client, error) {
	core, err := openapi.NewClient(&utils.Config{
		AccessKeyId: new(c.id), AccessKeySecret: new(c.secret), SecurityToken: new(c.token),
		Endpoint: new(s.host), RegionId: new(region), Ca: new(s.ca), SignatureAlgorithm: new(n.algorithm),
		ReadTimeout: new(30_000 + int(timeouts.Add(1))),
	})
	if err != nil {
		return nil, err
	}
	core.DisableSDKError = new(n.typed)
	return core, nil
}

// parameters are what a generated client of the newer kind says of an action.
func (n newer) parameters(action, answerType string) *utils.Params {
	version, bodyType := "2014-05-15", "query"
	if action == "AssumeRole" || action == "GetCallerIdentity" {
		version = "2015-04-01"
	}
	if n.form {
		bodyType = "formData"
	}
	return &utils.Params{
		Action: new(action), Version: new(version), Protocol: new("HTTPS"), Pathname: new("/"),
		Method: new(n.method), AuthType: new("AK"), Style: new("RPC"),
		ReqBodyType: new(bodyType), BodyType: new(answerType),
	}
}

// typedError is what the core's ClientError, ServerError and ThrottlingError have in common.
type typedError interface {
	error
	GetStatusCode() *int
	GetCode() *string
	GetRequestId() *string
}

func (n newer) refusal(err error) (refusal, bool) {
	if e, ok := errors.AsType[typedError](err); ok && n.typed {
		return refusal{dara.IntValue(e.GetStatusCode()), dara.StringValue(e.GetCode()), dara.StringValue(e.GetRequestId())}, true
	}
	e, ok := errors.AsType[*tea.SDKError](err)
	if !ok || n.typed {
		return refusal{}, false
	}
	document := struct{ RequestID string }{} // the type has no field for it
	if json.Unmarshal([]byte(tea.StringValue(e.Data)), &document) != nil {
		return refusal{}, false
	}
	return refusal{tea.IntValue(e.StatusCode), tea.StringValue(e.Code), document.RequestID}, true
}
