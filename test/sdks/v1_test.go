package sdks

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"

	alibaba "github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth"
	provider "github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/slb"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/sts"
)

// v1 is the V1 SDK as generated.
type v1 struct {
	method, format string // format is JSON or XML
	form           bool   // text goes into FormParams instead of the request's fields
}

func (v v1) upload() (string, bool) { return v.method, v.form }

func (v v1) connect(s *simulator, c credentials) (client, error) {
	var credential auth.Credential = provider.NewStaticAKCredentialsProvider(c.id, c.secret)
	if c.token != "" {
		credential = provider.NewStaticSTSCredentialsProvider(c.id, c.secret, c.token)
	}
	config := alibaba.NewConfig().WithScheme("HTTPS").WithHttpTransport(s.transport())
	generated, err := slb.NewClientWithOptions(region, config, credential)
	if err != nil {
		return nil, err
	}
	generated.Domain = s.host
	return func(action string, parameters map[string]any) (map[string]any, error) {
		request, response := operations[action]()
		if err := v.fill(request, parameters); err != nil {
			return nil, err
		}
		// The generated method of an action is this one line (services/slb).
		if err := generated.DoAction(request, response); err != nil {
			return nil, err
		}
		return asDocument(response)
	}, nil
}

// fill sets the generated struct's fields, which are named as the API's parameters, and those of the request it embeds.
func (v v1) fill(request requests.AcsRequest, parameters map[string]any) error {
	fields, form := map[string]any{"Method": v.method, "AcceptFormat": v.format}, map[string]string{}
	for name, value := range parameters {
		if text, ok := value.(string); ok && v.form {
			form[name] = text
		} else {
			fields[name] = value
		}
	}
	fields["FormParams"] = form
	text, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, request)
}

// refusal finds code and RequestId in the text where the SDK doesn't: it reads no XML errors (sdk/errors/server_error.go).
func (v1) refusal(err error) (refusal, bool) {
	e, ok := errors.AsType[*sdkerrors.ServerError](err)
	if !ok {
		return refusal{}, false
	}
	r := refusal{e.HttpStatus(), e.ErrorCode(), e.RequestId()}
	if r.code == "" {
		document := struct {
			Code      string
			RequestID string `xml:"RequestId"`
		}{}
		if err := xml.Unmarshal([]byte(e.Message()), &document); err != nil {
			return r, false
		}
		r.code, r.requestID = document.Code, document.RequestID
	}
	return r, true
}

// asDocument gives what was understood by the API's names, which are those of the JSON tags.
func asDocument(understood any) (document map[string]any, err error) {
	text, err := json.Marshal(understood)
	if err != nil {
		return nil, fmt.Errorf("writing %T: %w", understood, err)
	}
	return document, json.Unmarshal(text, &document)
}

// operation makes a generated request and its response.
type operation func() (requests.AcsRequest, responses.AcsResponse)

func of[Q requests.AcsRequest, R responses.AcsResponse](request func() Q, response func() R) operation {
	return func() (requests.AcsRequest, responses.AcsResponse) { return request(), response() }
}

var operations = map[string]operation{
	"AssumeRole":        of(sts.CreateAssumeRoleRequest, sts.CreateAssumeRoleResponse),
	"GetCallerIdentity": of(sts.CreateGetCallerIdentityRequest, sts.CreateGetCallerIdentityResponse),
	"DescribeRegions":   of(slb.CreateDescribeRegionsRequest, slb.CreateDescribeRegionsResponse),

	"UploadServerCertificate":    of(slb.CreateUploadServerCertificateRequest, slb.CreateUploadServerCertificateResponse),
	"DescribeServerCertificates": of(slb.CreateDescribeServerCertificatesRequest, slb.CreateDescribeServerCertificatesResponse),
	"DeleteServerCertificate":    of(slb.CreateDeleteServerCertificateRequest, slb.CreateDeleteServerCertificateResponse),
	"SetServerCertificateName":   of(slb.CreateSetServerCertificateNameRequest, slb.CreateSetServerCertificateNameResponse),

	"TagResources":      of(slb.CreateTagResourcesRequest, slb.CreateTagResourcesResponse),
	"UntagResources":    of(slb.CreateUntagResourcesRequest, slb.CreateUntagResourcesResponse),
	"ListTagResources":  of(slb.CreateListTagResourcesRequest, slb.CreateListTagResourcesResponse),
	"MoveResourceGroup": of(slb.CreateMoveResourceGroupRequest, slb.CreateMoveResourceGroupResponse),

	"CreateLoadBalancer":            of(slb.CreateCreateLoadBalancerRequest, slb.CreateCreateLoadBalancerResponse),
	"DeleteLoadBalancer":            of(slb.CreateDeleteLoadBalancerRequest, slb.CreateDeleteLoadBalancerResponse),
	"DescribeLoadBalancers":         of(slb.CreateDescribeLoadBalancersRequest, slb.CreateDescribeLoadBalancersResponse),
	"DescribeLoadBalancerAttribute": of(slb.CreateDescribeLoadBalancerAttributeRequest, slb.CreateDescribeLoadBalancerAttributeResponse),

	"CreateLoadBalancerHTTPSListener": of(slb.CreateCreateLoadBalancerHTTPSListenerRequest, slb.CreateCreateLoadBalancerHTTPSListenerResponse),
	"StartLoadBalancerListener":       of(slb.CreateStartLoadBalancerListenerRequest, slb.CreateStartLoadBalancerListenerResponse),
	"DeleteLoadBalancerListener":      of(slb.CreateDeleteLoadBalancerListenerRequest, slb.CreateDeleteLoadBalancerListenerResponse),
	"DescribeLoadBalancerListeners":   of(slb.CreateDescribeLoadBalancerListenersRequest, slb.CreateDescribeLoadBalancerListenersResponse),
	"DescribeLoadBalancerHTTPSListenerAttribute": of(slb.CreateDescribeLoadBalancerHTTPSListenerAttributeRequest,
		slb.CreateDescribeLoadBalancerHTTPSListenerAttributeResponse),
	"SetLoadBalancerHTTPSListenerAttribute": of(slb.CreateSetLoadBalancerHTTPSListenerAttributeRequest,
		slb.CreateSetLoadBalancerHTTPSListenerAttributeResponse),

	"CreateDomainExtension":            of(slb.CreateCreateDomainExtensionRequest, slb.CreateCreateDomainExtensionResponse),
	"SetDomainExtensionAttribute":      of(slb.CreateSetDomainExtensionAttributeRequest, slb.CreateSetDomainExtensionAttributeResponse),
	"DeleteDomainExtension":            of(slb.CreateDeleteDomainExtensionRequest, slb.CreateDeleteDomainExtensionResponse),
	"DescribeDomainExtensions":         of(slb.CreateDescribeDomainExtensionsRequest, slb.CreateDescribeDomainExtensionsResponse),
	"DescribeDomainExtensionAttribute": of(slb.CreateDescribeDomainExtensionAttributeRequest, slb.CreateDescribeDomainExtensionAttributeResponse),
}
