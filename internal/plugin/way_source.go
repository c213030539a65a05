package plugin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/internal/tlspair"
)

// issued is cert-manager's Certificate, nil where there is none.
func (f facts) issued() *link {
	c := f.certificate
	if c == nil {
		return nil
	}
	l := &link{Kind: "Certificate", Name: c.name, CreationTime: &c.created, State: ok, Summary: "from " + c.issuer}
	switch {
	case c.name == "":
		return &link{Kind: "Certificate", Name: "of cert-manager", State: unknown, Summary: "not read: you may not list Certificates here"}
	case c.ready != metav1.ConditionTrue:
		l.State, l.Summary = wrong, "not ready, "+l.Summary
		l.Message = cmp.Or(c.message, "cert-manager hasn't looked at it yet") + fmt.Sprintf(": kubectl describe certificate %s -n %s tells more", c.name, f.object.Namespace)
	case c.renewal != nil:
		l.Summary += ", " + f.at("renews", "was to renew", c.renewal.Time)
	}
	return l
}

// sourceReasons are those of Ready that lie in the Secret.
var sourceReasons = []v1alpha1.Reason{
	v1alpha1.ReasonSecretNotFound, v1alpha1.ReasonSecretTypeInvalid, v1alpha1.ReasonCertificateInvalid, v1alpha1.ReasonKeyInvalid,
	v1alpha1.ReasonKeyMismatch, v1alpha1.ReasonKeyUnsupported, v1alpha1.ReasonCertificateExpired,
	v1alpha1.ReasonCertificateNotYetValid, v1alpha1.ReasonTemporaryCertificate,
}

// source is the Secret: what it holds, and what the manager says against it.
func (f facts) source() *link {
	l := f.held()
	s, ready := f.secret, f.condition(v1alpha1.ConditionReady)
	switch {
	case f.refuses(ready):
		l.State, l.Message = stateOf(false, v1alpha1.Reason(ready.Reason)), ready.Message
	case l.State == wrong:
		l.Message = "create it, of type kubernetes.io/tls, or have cert-manager issue it"
	case s.found && s.pair == nil:
		l.State, l.Message = wrong, fmt.Sprintf("kubectl clbcert check %s -n %s tells what is wrong with it", l.Name, f.object.Namespace)
	case s.found && !f.now.Before(s.pair.NotAfter):
		l.State, l.Message = wrong, "its certificate has expired: renew it"
	case s.found && f.object.Status.Digest != "" && s.pair.Digest != f.object.Status.Digest:
		l.State, l.Message = waiting, "it holds another certificate than the one in the cloud, which the manager hasn't uploaded yet"
	}
	return l
}

// refuses tells whether a condition says something against the Secret, as it is now.
func (f facts) refuses(condition *metav1.Condition) bool {
	return condition != nil && condition.Status != metav1.ConditionTrue && f.observed() &&
		slices.Contains(sourceReasons, v1alpha1.Reason(condition.Reason))
}

// held is the Secret as it was read.
func (f facts) held() *link {
	s := f.secret
	l := &link{Kind: "Secret", Name: f.object.Spec.SecretRef.Name, State: ok}
	switch {
	case s.unread != "":
		l.State, l.Summary = unknown, s.unread
	case !s.found:
		l.State, l.Summary = wrong, "doesn't exist"
	default:
		l.CreationTime = &s.created
		l.describe(f, s.pair)
	}
	return l
}

// observed tells that the status speaks of the object as it is.
func (f facts) observed() bool { return f.object.Status.ObservedGeneration == f.object.Generation }

// describe tells what a Secret holds.
func (l *link) describe(f facts, pair *tlspair.Facts) {
	if pair == nil {
		l.Summary = "holds no pair that CLB takes"
		return
	}
	l.NotAfter = &metav1.Time{Time: pair.NotAfter}
	l.Summary = namesOf(pair.CommonName, pair.DNSNames) + ", " + f.at("expires", "expired", pair.NotAfter)
	l.Detail = fmt.Sprintf("%s, fingerprint %s", pair.KeyAlgorithm, pair.Fingerprint)
}

// namesOf are a certificate's names, of many the first.
func namesOf(commonName string, names []string) string {
	switch {
	case len(names) == 0:
		return cmp.Or(commonName, "no name")
	case len(names) <= shownNames:
		return strings.Join(names, ", ")
	default:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shownNames-1], ", "), len(names)-shownNames+1)
	}
}

// shownNames is how many names of a certificate are shown.
const shownNames = 3

// managedSource is a certificate of Certificate Management Service.
func (f facts) managedSource() *link {
	return &link{Kind: "AliCloudCertificate", Name: f.object.Spec.AliCloudCertificate.ID, State: unknown, Summary: "not read"}
}
