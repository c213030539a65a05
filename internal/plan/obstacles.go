package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// sourceObstacle is what keeps the source from being uploaded. Where its
// certificate is the recorded one, time alone is none: it is in the cloud already.
func (s State) sourceObstacle() *Obstacle {
	switch {
	case s.Source != nil:
		return s.Source
	case s.Wanted == nil || s.current():
		return nil
	case s.Wanted.Temporary:
		return &Obstacle{Reason: v1alpha1.ReasonTemporaryCertificate,
			Message: s.Wanted.Source + " holds cert-manager's temporary certificate: waiting for the issued one"}
	default:
		return s.validity()
	}
}

// validity is what the present time holds against the wanted certificate.
func (s State) validity() *Obstacle {
	notBefore, notAfter := s.lifetime()
	switch {
	case !notAfter.IsZero() && !s.Now.Before(notAfter):
		return &Obstacle{Reason: v1alpha1.ReasonCertificateExpired, Message: fmt.Sprintf(
			"%s: the certificate expired at %s: renew it", s.Wanted.Source, stamp(notAfter))}
	case s.Now.Before(notBefore):
		return &Obstacle{Reason: v1alpha1.ReasonCertificateNotYetValid, Message: fmt.Sprintf(
			"%s: the certificate isn't valid before %s: waiting until then", s.Wanted.Source, stamp(notBefore))}
	default:
		return nil
	}
}

// lifetime is the wanted certificate's: the source's, or, where that doesn't tell, what
// the cloud told of the recorded one. Zero times are unknown.
func (s State) lifetime() (notBefore, notAfter time.Time) {
	if s.Wanted == nil {
		return time.Time{}, time.Time{}
	}
	if s.Wanted.NotAfter.IsZero() && s.current() && s.Status.NotAfter != nil {
		return time.Time{}, s.Status.NotAfter.Time
	}
	return s.Wanted.NotBefore, s.Wanted.NotAfter
}

// accessObstacle is what keeps the cloud from being called now.
func (s State) accessObstacle() *Obstacle {
	switch {
	case s.Access != nil:
		return s.Access
	case s.Trouble != nil:
		return s.Trouble
	case s.backingOff():
		return s.Memory.Failed
	default:
		return nil
	}
}

// heldBack tells that the cloud isn't to be called now, for a reason to tell or not.
func (s State) heldBack() bool { return s.accessObstacle() != nil || s.backingOff() }

// backingOff tells that an earlier failure still holds the cloud back. A change of
// what a person can mend, or a sync request, ends that.
func (s State) backingOff() bool {
	return s.Now.Before(s.Memory.RetryAt) && s.Memory.Inputs == s.Inputs && s.SyncRequest() == ""
}

// identityObstacle stops an object that was synced with another account or under
// another cluster id: to go on would upload everything anew.
func (s State) identityObstacle() *Obstacle {
	recorded := s.Recorded
	if recorded.ClusterID != "" && recorded.ClusterID != s.ClusterID {
		return &Obstacle{Reason: v1alpha1.ReasonClusterChanged, Message: fmt.Sprintf(
			"this object was synced under cluster id %q, and the manager's is %q: set --cluster-id %s, or create the object anew; nothing is uploaded or deleted",
			recorded.ClusterID, s.ClusterID, recorded.ClusterID)}
	}
	if recorded.AccountID != "" && s.AccountID != "" && recorded.AccountID != s.AccountID {
		return &Obstacle{Reason: v1alpha1.ReasonAccountChanged, Message: fmt.Sprintf(
			"this object was synced with account %s, and the credentials are those of account %s: give back credentials of account %s, or create the object anew; nothing is uploaded or deleted",
			recorded.AccountID, s.AccountID, recorded.AccountID)}
	}
	return nil
}

// RegionOf is the region where an object's certificate is to be: the status's, else the
// spec's, else the manager's. allowed are --regions, all when empty.
func RegionOf(object *v1alpha1.ServerCertificate, fallback string, allowed []string) (string, *Obstacle) {
	region := object.Status.Region
	if region == "" {
		region = string(object.Spec.Region)
	}
	if region == "" {
		region = fallback
	}
	if region == "" {
		return "", &Obstacle{Reason: v1alpha1.ReasonRegionInvalid,
			Message: "no region: set spec.region, or start the manager with --region"}
	}
	if len(allowed) > 0 && !slices.Contains(allowed, region) {
		return "", &Obstacle{Reason: v1alpha1.ReasonRegionInvalid, Message: fmt.Sprintf(
			"region %s isn't one of the manager's --regions (%s)", region, strings.Join(allowed, ", "))}
	}
	return region, nil
}

// stamp prints a time as the API does.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// cut shortens text to at most limit characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text // bytes bound characters
	}
	runes := []rune(text)
	return string(runes[:min(len(runes), limit)])
}

// sameFingerprint compares fingerprints as the service may write them: with or
// without colons, in any case.
func sameFingerprint(a, b string) bool {
	plain := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, ":", "")) }
	return plain(a) == plain(b)
}
