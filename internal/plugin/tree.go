package plugin

import (
	"fmt"
	"io"
	"strings"
)

// tree draws ways for people.
type tree struct {
	out io.Writer
	terminal
	// wide adds details.
	wide bool
}

// marks are the states' signs, and their colours.
var marks = map[state]struct{ sign, colour string }{
	ok: {"✓", green}, waiting: {"…", yellow}, wrong: {"✗", red}, unknown: {"?", faint},
}

// draw draws a way: a line for each link, and what is wrong below it.
func (t tree) draw(w way) {
	t.line("", "", "", w.link)
	t.below("", w.Links, w.Message)
}

// below draws a link's message, and the links below it.
func (t tree) below(indent string, links []link, message string) {
	t.message(indent, len(links) > 0, message)
	for i, l := range links {
		branch, next := "├── ", "│   "
		if i == len(links)-1 {
			branch, next = "└── ", "    "
		}
		t.line(indent, branch, next, l)
		t.below(indent+next, l.Links, l.Message)
	}
}

// line is one link: what doesn't fit stands below, under the name. next is what stands there
// before it.
func (t tree) line(indent, branch, next string, l link) {
	mark := marks[l.State]
	name := oneLine(l.title())
	texts := []string{l.Summary}
	if t.wide && l.Detail != "" {
		texts = append(texts, l.Detail)
	}
	rest := oneLine(strings.Trim(strings.Join(texts, "; "), "; "))
	if rest != "" {
		rest = "  " + rest
	}
	before := indent + branch + mark.sign + " "
	name = t.cut(name, t.width-length(before))
	first := t.paint(faint, indent+branch) + t.paint(mark.colour, mark.sign) + " " + t.paint(bold, name)
	if t.width == 0 || length(before+name+rest) <= t.width {
		fmt.Fprintln(t.out, first+rest)
		return
	}
	fmt.Fprintln(t.out, first)
	lead := indent + next
	if len(l.Links) > 0 {
		lead += "│ "
	} else {
		lead += "  "
	}
	for _, text := range wrapped(strings.TrimSpace(rest), t.width-length(lead)) {
		fmt.Fprintln(t.out, t.paint(faint, lead)+text)
	}
}

// message is what is wrong, wrapped where there is a width; bar says that links follow below.
func (t tree) message(indent string, bar bool, message string) {
	if message == "" {
		return
	}
	lead := indent + "    "
	if bar {
		lead = indent + "│   "
	}
	for _, text := range wrapped(oneLine(message), t.width-length(lead)) {
		fmt.Fprintln(t.out, t.paint(faint, lead)+t.paint(yellow, text))
	}
}

// wrapped breaks a text at blanks so that no line is longer than width; a width of little is none.
func wrapped(text string, width int) []string {
	if width < minWrapped {
		return []string{text}
	}
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && length(line)+1+length(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// minWrapped is the least width at which wrapping helps anybody.
const minWrapped = 20

// length is in characters.
func length(text string) int { return len([]rune(text)) }
