package simulator

import (
	"fmt"
	"net/http"
	"strings"
)

// apiError is a refusal in the API's own words. Its message holds no value that a client keeps secret, with the one
// exception that the real service makes too: the string to sign of SignatureDoesNotMatch and IncompleteSignature.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

func refuse(code, format string, args ...any) error {
	return &apiError{code: code, message: fmt.Sprintf(format, args...)}
}

// statuses are the documented ones that statusOf could not tell from the code's form.
var statuses = map[string]int{
	"BackendServer.configuring":   http.StatusConflict,
	"InternalError":               http.StatusInternalServerError,
	"InternalInvokeError":         http.StatusInternalServerError,
	"InvalidAccessKeyId.Inactive": http.StatusBadRequest,
	"ListenerNotFound":            http.StatusNotFound,
	"EntityNotExist.Role":         http.StatusNotFound,
	"NoPermission":                http.StatusForbidden,
	"RequestBodyTooLarge":         http.StatusRequestEntityTooLarge,
	"ServiceIsStopping":           http.StatusConflict,
	"ServiceUnavailable":          http.StatusServiceUnavailable,
	"SystemBusy":                  449, // not a registered status, but what the service answers
	"UnauthorizedRegion":          http.StatusForbidden,
	"UnsupportedHTTPMethod":       http.StatusMethodNotAllowed,
}

// statusOf gives the HTTP status of a code: the table's, else 404 for what isn't found, 403 for what is forbidden,
// and 400, which is by far the API's most used.
func statusOf(code string) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	switch {
	case strings.HasSuffix(code, ".NotFound"):
		return http.StatusNotFound
	case isForbidden(code):
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}

// isForbidden tells the refusals of RAM, which carry an AccessDeniedDetail. The API spells one of them "Forbbiden".
func isForbidden(code string) bool {
	return strings.HasPrefix(code, "Forbidden") || strings.HasPrefix(code, "Forbbiden") || code == "NoPermission"
}
