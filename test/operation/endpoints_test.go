package operation

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

func TestARegionThatCLBDoesNotKnowSaysSo(t *testing.T) {
	s := setStage(t).manage()
	object := s.add(s.certificate("web", func(o *v1alpha1.ServerCertificate) { o.Spec.Region = "cn-atlantis" }))
	said := s.unready(object, v1alpha1.ReasonRegionInvalid)
	calls := s.cloud.Calls(t, "DescribeServerCertificates")
	s.checkSays(said, "InvalidRegionId.NotFound", "RequestId "+calls[0].RequestID, "Use a region")
	if !meta.IsStatusConditionTrue(said.Status.Conditions, v1alpha1.ConditionStalled) || said.Status.Region != "" || len(s.uploadsOf(object)) != 0 {
		t.Errorf("after %d uploads the status is %s", len(s.uploadsOf(object)), jsonOf(s, said.Status))
	}
	s.touch("web-tls")
	s.send(s.certificate("barrier"))
	if again := s.cloud.Calls(t, "DescribeServerCertificates"); len(again) != 2 {
		t.Errorf("%d lists, want one of each region", len(again))
	}
	// A region can't be changed: the object is made anew, and held by nothing.
	s.must(s.cluster.Client.Delete(t.Context(), object))
	env.WaitGone(t, s.cluster, object)
	fresh := s.certificate("web")
	s.create(fresh)
	s.ready(fresh)
}

// proxy is a CONNECT proxy that leads any host to one address, and remembers what was asked.
type proxy struct {
	target string
	mu     sync.Mutex
	asked  map[string]int
}

// ServeHTTP tunnels.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.Method+" "+r.Host]++
	p.mu.Unlock()
	target, err := new(net.Dialer).DialContext(r.Context(), "tcp", p.target)
	if err != nil || r.Method != http.MethodConnect {
		http.Error(w, "no way there", http.StatusBadGateway)
		return
	}
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = target.Close()
		return
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(target, buffered)
		_ = target.Close()
	}()
	_, _ = io.Copy(client, target)
	_ = client.Close()
}

// The API server is near, and asked directly. The SDK takes NO_PROXY's entries for regular
// expressions, and fails on those that are none: ours must not.
func TestTheCloudIsReachedThroughTheProxy(t *testing.T) {
	for because, variables := range map[string][]string{
		"that HTTPS_PROXY names":                {"NO_PROXY=other.example"},
		"also when NO_PROXY is no good pattern": {"NO_PROXY=[::1,other.example"},
	} {
		t.Run(because, func(t *testing.T) {
			s := setStage(t)
			p := &proxy{target: strings.TrimPrefix(s.cloud.URL, "https://"), asked: map[string]int{}}
			server := httptest.NewServer(p)
			t.Cleanup(server.Close)
			endpoint := "https://clb-simulator.test:443" // no proxy is asked for 127.0.0.1
			s.manageAs(append(variables, "HTTPS_PROXY="+server.URL), "--clb-endpoint", endpoint, "--sts-endpoint", endpoint)
			sent := s.send(s.certificate("web"))
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.asked["CONNECT clb-simulator.test:443"] == 0 || len(p.asked) != 1 || sent.object.Status.AccountID == "" {
				t.Errorf("the proxy was asked for %v", p.asked)
			}
		})
	}
}
