package sdks

import "testing"

// faults are played by the second simulator.
var faults = []string{
	"--fault", "DescribeRegions=Throttling.User", "--fault", "DescribeLoadBalancers=InternalError", "--fault", "DescribeDomainExtensions=SystemBusy",
	"--fault", "DescribeServerCertificates=Forbidden.RAM", "--fault", "ListTagResources=ServiceUnavailable",
}

// TestEverySDKUnderstandsErrors has code, status and RequestId arrive.
func TestEverySDKUnderstandsErrors(t *testing.T) {
	t.Parallel()
	s := must(faulty())(t)
	type parameters = map[string]any
	byID := parameters{"ServerCertificateId": "1_2_3_-4"}
	for sentence, c := range map[string]struct {
		as         credentials
		action     string
		parameters parameters
		want       refusal
	}{
		"an unknown certificate": {lasting, "DeleteServerCertificate", byID, refusal{404, "ServerCertificateId.NotFound", ""}},
		"a missing parameter":    {lasting, "DeleteServerCertificate", nil, refusal{400, "MissingParameter", ""}},
		"no certificate at all": {lasting, "UploadServerCertificate", parameters{"ServerCertificate": "x", "PrivateKey": "y"},
			refusal{400, "CertificateFormatInvalid", ""}},
		"a wrong secret":           {credentials{lasting.id, "other", ""}, "DeleteServerCertificate", byID, refusal{400, "SignatureDoesNotMatch", ""}},
		"an unknown access key":    {credentials{"LTAIother", "x", ""}, "DeleteServerCertificate", byID, refusal{404, "InvalidAccessKeyId.NotFound", ""}},
		"a token with another key": {credentials{lasting.id, lasting.secret, "CAIS"}, "DeleteServerCertificate", byID, refusal{400, "InvalidSecurityToken.MismatchWithAccessKey", ""}},
		"a throttled call":         {lasting, "DescribeRegions", nil, refusal{400, "Throttling.User", ""}},
		"a busy system":            {lasting, "DescribeDomainExtensions", parameters{"LoadBalancerId": "lb-x", "ListenerPort": "1"}, refusal{449, "SystemBusy", ""}},
		"an internal error":        {lasting, "DescribeLoadBalancers", nil, refusal{500, "InternalError", ""}},
		"a refusal by RAM":         {lasting, "DescribeServerCertificates", nil, refusal{403, "Forbidden.RAM", ""}},
		"an unavailable service":   {lasting, "ListTagResources", parameters{"ResourceType": "certificate"}, refusal{503, "ServiceUnavailable", ""}},
	} {
		for name, by := range sdks {
			t.Run(sentence+"/"+name, func(t *testing.T) {
				t.Parallel()
				_, err := must(by.connect(s, c.as))(t)(c.action, c.parameters)
				got, ok := by.refusal(err)
				if !ok {
					t.Fatalf("got no error of the API: %v", err)
				}
				if got.status != c.want.status || got.code != c.want.code {
					t.Errorf("got %d %s, want %d %s", got.status, got.code, c.want.status, c.want.code)
				}
				if sent := s.call(t, got.requestID); sent.Action != c.action || sent.Outcome != c.want.code {
					t.Errorf("the RequestId is that of %+v", sent)
				}
			})
		}
	}
}
