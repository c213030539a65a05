package ccm_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/clbcert/clbcert/internal/ccm"
)

func TestExtensionsAreReadAsTheCCMDoes(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		text string
		want string // domain=certificate, separated by blanks
		ok   bool
	}{
		"nothing is none":                       {"", "", true},
		"one":                                   {"a.com:1", "a.com=1", true},
		"several, in order":                     {"b.com:2,a.com:1,*.a.com:3", "b.com=2 a.com=1 *.a.com=3", true},
		"blanks around an entry don't count":    {" a.com:1 , b.com:2", "a.com=1 b.com=2", true},
		"an ID may be missing":                  {"a.com:", "a.com=", true},
		"an ID has what real ones have":         {"a.com:13_17f1_-16", "a.com=13_17f1_-16", true},
		"a domain without an ID is unreadable":  {"a.com", "", false},
		"so is one with two colons":             {"a.com:443:1", "", false},
		"and a comma too many":                  {"a.com:1,", "", false},
		"also where the others can be read":     {"a.com:1,b.com,c.com:3", "", false},
		"and a blank alone is no empty one":     {" ", "", false},
		"another separator is none of the list": {"a.com:1;b.com:2", "", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			got, ok := ccm.ParseExtensions(c.text)
			var entries []string
			for _, e := range got {
				entries = append(entries, e.Domain+"="+e.CertificateID)
			}
			if ok != c.ok || strings.Join(entries, " ") != c.want {
				t.Errorf("got %q, %t", entries, ok)
			}
		})
	}
}

func TestAChangedEntryLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	with := func(domain, id string) func([]ccm.Extension) []ccm.Extension {
		return func(all []ccm.Extension) []ccm.Extension { return ccm.With(all, domain, id) }
	}
	without := func(domain string) func([]ccm.Extension) []ccm.Extension {
		return func(all []ccm.Extension) []ccm.Extension { return ccm.Without(all, domain) }
	}
	for sentence, c := range map[string]struct {
		text   string
		change func([]ccm.Extension) []ccm.Extension
		want   string
	}{
		"the first one":                            {"", with("a.com", "1"), "a.com:1"},
		"a new one comes last":                     {"b.com:2", with("a.com", "1"), "b.com:2,a.com:1"},
		"a changed one stays at its place":         {"b.com:2,a.com:0,c.com:3", with("a.com", "1"), "b.com:2,a.com:1,c.com:3"},
		"others keep their blanks":                 {"b.com:2 ,  a.com:0, c.com:3", with("a.com", "1"), "b.com:2 ,a.com:1, c.com:3"},
		"domains compare without case":             {"A.com:0", with("a.COM", "1"), "A.com:1"},
		"a wildcard is a domain of its own":        {"*.a.com:2", with("a.com", "1"), "*.a.com:2,a.com:1"},
		"one that is taken out":                    {"b.com:2 , a.com:1, c.com:3", without("A.com"), "b.com:2 , c.com:3"},
		"the last one":                             {"a.com:1", without("a.com"), ""},
		"one that isn't there changes nothing":     {" b.com:2", without("a.com"), " b.com:2"},
		"nothing is taken out of nothing":          {"", without("a.com"), ""},
		"one that is there twice is taken out all": {"a.com:1,b.com:2,a.com:3", without("a.com"), "b.com:2"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			all, ok := ccm.ParseExtensions(c.text)
			if !ok {
				t.Fatalf("%q can't be read", c.text)
			}
			before := slices.Clone(all)
			if got := ccm.FormatExtensions(c.change(all)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if !slices.Equal(all, before) || ccm.FormatExtensions(all) != c.text {
				t.Error("the list itself was changed")
			}
		})
	}
}

func TestAnExtensionIsFoundByItsDomain(t *testing.T) {
	t.Parallel()
	all, _ := ccm.ParseExtensions("a.com:1,*.a.com:2")
	for domain, want := range map[string]string{"a.com": "1", "A.COM": "1", "*.A.com": "2", "b.com": "", "": "", "x.a.com": ""} {
		if got := ccm.Find(all, domain); got != want {
			t.Errorf("%q has %q, want %q", domain, got, want)
		}
	}
}

func FuzzExtensions(f *testing.F) {
	for _, text := range []string{"", "a.com:1", " a.com:1 , b.com:2", "a.com:", ":", ":1,:", "a.com:1,", "é.com:1\t,*.a.com:2"} {
		f.Add(text, "a.com", "3")
	}
	f.Fuzz(func(t *testing.T, text, domain, id string) {
		all, ok := ccm.ParseExtensions(text)
		if !ok {
			return
		}
		if got := ccm.FormatExtensions(all); got != text {
			t.Errorf("%q became %q", text, got)
		}
		set := ccm.With(all, domain, id)
		if got := ccm.Find(set, domain); got != id {
			t.Errorf("%q has %q, want %q", domain, got, id)
		}
		if got := ccm.Find(ccm.Without(set, domain), domain); got != "" {
			t.Errorf("%q is still there: %q", domain, got)
		}
	})
}
