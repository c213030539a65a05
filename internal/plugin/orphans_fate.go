package plugin

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/clbcert/clbcert/internal/clberr"
)

// fate is what became of a certificate that was to be deleted.
type fate string

// The fates.
const (
	fateDeleted fate = "deleted"
	fateGone    fate = "gone already"
	fateSpared  fate = "spared"
	fateRefused fate = "refused"
	fateFailed  fate = "not deleted"
	fateUnclear fate = "maybe deleted"
)

// stillAlone holds a certificate that is to be deleted against a new look: the fate is "" where
// it is still to be.
func (j judgment) stillAlone(id string, untagged bool) (fate, string) {
	i := slices.IndexFunc(j.orphans, func(o orphan) bool { return o.CertificateID == id })
	switch {
	case i >= 0 && j.orphans[i].keptFor(untagged) != "":
		return fateSpared, "meanwhile " + j.orphans[i].keptFor(untagged)
	case i >= 0:
		return "", ""
	case j.listed.Has(id):
		return fateSpared, "meanwhile somebody has laid claim to it"
	default:
		return fateGone, ""
	}
}

// fateOf is what the answer to a deletion means.
func fateOf(err error) (fate, string) {
	failure, _ := errors.AsType[*clberr.Error](err)
	switch {
	case err == nil:
		return fateDeleted, ""
	case failure == nil:
		return fateFailed, err.Error()
	case failure.Class() == clberr.InUse:
		return fateRefused, advised(err).Error()
	case failure.Outcome == clberr.Unknown:
		return fateUnclear, err.Error() + ": list again to see"
	default:
		return fateFailed, advised(err).Error()
	}
}

// summed counts fates, and what wasn't come to.
func summed(fates []fate, wanted int) string {
	var texts []string
	for _, kind := range []fate{fateDeleted, fateGone, fateSpared, fateRefused, fateFailed, fateUnclear} {
		n := 0
		for _, v := range fates {
			if v == kind {
				n++
			}
		}
		if n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	if n := wanted - len(fates); n > 0 {
		texts = append(texts, fmt.Sprintf("%d left as before", n))
	}
	return strings.Join(texts, ", ") + "."
}

// outcomeOf is the command's answer: no where something that should go is still there, an error
// where a call failed.
func outcomeOf(fates []fate) error {
	switch {
	case slices.Contains(fates, fateFailed), slices.Contains(fates, fateUnclear):
		return errors.New("deleting certificates: some calls failed, as told above: run the same command again")
	case slices.Contains(fates, fateSpared), slices.Contains(fates, fateRefused):
		return no{}
	default:
		return nil
	}
}
