package served_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/served"
	"github.com/clbcert/clbcert/internal/tlspair"
	"github.com/clbcert/clbcert/test/certs"
)

func TestWhatIsShownIsHeldAgainstTheStatus(t *testing.T) {
	t.Parallel()
	wanted, before, other := certs.NewLeaf(t), certs.NewLeaf(t), certs.NewLeaf(t)
	chain := wanted.Chain()
	leaf, full := chain[:1], wanted.FullChain()
	status := v1alpha1.ServerCertificateStatus{
		Fingerprint: strings.ToUpper(tlspair.Fingerprint(chain[0])), Digest: tlspair.Digest(chain),
		Superseded: []v1alpha1.SupersededCertificate{
			{CertificateID: "unknown"}, {CertificateID: "before", Fingerprint: tlspair.Fingerprint(before.Certificate)},
		},
	}
	managed := status
	managed.AliCloudCertificate, managed.Digest = &v1alpha1.AliCloudCertificate{ID: "1"}, "of its ID"
	for sentence, c := range map[string]struct {
		shown    []*x509.Certificate
		status   v1alpha1.ServerCertificateStatus
		uploaded []*x509.Certificate
		want     string
	}{
		"what was uploaded matches":                           {chain, status, nil, "Match"},
		"a leaf alone lacks what was behind it":               {leaf, status, chain, "ChainDiffers missing 1"},
		"what is missing isn't known without the chain":       {leaf, status, nil, "ChainDiffers"},
		"nor by a chain that isn't the uploaded one":          {leaf, status, full, "ChainDiffers"},
		"what is behind the chain is too much":                {full, status, nil, "ChainDiffers extra 1"},
		"and so with the chain at hand":                       {full, status, chain, "ChainDiffers extra 1"},
		"another intermediate is one too few and too many":    {append(leaf[:1:1], other.Chain()[1]), status, chain, "ChainDiffers missing 1 extra 1"},
		"an earlier certificate is known":                     {before.Chain(), status, nil, "Superseded before"},
		"a stranger's isn't":                                  {other.Chain(), status, chain, "Another"},
		"of Certificate Management Service only a leaf tells": {leaf, managed, nil, "Match"},
		"and another leaf there is another":                   {other.Chain(), managed, nil, "Another"},
		"without a fingerprint all are others":                {chain, v1alpha1.ServerCertificateStatus{}, nil, "Another"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got := told(served.Compare(c.shown, &c.status, c.uploaded)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// told is a result in words.
func told(r served.Result) string {
	text := string(r.Verdict)
	if r.Earlier != nil {
		text += " " + r.Earlier.CertificateID
	}
	if len(r.Missing) > 0 {
		text += " missing " + strings.Repeat("1", len(r.Missing))
	}
	if len(r.Extra) > 0 {
		text += " extra " + strings.Repeat("1", len(r.Extra))
	}
	return text
}
