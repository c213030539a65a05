package clb

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clberr"
)

// nowhere is a network on which no name exists: that of a proxy, if it has one, or
// else that of the endpoint.
type nowhere struct{ proxy string }

func (n nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	host := n.proxy
	if host == "" {
		host = r.URL.Hostname()
	}
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
}

func TestARegionWithoutAnEndpointIsNone(t *testing.T) {
	t.Parallel()
	for sentence, row := range map[string]struct {
		config Config
		proxy  string
		region string
		host   string
		reason v1alpha1.Reason
	}{
		"a misspelt region":          {Config{}, "", "cn-hangzuo", "slb.cn-hangzuo.aliyuncs.com", v1alpha1.ReasonRegionInvalid},
		"a region without a VPC's":   {Config{VPC: true}, "", region, "slb-vpc.cn-hangzhou.aliyuncs.com", v1alpha1.ReasonRegionInvalid},
		"a region known to have one": {Config{}, "", region, "slb.aliyuncs.com", v1alpha1.ReasonCloudUnavailable},
		"an endpoint of one's own":   {Config{Endpoint: "https://clb.example"}, "", "cn-hangzuo", "clb.example", v1alpha1.ReasonCloudUnavailable},
		"a proxy that isn't there":   {Config{}, "proxy.example", "cn-hangzuo", "proxy.example", v1alpha1.ReasonCloudUnavailable},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			client, err := New(row.config)
			if err != nil {
				t.Fatal(err)
			}
			client.base = nowhere{row.proxy}
			a := account(t, client, "manager", credentials.Static(keyID, secret, ""))
			got := failure(t, a.Delete(t.Context(), row.region, "1_2_3_-4"))
			if got.Reason() != row.reason || got.Outcome != clberr.NotSent ||
				!strings.Contains(got.Message, row.host) || !strings.Contains(got.Message, row.region) {
				t.Errorf("got %v, want reason %s", got, row.reason)
			}
		})
	}
}
