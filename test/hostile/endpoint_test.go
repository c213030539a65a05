package hostile

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/certs"
)

// serve starts an endpoint, and gives the flags that lead a manager to it. The identity is
// its certificate, of an authority that the manager trusts.
func serve(t *testing.T, answer http.HandlerFunc, identity *certs.Identity) []string {
	t.Helper()
	server := httptest.NewUnstartedServer(answer)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	pair := tls.Certificate{PrivateKey: identity.Key}
	for _, certificate := range identity.Chain() {
		pair.Certificate = append(pair.Certificate, certificate.Raw)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	full := identity.FullChain()
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: full[len(full)-1].Raw})
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, root, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--clb-endpoint", server.URL, "--sts-endpoint", server.URL, "--clb-ca-file", file}
}

func here(options ...certs.Option) []certs.Option {
	return append([]certs.Option{certs.Names("localhost"), certs.Addresses(net.IPv4(127, 0, 0, 1))}, options...)
}

func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// endless writes begin, and then chunks without an end.
func endless(begin, chunk string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, begin)
		for many := bytes.Repeat([]byte(chunk), 1+(1<<16)/len(chunk)); ; {
			if _, err := w.Write(many); err != nil {
				return
			}
		}
	}
}

// silent never answers. As slow it ends in the middle: a client that gives up may see a
// proper end yet.
func silent(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// slow writes a byte now and then.
func slow(w http.ResponseWriter, r *http.Request) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if _, err := io.WriteString(w, "["); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
}

func random(w http.ResponseWriter, _ *http.Request) { _, _ = io.CopyN(w, rand.Reader, 1<<16) }

// manyHeaders answers with headers of 16 MiB.
func manyHeaders(w http.ResponseWriter, _ *http.Request) {
	for i := range 256 {
		w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1<<16))
	}
}

func TestAnEndpointThatIsNoneIsToldAndCostsLittle(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	deep := strings.Repeat("[", 1<<19)
	for sentence, c := range map[string]struct {
		answer http.HandlerFunc
		tls    []certs.Option
		says   []string
	}{
		"garbage":                      {random, nil, []string{"DescribeServerCertificates"}},
		"nothing":                      {says(200, ""), nil, []string{"DescribeServerCertificates"}},
		"a page in HTML":               {says(200, "<html>welcome</html>"), nil, []string{"DescribeServerCertificates"}},
		"a gateway's page":             {says(502, "<html>bad gateway</html>"), nil, []string{"HTTP 502", "without an error code"}},
		"other types":                  {says(200, `{"RequestId":{"a":1},"ServerCertificates":{"ServerCertificate":"x"}}`), nil, []string{"the answer isn't the JSON of this action"}},
		"other types in an error":      {says(400, `{"RequestId":[],"Code":{"a":1},"Message":17,"HostId":1,"Recommend":[],"AccessDeniedDetail":"x"}`), nil, []string{"HTTP 400", "without an error code"}},
		"half a million open brackets": {says(200, deep), nil, []string{"DescribeServerCertificates"}},
		"brackets within an answer":    {says(200, `{"RequestId":"R","ServerCertificates":`+deep), nil, []string{"DescribeServerCertificates"}},
		"an endless body":              {endless("", "x"), nil, []string{"too long"}},
		"an endless list":              {endless(`{"RequestId":"R","ServerCertificates":{"ServerCertificate":[`, `{"ServerCertificateId":"a"},`), nil, []string{"too long"}},
		"headers without measure":      {manyHeaders, nil, []string{"header"}},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, nil, []string{"redirect"}},
		"a certificate that has expired":  {says(200, ""), here(certs.Expired()), []string{"expired"}},
		"another's certificate":           {says(200, ""), []certs.Option{certs.Names("elsewhere.example")}, []string{"certificate", "127.0.0.1"}},
		"a code and an ID without an end": {says(400, `{"RequestId":"`+strings.Repeat("R", 1<<18)+`","Code":"`+strings.Repeat("C", 1<<18)+`","Message":"no"}`), nil, []string{"DescribeServerCertificates"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			options := c.tls
			if options == nil {
				options = here()
			}
			s := setStage(t, serve(t, c.answer, certs.NewLeaf(t, options...))...)
			crt, key := s.pair()
			s.checkSays(s.await(s.add("web", crt, key), v1alpha1.ReasonCloudUnavailable), c.says...)
			s.checkMemory()
			if elsewhere.Load() != 0 {
				t.Error("it followed a redirect")
			}
		})
	}
}

func TestAnEndpointThatLetsTheManagerWaitIsTold(t *testing.T) {
	t.Parallel()
	for sentence, answer := range map[string]http.HandlerFunc{"a byte now and then": slow, "nothing, and never ends": silent} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := setStage(t, append(serve(t, answer, certs.NewLeaf(t, here()...)), "--api-timeout", "1s")...)
			crt, key := s.pair()
			s.checkSays(s.await(s.add("web", crt, key), v1alpha1.ReasonCloudUnavailable), "no answer in time")
			s.checkMemory()
		})
	}
}

// A code that nobody knows is somebody's refusal.
func TestARefusalWithoutMeasureIsCut(t *testing.T) {
	t.Parallel()
	refusal := `{"RequestId":"R","Code":"Odd","Message":"` + strings.Repeat("long ", 1<<17) + `"}`
	s := setStage(t, serve(t, says(http.StatusBadRequest, refusal), certs.NewLeaf(t, here()...))...)
	crt, key := s.pair()
	message := s.await(s.add("web", crt, key), v1alpha1.ReasonCredentialsInvalid)
	s.checkSays(message, "GetCallerIdentity: Odd (RequestId R): long")
	if len(message) > 1<<10 {
		t.Errorf("it says %d bytes", len(message))
	}
	s.checkMemory()
}
