package simulator

import (
	"fmt"
	"strconv"
	"strings"
)

// params reads the parameters of one call. The first rule that is broken stays as err, and an action asks for it
// once, after it has read all it needs.
type params struct {
	values map[string]string
	err    error
}

func (p *params) refuse(code, format string, args ...any) {
	if p.err == nil {
		p.err = refuse(code, format, args...)
	}
}

// optional gives a parameter, or "" when it is missing.
func (p *params) optional(name string) string { return p.values[name] }

// required gives a parameter that must be there and not be empty.
func (p *params) required(name string) string {
	if p.values[name] == "" {
		p.refuse("MissingParameter", "The input parameter %q that is mandatory for processing this request is not supplied.", name)
	}
	return p.values[name]
}

// requiredAs is required with the code that the reference gives for this one parameter.
func (p *params) requiredAs(code, name string) string {
	if p.values[name] == "" {
		p.refuse(code, "The parameter %s is required.", name)
	}
	return p.values[name]
}

// integer gives a number between least and most, or fallback when it is missing.
func (p *params) integer(name string, fallback, least, most int) int {
	if p.values[name] == "" {
		return fallback
	}
	n, err := strconv.Atoi(p.values[name])
	if err != nil || n < least || n > most {
		p.refuse("InvalidParameter."+name, "The parameter %s must be a number from %d to %d.", name, least, most)
	}
	return n
}

// port gives a required port, 1 to 65535.
func (p *params) port(name string) int {
	p.required(name)
	return p.integer(name, 0, 1, 65535)
}

// flag gives a boolean, false when it is missing.
func (p *params) flag(name string) bool {
	switch p.values[name] {
	case "", "false":
		return false
	case "true":
		return true
	}
	p.refuse("InvalidParameter."+name, "The parameter %s must be true or false.", name)
	return false
}

// oneOf gives a parameter that must be among the choices; the first one when it is missing.
func (p *params) oneOf(name string, choices ...string) string {
	if p.values[name] == "" {
		return choices[0]
	}
	for _, choice := range choices {
		if p.values[name] == choice {
			return choice
		}
	}
	p.refuse("InvalidParameter."+name, "The parameter %s must be one of %s.", name, strings.Join(choices, ", "))
	return ""
}

// list gives Name.1, Name.2, …: numbered without a gap, at most limit of them, none empty.
func (p *params) list(name string, limit int) []string {
	var values []string
	for p.values[fmt.Sprintf("%s.%d", name, len(values)+1)] != "" {
		values = append(values, p.values[fmt.Sprintf("%s.%d", name, len(values)+1)])
	}
	if len(values) > limit {
		p.refuse("SizeLimitExceeded."+name, "At most %d of %s are allowed.", limit, name)
	}
	if len(values) != p.indices(name) {
		p.refuse("InvalidParameter."+name, "The list %s.N is not numbered from 1 without a gap, or has an empty entry.", name)
	}
	return values
}

// indices counts the different N of Name.N and Name.N.Field.
func (p *params) indices(name string) int {
	seen := map[string]bool{}
	for key := range p.values {
		if rest, ok := strings.CutPrefix(key, name+"."); ok {
			index, _, _ := strings.Cut(rest, ".")
			seen[index] = true
		}
	}
	return len(seen)
}
