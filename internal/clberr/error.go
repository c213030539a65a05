// Package clberr is the one error of a call to the cloud: what was asked, what
// the service answered, whether it can have had an effect, and from one table
// of codes what that means for the caller and for a person.
//
// It never holds key material, a signature or a string to sign, never wraps
// another error, and does no I/O.
package clberr

import (
	"slices"
	"strconv"
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// Outcome tells whether a call that ended in an error can have had an effect.
type Outcome string

const (
	// Refused says that the service answered that it did nothing.
	Refused Outcome = "Refused"
	// NotSent says that no byte of the request's content left this process.
	NotSent Outcome = "NotSent"
	// Unknown says that the request may have been applied.
	Unknown Outcome = "Unknown"
)

// Error is a call that didn't succeed. It is an immutable value, made by New
// and used as *Error; errors.As finds it.
type Error struct {
	// Action is the API's name of what was asked, such as UploadServerCertificate.
	Action string
	// Code is the service's error code, exactly as given; "" when there is none
	// (network error, answer of a gateway, unreadable answer).
	Code string
	// Message is what the service said, scrubbed and at most 512 bytes.
	Message string
	// RequestID is the service's name of the request; "" when it gave none.
	RequestID string
	// Status is the HTTP status; 0 when there was no answer.
	Status int
	// Outcome tells whether the call can have had an effect.
	Outcome Outcome
}

// New makes the error of one call. What the service wrote is scrubbed: a code
// or request ID that can't be one becomes "", SignatureDoesNotMatch and
// IncompleteSignature lose their message (it quotes the string to sign, and so
// the private key), and any other message loses PEM blocks and long base64 or
// percent-encoded runs and is cut to 512 bytes.
func New(action, code, message, requestID string, status int, outcome Outcome) *Error {
	code = cleanToken(code, maxCode)
	return &Error{
		Action:    action,
		Code:      code,
		Message:   cleanMessage(code, message),
		RequestID: cleanToken(requestID, maxRequestID),
		Status:    status,
		Outcome:   outcome,
	}
}

// Error is `Action: Code (RequestId X): message`, with what is known of it.
func (e *Error) Error() string {
	what := e.Code
	if what == "" && e.Status != 0 {
		what = "HTTP " + strconv.Itoa(e.Status)
	}
	if e.RequestID != "" {
		if what != "" {
			what += " "
		}
		what += "(RequestId " + e.RequestID + ")"
	}
	parts := slices.DeleteFunc([]string{e.Action, what, e.Message}, func(part string) bool { return part == "" })
	return strings.Join(parts, ": ")
}

// Class tells how the caller is to treat the error.
func (e *Error) Class() Class { return e.row().Class }

// Reason is the reason of the condition that reports the error.
func (e *Error) Reason() v1alpha1.Reason { return e.row().Reason }

// Advice is a short sentence that tells a person what mends it.
func (e *Error) Advice() string {
	row := e.row()
	if row.Reason == v1alpha1.ReasonUnauthorized {
		return "Grant the RAM action " + e.ramAction() + " to the credentials' identity, also for the region and the resource group in use."
	}
	return row.Advice
}

// Known tells whether the class is sure. It is false for a code that the table
// doesn't hold, and for a 4xx without a code: such a transient error may
// last for ever and wants a slow back-off (from 1 s, doubling to 5 minutes).
func (e *Error) Known() bool {
	if _, ok := byCode(e.Code); ok {
		return true
	}
	isClientError := e.Status >= statusClientError && e.Status < statusServerError
	return e.Code == "" && !isClientError
}

// ramAction is the RAM action that guards e's API action.
func (e *Error) ramAction() string {
	if isSTS(e.Action) {
		return "sts:" + e.Action
	}
	return "slb:" + e.Action
}
