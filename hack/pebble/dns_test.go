package main

import (
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"
)

const secret = "c2VjcmV0LW9mLXRoZS10ZXN0cw=="

// exchange sends a request and gives the answer.
func exchange(t *testing.T, n *nameserver, network string, request *dns.Msg, key tsigKey) *dns.Msg {
	t.Helper()
	client := &dns.Client{Net: network}
	if key.name != "" {
		name := dns.Fqdn(key.name)
		request.SetTsig(name, dns.HmacSHA256, 300, time.Now().Unix())
		client.TsigSecret = map[string]string{name: key.secret}
	}
	answer, _, err := client.ExchangeContext(t.Context(), request, n.address)
	if answer == nil {
		t.Fatalf("no answer: %v", err)
	}
	return answer
}

// texts are the TXT records of a name, as each network tells them.
func texts(t *testing.T, n *nameserver, name string) []string {
	t.Helper()
	var found [][]string
	for _, network := range []string{"udp", "tcp"} {
		var all []string
		for _, record := range exchange(t, n, network, new(dns.Msg).SetQuestion(name, dns.TypeTXT), tsigKey{}).Answer {
			if text, ok := record.(*dns.TXT); ok {
				all = append(all, text.Txt...)
			}
		}
		found = append(found, all)
	}
	if !slices.Equal(found[0], found[1]) {
		t.Errorf("UDP says %q, TCP %q", found[0], found[1])
	}
	return found[0]
}

func record(name, text string) []dns.RR {
	return []dns.RR{&dns.TXT{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 60}, Txt: []string{text}}}
}

func TestUpdatesAreTakenFromWhoHasTheKey(t *testing.T) {
	t.Parallel()
	key := tsigKey{name: "cert-manager", secret: secret}
	n, err := serveZone(t.Context(), "example.com", key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.close)
	const name = "_acme-challenge.www.example.com."
	insert := func(zone, name string) *dns.Msg {
		message := new(dns.Msg).SetUpdate(zone)
		message.Insert(record(name, "one"))
		return message
	}
	for what, test := range map[string]struct {
		update *dns.Msg
		key    tsigKey
		want   int
	}{
		"without a signature":   {insert("example.com.", name), tsigKey{}, dns.RcodeRefused},
		"with another key":      {insert("example.com.", name), tsigKey{key.name, "b3RoZXI="}, dns.RcodeRefused},
		"of another zone":       {insert("example.org.", "www.example.org."), key, dns.RcodeNotAuth},
		"of a name out of zone": {insert("example.com.", "www.example.org."), key, dns.RcodeNotZone},
	} {
		if answer := exchange(t, n, "udp", test.update, test.key); answer.Rcode != test.want {
			t.Errorf("an update %s: %s, want %s", what, dns.RcodeToString[answer.Rcode], dns.RcodeToString[test.want])
		}
	}
	if got := texts(t, n, name); len(got) != 0 {
		t.Errorf("refused updates left %q", got)
	}
	if answer := exchange(t, n, "udp", insert("example.com.", name), key); answer.Rcode != dns.RcodeSuccess {
		t.Errorf("a signed update: %s", dns.RcodeToString[answer.Rcode])
	}
	if got := texts(t, n, name); !slices.Equal(got, []string{"one"}) {
		t.Errorf("there is %q, want what was put in", got)
	}
	remove := new(dns.Msg).SetUpdate("example.com.")
	remove.Remove(record(name, "one"))
	exchange(t, n, "udp", remove, key)
	if answer := exchange(t, n, "udp", new(dns.Msg).SetQuestion(name, dns.TypeTXT), tsigKey{}); answer.Rcode != dns.RcodeNameError {
		t.Errorf("what was taken out is still answered: %v", answer)
	}
}

func TestTheZoneIsFoundByItsSOA(t *testing.T) {
	t.Parallel()
	n, err := serveZone(t.Context(), "Example.com", tsigKey{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.close)
	for name, want := range map[string]int{"example.com.": dns.RcodeSuccess, "www.example.com.": dns.RcodeNameError, "com.": dns.RcodeRefused} {
		answer := exchange(t, n, "udp", new(dns.Msg).SetQuestion(name, dns.TypeSOA), tsigKey{})
		if answer.Rcode != want || (len(answer.Answer) == 1) != (want == dns.RcodeSuccess) {
			t.Errorf("the SOA of %s: %v", name, answer)
		}
	}
}
