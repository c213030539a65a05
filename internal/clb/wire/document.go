package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/clbcert/clbcert/internal/clberr"
)

// Text is a JSON string as the service should send it. A number is taken by its
// digits; anything else is "", so that one odd field spoils no answer.
type Text string

// UnmarshalJSON never fails.
func (t *Text) UnmarshalJSON(data []byte) error {
	var text string
	var number json.Number
	plain, isPlain := Plain(data)
	switch {
	case isPlain:
		*t = Text(plain)
	case json.Unmarshal(data, &text) == nil:
		*t = Text(text)
	case json.Unmarshal(data, &number) == nil:
		*t = Text(number)
	default:
		*t = ""
	}
	return nil
}

// Plain is the content of a valid JSON string that has nothing to be decoded, as nearly all
// have: a list of a thousand certificates holds twenty thousand.
func Plain(data []byte) (string, bool) {
	if len(data) < 2 || data[0] != '"' || bytes.IndexByte(data, '\\') >= 0 || !utf8.Valid(data) {
		return "", false
	}
	return string(data[1 : len(data)-1]), true
}

// Document is what an error document and every answer have in common (CLB API
// reference, "Common parameters").
type Document struct {
	RequestID Text `json:"RequestId"`
	Code      Text `json:"Code"`
	Message   Text `json:"Message"`
}

// Common is the document itself, of an answer that embeds it.
func (d Document) Common() Document { return d }

// ReadDocument reads body as far as it is such a document; the answer of a
// gateway (HTML, nothing) gives an empty one.
func ReadDocument(body []byte) Document {
	var document Document
	if err := json.Unmarshal(body, &document); err != nil {
		return Document{}
	}
	return document
}

// codeNonceUsed says that the same signed request came before: something on
// the way repeated it, and the first copy may have been applied.
const codeNonceUsed = "SignatureNonceUsed"

// refusal is the error for a status of 400 and more.
func (e *Exchange) refusal() *clberr.Error {
	document := ReadDocument(e.body)
	message := string(document.Message)
	if document.Code == "" {
		message = e.place() + "the endpoint answered without an error code"
	}
	err := clberr.New(e.Action, string(document.Code), message, string(document.RequestID), e.status, clberr.Refused)
	if !isRefusal(err) {
		err.Outcome = clberr.Unknown
	}
	return err
}

// isRefusal tells whether err says for sure that nothing was done: a code that
// the service gives with a 4xx, or any answer that it limits the rate.
func isRefusal(err *clberr.Error) bool {
	if err.Code == "" || err.Code == codeNonceUsed {
		return false
	}
	return err.Status < http.StatusInternalServerError || err.Class() == clberr.Throttled
}

// outcome is that of an exchange without an answer, or with an unreadable one.
func (e *Exchange) outcome() clberr.Outcome {
	if e.status == 0 && (e.gate.wasLate() || !e.gate.sent()) {
		return clberr.NotSent
	}
	return clberr.Unknown
}

// describe tells what went wrong on the way. It never quotes the request's URL,
// whose query holds the signature and the security token.
func (e *Exchange) describe() string {
	err := e.err
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	var network net.Error
	switch {
	case e.gate.wasLate():
		return errDeadline.Error()
	case errors.Is(err, context.Canceled):
		return "the call was cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return e.place() + noAnswer
	default:
		return e.place() + Cause(err)
	}
}

// place begins a message with the region.
func (e *Exchange) place() string {
	if e.Region == "" {
		return ""
	}
	return "region " + e.Region + ": "
}
