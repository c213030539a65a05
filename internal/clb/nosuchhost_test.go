package clb

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb/credentials"
	"github.com/clbcert/clbcert/internal/clberr"
)

// nowhere is a network whose name server knows no host.
type nowhere struct{}

func (nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: r.URL.Hostname(), IsNotFound: true}}
}

func TestARegionWithoutAnEndpointIsNone(t *testing.T) {
	t.Parallel()
	for sentence, row := range map[string]struct {
		endpoint string
		reason   v1alpha1.Reason
	}{
		"by region":       {"", v1alpha1.ReasonRegionInvalid},
		"its own address": {"https://clb.example", v1alpha1.ReasonCloudUnavailable},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			client, err := New(Config{Endpoint: row.endpoint, UserAgent: "test"})
			if err != nil {
				t.Fatal(err)
			}
			client.base = nowhere{}
			account, err := client.Account(t.Context(), "manager", "cn-hangzuo", credentials.Static("id", "secret", ""))
			if err != nil {
				t.Fatal(err)
			}
			var failure *clberr.Error
			err = account.Delete(t.Context(), "cn-hangzuo", "1_2_3_-4")
			if !errors.As(err, &failure) || failure.Reason() != row.reason || failure.Outcome != clberr.NotSent {
				t.Errorf("got %v, want reason %s", err, row.reason)
			}
			if row.endpoint == "" && !strings.Contains(failure.Message, "slb.cn-hangzuo.aliyuncs.com") {
				t.Errorf("%q doesn't name the host", failure.Message)
			}
		})
	}
}
