package plugin

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// show prints verdicts.
func (v *checkVerb) show(verdicts []verdict, now time.Time) error {
	if !v.forPeople() {
		return v.print(v.Out, "CheckList", verdicts)
	}
	t := terminalOf(v.Out)
	for i := range verdicts {
		for _, line := range verdicts[i].lines(t, v.wide(), now) {
			fmt.Fprintln(v.Out, line)
		}
	}
	return nil
}

// lines are a verdict for people.
func (v *verdict) lines(t terminal, wide bool, now time.Time) []string {
	answer := t.paint(green, "CLB takes it")
	if !v.Accepted {
		answer = t.paint(red, "CLB doesn't take it")
	}
	lines := []string{t.paint(bold, v.named()) + ": " + answer}
	if v.Kind == filesKind && !v.Accepted {
		lines = append(lines, "  "+t.paint(faint, "Of the files the certificates are tls.crt, and all else is tls.key."))
	}
	if v.Certificate != nil {
		lines = append(lines, v.Certificate.lines(wide, now)...)
	}
	for _, f := range v.Findings {
		lines = append(lines, f.lines(t, t.paint(red, "✗"))...)
	}
	for _, f := range v.Warnings {
		lines = append(lines, f.lines(t, t.paint(yellow, "!"))...)
	}
	return lines
}

// lines is what a certificate is good for.
func (c *certificate) lines(wide bool, now time.Time) []string {
	names := namesOf(c.CommonName, c.DNSNames)
	if wide && len(c.DNSNames) > 0 {
		names = strings.Join(c.DNSNames, ", ")
	}
	day, left := c.NotAfter.UTC().Format(time.DateOnly), c.NotAfter.Sub(now)
	validity := fmt.Sprintf("valid until %s (in %s)", day, duration.HumanDuration(left))
	if left <= 0 {
		validity = fmt.Sprintf("expired on %s (%s ago)", day, duration.HumanDuration(-left))
	}
	lines := []string{"  " + oneLine(names) + "; " + validity + "; " + c.KeyAlgorithm}
	if wide {
		chain := "a chain of 1 certificate"
		if c.Certificates > 1 {
			chain = fmt.Sprintf("a chain of %d certificates", c.Certificates)
		}
		lines = append(lines, "  "+chain+"; digest "+c.Digest, "  fingerprint "+c.Fingerprint)
	}
	return lines
}

// lines is one finding, wrapped where there is a width.
func (f finding) lines(t terminal, sign string) []string {
	texts := wrapped(oneLine(f.Reason+": "+f.Message), t.width-len("    "))
	for i, text := range texts {
		texts[i] = "    " + text
	}
	texts[0] = "  " + sign + strings.TrimPrefix(texts[0], "   ")
	return texts
}
