package clberr

import (
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Class says how a caller treats an error.
type Class string

const (
	// Transient errors pass: try again soon, with a back-off.
	Transient Class = "Transient"
	// Throttled calls came too fast: slow the account down, then try again.
	Throttled Class = "Throttled"
	// InUse says that something still uses the resource; try again slowly.
	InUse Class = "InUse"
	// NotFound says that the resource doesn't exist; for a deletion that is success.
	NotFound Class = "NotFound"
	// Quota says that a quota is full: look again after minutes.
	Quota Class = "Quota"
	// Auth is about credentials or rights: a person mends it; look again slowly.
	Auth Class = "Auth"
	// Terminal says that the same request will be refused again.
	Terminal Class = "Terminal"
)

// Match says how a Row's Code is compared with an error's. The comparison is
// always case-sensitive.
type Match string

const (
	// Exact compares the whole code.
	Exact Match = "exact"
	// Prefix compares the code's begin.
	Prefix Match = "prefix"
	// Contains looks for the text anywhere in the code.
	Contains Match = "contains"
)

// Row is what one code, or family of codes, means.
type Row struct {
	Code   string
	Match  Match
	Class  Class
	Reason v1alpha1.Reason
	Advice string
}

// Codes is the table, for documentation and tests: exact codes first, then
// prefixes, then families, in the order in which they are tried.
func Codes() []Row {
	return append([]Row(nil), table...)
}

// actionUpload is the action at which InvalidParameter means the key pair,
// whatever the status.
const actionUpload = "UploadServerCertificate"

// HTTP statuses (RFC 9110) that mean something without a known code.
const (
	statusClientError  = 400 // and up to the next
	statusUnauthorized = 401
	statusForbidden    = 403
	statusServerError  = 500 // and more
)

// misspelt is the name by which the service misses AliCloudCertificateId when the
// region of a CAS certificate comes with it (alibabacloud-go-sdk, issue 75).
const misspelt = "AliCouldCertificateId"

func (e *Error) row() Row {
	row, ok := byCode(e.Code)
	switch {
	case strings.Contains(e.Code+" "+e.Message, misspelt):
		return casRegion
	case !ok:
		return e.rowByStatus()
	case e.Code == "InvalidParameter" && e.Action != actionUpload && e.Status >= statusServerError:
		// A catch-all code: with a 5xx it stands for a failure of the server.
		return unavailable
	default:
		return row
	}
}

func byCode(code string) (Row, bool) {
	if code == "" {
		return Row{}, false
	}
	for _, row := range table {
		if row.matches(code) {
			return row, true
		}
	}
	return Row{}, false
}

func (r Row) matches(code string) bool {
	switch r.Match {
	case Prefix:
		return strings.HasPrefix(code, r.Code)
	case Contains:
		return strings.Contains(code, r.Code)
	default:
		return code == r.Code
	}
}

// rowByStatus is for an error without a code that the table knows.
func (e *Error) rowByStatus() Row {
	switch {
	case e.Status == statusUnauthorized:
		return refusedCredentials
	case e.Status == statusForbidden:
		return forbidden
	case isSTS(e.Action) && e.Code != "" && e.Status >= statusClientError && e.Status < statusServerError:
		// STS has codes of its own for a role, a provider or a token that it
		// doesn't take; what they have in common is that the credentials don't work.
		return refusedCredentials
	default:
		return unavailable
	}
}

func isSTS(action string) bool {
	switch action {
	case "AssumeRole", "AssumeRoleWithOIDC", "GetCallerIdentity":
		return true
	default:
		return false
	}
}
