package tlspair

import (
	"fmt"
	"io"
)

const redactedText = "[private key redacted]"

// redacted gives the type that embeds it one printed form, everywhere: fmt in all verbs, JSON, text (YAML, flags),
// slog, logr and whatever asks for a Stringer.
type redacted struct{}

// Format prints the same in every verb, %#v and %x included.
func (redacted) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redactedText) }

// String is for loggers that ask for a Stringer.
func (redacted) String() string { return redactedText }

// GoString is for printers other than fmt that know it.
func (redacted) GoString() string { return redactedText }

// MarshalJSON keeps it out of JSON, slog's included.
func (redacted) MarshalJSON() ([]byte, error) { return []byte(`"` + redactedText + `"`), nil }

// MarshalText keeps it out of YAML and of slog's text; slog's own LogValuer would need a logging package here.
func (redacted) MarshalText() ([]byte, error) { return []byte(redactedText), nil }

// MarshalLog is logr's way (its Marshaler interface).
func (redacted) MarshalLog() any { return redactedText }

// secret holds bytes that no printer can reach: not by a method, and not by reflection either (fmt calls no methods on
// unexported fields), for a function value shows nothing but its address. Copies share the bytes and their wiping.
type secret struct {
	redacted
	access func(wipe bool) []byte
}

func conceal(held []byte) secret {
	return secret{access: func(wipe bool) []byte {
		if wipe {
			clear(held)
			held = nil
		}
		return held
	}}
}

func (s secret) bytes() []byte {
	if s.access == nil {
		return nil
	}
	return s.access(false)
}

func (s secret) wipe() {
	if s.access != nil {
		s.access(true)
	}
}
