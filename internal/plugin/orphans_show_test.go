package plugin

import (
	"slices"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
)

func TestCountsAndTheNextStep(t *testing.T) {
	t.Parallel()
	gone, unused := orphanCert(taggedOurs, taggedWeb), orphanCert()
	for sentence, c := range map[string]struct {
		certificates []clb.Certificate
		counts, next string
	}{
		"none":              {nil, "no certificate is an orphan", ""},
		"one":               {[]clb.Certificate{gone}, "1 certificate of this cluster (prod) without an object, 0 of nobody", "kubectl clbcert orphans --delete deletes 1 of them after a question."},
		"nobody's":          {[]clb.Certificate{hasExpired(unused), unused}, "0 certificates of this cluster (prod) without an object, 2 of nobody", "kubectl clbcert orphans --delete --untagged deletes 1 of them after a question."},
		"of both":           {[]clb.Certificate{gone, gone, hasExpired(unused)}, "2 certificates of this cluster (prod) without an object, 1 of nobody", "kubectl clbcert orphans --delete deletes 2 of them after a question, with --untagged 3."},
		"none that can go":  {[]clb.Certificate{unused}, "0 certificates of this cluster (prod) without an object, 1 of nobody", ""},
		"others and a new":  {[]clb.Certificate{orphanCert(taggedTheirs), orphanCert(taggedTheirs), bornAt(gone, orphansNow)}, "no certificate is an orphan; 1 is younger than a minute: look again later; 2 of other clusters are left alone", ""},
		"one of another":    {[]clb.Certificate{orphanCert(taggedTheirs)}, "no certificate is an orphan; 1 of another cluster is left alone", ""},
		"several new":       {[]clb.Certificate{bornAt(gone, orphansNow), bornAt(unused, orphansNow)}, "no certificate is an orphan; 2 are younger than a minute: look again later", ""},
		"more than one new": {slices.Repeat([]clb.Certificate{bornAt(gone, orphansNow)}, 3), "no certificate is an orphan; 3 are younger than a minute: look again later", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			j := judgeOrphans(holdings{now: orphansNow, clusterID: "prod", certificates: c.certificates})
			if j.counts("prod") != c.counts || j.next() != c.next {
				t.Errorf("got %q and %q", j.counts("prod"), j.next())
			}
		})
	}
}

func TestACellShowsNothingThatATerminalWouldActOn(t *testing.T) {
	t.Parallel()
	c := orphanCert(taggedOurs, v1alpha1.TagObject+"=\x1b[2J\tshop/web\n")
	c.Name, c.CommonName = "a\tb", "\x1b]0;title\x07"
	cells, more := judgeOrphans(holdings{now: orphansNow, clusterID: "prod", certificates: []clb.Certificate{c}}).orphans[0].cells(orphansNow)
	if text := strings.Join(append(cells, more...), "|"); strings.ContainsAny(text, "\x1b\x07\t\n") {
		t.Errorf("got %q", text)
	}
}
