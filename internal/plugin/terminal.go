package plugin

import (
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// terminal is what is known of where the output goes.
type terminal struct {
	// width is in characters, 0 where it is no terminal: then nothing is cut.
	width int
	// colour says that colours are seen, and wanted.
	colour bool
}

// terminalOf looks at an output. Colours are off where NO_COLOR is set (https://no-color.org).
func terminalOf(out io.Writer) terminal {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return terminal{}
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return terminal{width: width, colour: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// The colours, by SGR (ECMA-48, 8.3.117).
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	faint  = "2"
	bold   = "1"
)

// paint colours a text where colours are seen.
func (t terminal) paint(colour, text string) string {
	if !t.colour || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// cut cuts a text that takes more than its room, where there is a width.
func (t terminal) cut(text string, room int) string {
	if t.width == 0 {
		return text
	}
	runes := []rune(text)
	switch {
	case len(runes) <= room:
		return text
	case room <= 0:
		return ""
	}
	return string(runes[:room-1]) + "…"
}

// printable takes out what a terminal would act on, and what turns the direction of a text round or
// isn't seen (Unicode's categories Cc and Cf): an object's text may be anybody's.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
