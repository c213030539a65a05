package ccm

import (
	"cmp"
	"slices"
	"strings"
)

// Extension is an entry of AnnotationExtensions.
type Extension struct {
	// Domain is as written, compared without case.
	Domain        string
	CertificateID string

	text string // as written, where it is unchanged
}

// ParseExtensions reads AnnotationExtensions as the CCM does
// (parseDomainExtensionsAnnotation in pkg/controller/service/clbv1/listeners.go). It isn't
// ok where the CCM can't read it.
func ParseExtensions(text string) (extensions []Extension, ok bool) {
	if text == "" {
		return nil, true
	}
	for entry := range strings.SplitSeq(text, ",") {
		parts := strings.Split(strings.TrimSpace(entry), ":")
		if len(parts) != 2 {
			return nil, false
		}
		extensions = append(extensions, Extension{Domain: parts[0], CertificateID: parts[1], text: entry})
	}
	return extensions, true
}

// FormatExtensions is the annotation for the extensions: what is unchanged keeps its text.
func FormatExtensions(extensions []Extension) string {
	entries := make([]string, 0, len(extensions))
	for _, e := range extensions {
		entries = append(entries, cmp.Or(e.text, e.Domain+":"+e.CertificateID))
	}
	return strings.Join(entries, ",")
}

// Find gives the certificate of a domain, "" where there is none.
func Find(extensions []Extension, domain string) string {
	for _, e := range extensions {
		if strings.EqualFold(e.Domain, domain) {
			return e.CertificateID
		}
	}
	return ""
}

// With gives the extensions with a domain's certificate set, at its place or at the end.
func With(extensions []Extension, domain, certificateID string) []Extension {
	changed := slices.Clone(extensions)
	for i := range changed {
		if strings.EqualFold(changed[i].Domain, domain) {
			changed[i].CertificateID, changed[i].text = certificateID, ""
			return changed
		}
	}
	return append(changed, Extension{Domain: domain, CertificateID: certificateID})
}

// Without gives the extensions without a domain's.
func Without(extensions []Extension, domain string) []Extension {
	return slices.DeleteFunc(slices.Clone(extensions), func(e Extension) bool { return strings.EqualFold(e.Domain, domain) })
}
