package clberr

import (
	"strings"
	"testing"
)

// The service ends such a message with what it signed: the whole request. None of it is
// shown, however short or harmless it looks by itself.
func TestARefusedSignatureQuotesNothing(t *testing.T) {
	t.Parallel()
	for _, code := range []string{codeSignatureMismatch, codeIncompleteSignature} {
		text := "server string to sign is:POST&%2F&AccessKeyId%3DLTAI5tKey&Token%3Dshort"
		got := New("Upload", code, text, "R-1", 400, Refused).Error()
		for _, part := range []string{"string to sign", "LTAI5tKey", "Token", "short"} {
			if strings.Contains(got, part) {
				t.Errorf("%s quotes %q: %s", code, part, got)
			}
		}
		if !strings.Contains(got, "access key secret is wrong") {
			t.Errorf("%s doesn't say what is wrong: %s", code, got)
		}
	}
}
