package plugin

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/served"
	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
)

func TestAddressesAreGivenByBinding(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		flag string
		want string // at ports 443 and 8443 where none is given; "" where it is refused
	}{
		"a host with a port":              {"b=47.1.2.3:444", "47.1.2.3:444"},
		"a host has the binding's ports":  {"b=a.com", "a.com:443 a.com:8443"},
		"an address of IPv6":              {"b=2001:db8::1", "[2001:db8::1]:443 [2001:db8::1]:8443"},
		"one in brackets":                 {"b=[2001:db8::1]", "[2001:db8::1]:443 [2001:db8::1]:8443"},
		"one with a port":                 {"b=[2001:db8::1]:444", "[2001:db8::1]:444"},
		"without a binding it is refused": {"=a.com", ""},
		"without a host":                  {"b=", ""},
		"without either":                  {"a.com", ""},
		"with a port alone":               {"b=:443", ""},
		"with no port's number":           {"b=a.com:https", ""},
		"with port 0":                     {"b=a.com:0", ""},
		"with one that is none":           {"b=a.com:65536", ""},
		"with a URL":                      {"b=https://a.com", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			given, err := (&liveFlags{addresses: []string{c.flag}}).read()
			if got := strings.Join(given.of("b", []int32{443, 8443}), " "); got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestWhereAListenerIs(t *testing.T) {
	t.Parallel()
	binding := v1alpha1.Binding{Name: "b", Listener: &v1alpha1.ListenerTarget{LoadBalancerID: "lb-1", Port: 8443}}
	found := map[string]clb.Front{"lb-1": {Found: true, LoadBalancer: clb.LoadBalancer{Address: "47.1.2.3"}}}
	for sentence, c := range map[string]struct {
		fronts map[string]clb.Front
		lack   error
		given  givenAddresses
		want   string
	}{
		"the cloud tells":                {found, nil, nil, "47.1.2.3:8443"},
		"what is given wins":             {found, nil, givenAddresses{"b": {{host: "::1"}}}, "[::1]:8443"},
		"also where the cloud is silent": {nil, errors.New("no credentials"), givenAddresses{"b": {{"a.com", 1}}}, "a.com:1"},
		"the cloud isn't asked":          {nil, errors.New("no credentials"), nil, "the cloud doesn't tell it: no credentials"},
		"there is no such load balancer": {map[string]clb.Front{"lb-1": {}}, nil, nil, "the cloud has no load balancer lb-1 in this region"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			addresses, why := (&liveFinder{given: c.given}).ofListener(binding, c.fronts, c.lack)
			if got := strings.Join(addresses, " ") + why; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// liveCase is what was shown for a binding, and what is made of it.
type liveCase struct {
	status  v1alpha1.ServerCertificateStatus
	shown   []*x509.Certificate
	failure error
	address string

	result  served.Verdict
	message string // parts of message and mend, with * between
}

func TestWhatIsShownIsToldWithWhatMendsIt(t *testing.T) {
	t.Parallel()
	now := time.Now()
	wanted, stranger := certs.NewLeaf(t, certs.Names("a.com")), certs.NewLeaf(t, certs.Names("b.com"), certs.Serial(0xabc), certs.Expired())
	ready := statusOf(wanted, v1alpha1.BindingStatus{Name: "b", Ready: true})
	unready := statusOf(wanted, v1alpha1.BindingStatus{Name: "b", Reason: v1alpha1.ReasonServicePending, Message: "waiting for it"})
	early := v1alpha1.ServerCertificateStatus{Conditions: []metav1.Condition{{Type: v1alpha1.ConditionReady, Message: "the Secret is missing"}}}
	renewed := ready
	renewed.Fingerprint = "00"
	renewed.Superseded = []v1alpha1.SupersededCertificate{{CertificateID: "old-1", Fingerprint: tlspair.Fingerprint(wanted.Certificate)}}
	for sentence, c := range map[string]liveCase{
		"the right one":                    {ready, wanted.Chain(), nil, "47.1.2.3:443", served.Match, "serves the certificate, valid until "},
		"another one, seen as served":      {ready, stranger.Chain(), nil, "47.1.2.3:443", served.Another, "serves another certificate: b.com, serial abc, issued by Test Intermediate, expired on *look for a proxy or CDN"},
		"another one, not served yet":      {unready, stranger.Chain(), nil, "47.1.2.3:443", served.Another, "the binding isn't ready, ServicePending: waiting for it"},
		"another one, before the manager":  {statusOf(wanted), stranger.Chain(), nil, "47.1.2.3:443", served.Another, "the manager hasn't looked at the binding yet"},
		"the previous one":                 {renewed, wanted.Chain(), nil, "47.1.2.3:443", served.Superseded, "still serves the previous certificate old-1*look again in a minute"},
		"too short a chain":                {ready, wanted.Chain()[:1], nil, "47.1.2.3:443", served.ChainDiffers, "another chain than was uploaded: missing Test Intermediate*a chain of its own"},
		"nothing, at a public address":     {ready, nil, errors.New("refused"), "47.1.2.3:443", served.Unknown, "couldn't be told: refused*look from where clients are"},
		"nothing, at a private address":    {ready, nil, errors.New("refused"), "10.0.0.1:443", served.Unknown, "couldn't be told: refused*a private one: look from within its network"},
		"there is no certificate to serve": {early, nil, nil, "47.1.2.3:443", served.Unknown, "there is no certificate in the cloud yet*the Secret is missing"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			object := &v1alpha1.ServerCertificate{Status: c.status}
			binding := v1alpha1.Binding{Name: "b", Listener: &v1alpha1.ListenerTarget{}}
			r := liveReport{object: object, places: placesAt(object, binding, []string{c.address}, "")}
			r.places[0].shown, r.places[0].failure = c.shown, c.failure
			r.judge(now, wanted.Chain())
			p := r.places[0]
			rest := p.Message + "\n" + p.Mend
			for part := range strings.SplitSeq(c.message, "*") {
				if _, after, found := strings.Cut(rest, part); found {
					rest = after
				} else {
					t.Errorf("got %q and %q, want %q", p.Message, p.Mend, c.message)
				}
			}
			if p.Result != c.result {
				t.Errorf("got %s, want %s", p.Result, c.result)
			}
		})
	}
}

// statusOf is that of an object whose certificate is in the cloud.
func statusOf(identity *certs.Identity, bindings ...v1alpha1.BindingStatus) v1alpha1.ServerCertificateStatus {
	return v1alpha1.ServerCertificateStatus{
		Fingerprint: tlspair.Fingerprint(identity.Certificate), Digest: tlspair.Digest(identity.Chain()), Bindings: bindings,
	}
}

func TestTheAnswerIsThatOfTheWorstPlace(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		results []served.Verdict
		want    string // the error; "no" for the answer
	}{
		"all in order":                 {[]served.Verdict{served.Match, served.Match}, ""},
		"one is another":               {[]served.Verdict{served.Match, served.Another}, "no"},
		"one has another chain":        {[]served.Verdict{served.ChainDiffers}, "no"},
		"one is an earlier one":        {[]served.Verdict{served.Superseded, served.Unknown}, "no"},
		"another is more than unknown": {[]served.Verdict{served.Unknown, served.Another}, "no"},
		"one is unknown":               {[]served.Verdict{served.Match, served.Unknown}, "1 of 2 places couldn't be looked at"},
		"there is none":                {nil, "there is no binding to look at: add spec.bindings, or name an object that has some"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			r := liveReport{}
			for _, result := range c.results {
				r.places = append(r.places, livePlace{Result: result})
			}
			got := ""
			if err := liveVerdict([]liveReport{r}); errors.As(err, new(no)) {
				got = "no"
			} else if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNamesOfACertificateAreForNoTerminal(t *testing.T) {
	t.Parallel()
	identity := certs.NewLeaf(t, certs.CommonName("a\x1b[2J\nb"))
	object := &v1alpha1.ServerCertificate{Status: statusOf(certs.NewLeaf(t))}
	p := livePlace{Binding: "b", shown: identity.Chain()}
	p.judge(object, time.Now(), nil)
	if text := p.text(true); strings.ContainsAny(text, "\x1b\n") || length(text) > shownText+1 {
		t.Errorf("%q", text)
	}
}
