package plugin

import (
	"errors"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/clb"
	"github.com/clbcert/clbcert/internal/clberr"
)

func TestWhatWasToBeDeletedIsJudgedAnew(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		now     []clb.Certificate
		users   []string
		objects []v1alpha1.ServerCertificate
		want    fate
		why     string
	}{
		"still an orphan":    {now: []clb.Certificate{orphanCert(taggedOurs, taggedWeb)}},
		"used by now":        {now: []clb.Certificate{orphanCert(taggedOurs, taggedWeb)}, users: []string{"lb-1:443"}, want: fateSpared, why: "meanwhile it is used by lb-1:443"},
		"its object is back": {now: []clb.Certificate{orphanCert(taggedOurs, taggedWeb)}, objects: []v1alpha1.ServerCertificate{objectOf("web", nil)}, want: fateSpared, why: "meanwhile somebody has laid claim to it"},
		"another cluster's":  {now: []clb.Certificate{orphanCert(taggedTheirs, taggedWeb)}, want: fateSpared, why: "meanwhile somebody has laid claim to it"},
		"nobody's by now":    {now: []clb.Certificate{orphanCert()}, want: fateSpared, why: "meanwhile it isn't this cluster's"},
		"not listed":         {want: fateGone},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			j := judgeOrphans(holdings{now: orphansNow, clusterID: "prod", certificates: c.now, users: map[string][]string{"1": c.users}, objects: c.objects})
			if became, why := j.stillAlone("1", false); became != c.want || why != c.why {
				t.Errorf("got %q, %q", became, why)
			}
		})
	}
}

func TestFates(t *testing.T) {
	t.Parallel()
	fail := func(code string, outcome clberr.Outcome) error {
		return clberr.New("DeleteServerCertificate", code, "said so", "R-1", 400, outcome)
	}
	for sentence, c := range map[string]struct {
		err  error
		want fate
		why  string
	}{
		"done":                      {nil, fateDeleted, ""},
		"in use":                    {fail("CertificateRelatedDomainExtensionExist", clberr.Refused), fateRefused, "Take the certificate off"},
		"in use by a rule":          {fail("DomainExtensionRelatedRuleExist", clberr.Refused), fateRefused, "Delete the forwarding rules"},
		"busy":                      {fail("SystemBusy", clberr.Refused), fateFailed, "SystemBusy"},
		"no right":                  {fail("Forbidden.RAM", clberr.Refused), fateFailed, "slb:DeleteServerCertificate"},
		"lost":                      {fail("", clberr.Unknown), fateUnclear, "list again"},
		"an error of another kind":  {errors.New("odd"), fateFailed, "odd"},
		"an answer that lies in it": {fail("SystemBusy", clberr.Unknown), fateUnclear, "list again"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			if got, why := fateOf(c.err); got != c.want || !strings.Contains(why, c.why) {
				t.Errorf("got %q, %q", got, why)
			}
		})
	}
}

func TestTheAnswerToADeletion(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		fates  []fate
		wanted int
		text   string
		code   int
	}{
		"all deleted":          {[]fate{fateDeleted, fateDeleted}, 2, "2 deleted.", exitDone},
		"one was gone":         {[]fate{fateGone, fateDeleted}, 2, "1 deleted, 1 gone already.", exitDone},
		"one is spared":        {[]fate{fateDeleted, fateSpared}, 2, "1 deleted, 1 spared.", exitNo},
		"one is refused":       {[]fate{fateRefused}, 1, "1 refused.", exitNo},
		"one failed":           {[]fate{fateFailed, fateSpared, fateUnclear}, 3, "1 spared, 1 not deleted, 1 maybe deleted.", exitFailed},
		"it ended before all":  {[]fate{fateDeleted}, 3, "1 deleted, 2 left as before.", exitDone},
		"it ended before any":  {nil, 1, "1 left as before.", exitDone},
		"one call is in doubt": {[]fate{fateUnclear}, 1, "1 maybe deleted.", exitFailed},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			code := exitDone
			if err := outcomeOf(c.fates); err != nil {
				code = exitFailed
				if _, answered := errors.AsType[no](err); answered {
					code = exitNo
				}
			}
			if text := summed(c.fates, c.wanted); text != c.text || code != c.code {
				t.Errorf("got %q and exit code %d", text, code)
			}
		})
	}
}
