package plugin

import (
	"fmt"
	"strings"

	"github.com/clbcert/clbcert/internal/served"
)

// liveStates are what verdicts are in the plugin's words.
var liveStates = map[served.Verdict]state{
	served.Match: ok, served.ChainDiffers: wrong, served.Superseded: wrong, served.Another: wrong, served.Unknown: unknown,
}

// showLive prints the reports.
func (a *app) showLive(reports []liveReport, out *output) error {
	if !out.forPeople() {
		places := []livePlace{}
		for _, r := range reports {
			places = append(places, r.places...)
		}
		return out.print(a.Out, "ServedCertificateList", places)
	}
	t := tree{out: a.Out, terminal: terminalOf(a.Out), wide: out.wide()}
	for _, r := range reports {
		indent := ""
		if len(reports) > 1 {
			fmt.Fprintln(a.Out, t.paint(bold, r.object.Namespace+"/"+r.object.Name))
			indent = "  "
		}
		if len(r.places) == 0 {
			fmt.Fprintln(a.Out, indent+t.paint(faint, "- "+r.object.Name+" has no binding to look at"))
		}
		t.places(indent, r.places)
	}
	return nil
}

// places draws a line for each place, its message below where a terminal is too narrow.
func (t tree) places(indent string, places []livePlace) {
	heads, longest := make([]string, len(places)), 0
	for i := range places {
		heads[i] = places[i].head()
		longest = max(longest, length(heads[i]))
	}
	for i := range places {
		p := &places[i]
		mark := marks[liveStates[p.Result]]
		message := p.text(t.wide)
		head := heads[i] + strings.Repeat(" ", longest-length(heads[i]))
		begin := indent + t.paint(mark.colour, mark.sign) + " "
		if t.width == 0 || length(indent)+4+longest+length(message) <= t.width {
			fmt.Fprintln(t.out, begin+head+"  "+message)
			continue
		}
		fmt.Fprintln(t.out, begin+t.cut(heads[i], t.width-length(indent)-2))
		for _, line := range wrapped(message, t.width-length(indent)-4) {
			fmt.Fprintln(t.out, indent+"    "+line)
		}
	}
}

// head says where was looked.
func (p *livePlace) head() string {
	name := "no SNI"
	if p.ServerName != "" {
		name = "SNI " + p.ServerName
	}
	at := strings.TrimSpace(p.Address + " (" + name + ")")
	return oneLine(p.Binding) + "  " + oneLine(at)
}

// text is the message, with what this machine thinks of what was shown, all of that, and what mends it.
func (p *livePlace) text(wide bool) string {
	text := p.Message
	if p.Distrust != "" {
		text += " (this machine doesn't trust it: " + p.Distrust + ")"
	}
	if wide && len(p.Chain) > 0 {
		var subjects []string
		for _, c := range p.Chain {
			subjects = append(subjects, c.Subject)
		}
		text += fmt.Sprintf("; fingerprint %s, chain %s", p.Chain[0].Fingerprint, strings.Join(subjects, " < "))
	}
	if p.Mend != "" {
		text += "; " + p.Mend
	}
	return shortened(oneLine(text))
}

// shownText is the longest text in characters: names in a certificate may be as long as anybody likes.
const shownText = 2000

func shortened(text string) string {
	if runes := []rune(text); len(runes) > shownText {
		return string(runes[:shownText]) + "…"
	}
	return text
}
