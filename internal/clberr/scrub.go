package clberr

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	codeSignatureMismatch   = "SignatureDoesNotMatch"
	codeIncompleteSignature = "IncompleteSignature"

	maxMessage   = 512 // bytes
	maxCode      = 100
	maxRequestID = 64

	// removed stands where something was that may be a secret.
	removed = "[removed]"
	// maxRun is the longest run of base64 that stays when it has a digit or a
	// sign in it; maxWord the longest of letters alone: the API's own names have
	// up to 38. A base64 line of a key has 64, an access key secret 30.
	maxRun  = 23
	maxWord = 39
)

var (
	// pemBlock also takes a block whose end is cut off.
	pemBlock = regexp.MustCompile(`(?s)-----BEGIN.*?(?:-----END[^-]*-----|$)`)
	// encodedRun is base64, percent-encoded once or more (%2B, %252B), or with
	// its line ends written out (\n). Underscore and hyphen end a run, and so
	// the IDs of certificates, load balancers and requests stay.
	encodedRun = regexp.MustCompile(`(?:[A-Za-z0-9+/=]|%(?:25)*[0-9A-Fa-f]{2}|\\[nr])+`)
	token      = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
	hexToken   = regexp.MustCompile(`^[0-9A-Fa-f-]+$`)
)

// cleanMessage is what of a service's message may be shown.
func cleanMessage(code, message string) string {
	switch code {
	case codeSignatureMismatch, codeIncompleteSignature:
		return "the signature was refused: the access key secret is wrong, or something between changed the request"
	}
	return cut(scrub(message), maxMessage)
}

// scrub takes out what may be key material or a secret, and control characters.
func scrub(text string) string {
	text = strings.ToValidUTF8(text, "?")
	text = pemBlock.ReplaceAllString(text, removed)
	text = encodedRun.ReplaceAllStringFunc(text, func(run string) string {
		if isSecretLike(run) {
			return removed
		}
		return run
	})
	return strings.TrimSpace(strings.Map(printable, text))
}

func isSecretLike(run string) bool {
	if strings.ContainsAny(run, "0123456789+=%\\") {
		return len(run) > maxRun
	}
	return len(run) > maxWord
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

// cut shortens text to at most limit bytes, at the border of a character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const mark = "..."
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}

// cleanToken is text if it can be a code or a request ID, else "".
func cleanToken(text string, limit int) string {
	if len(text) > limit || !token.MatchString(text) {
		return ""
	}
	if scrub(text) != text && !hexToken.MatchString(text) {
		return ""
	}
	return text
}
