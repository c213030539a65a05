package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// tsigKey is what updates are signed with.
type tsigKey struct{ name, secret string }

// nameserver is the one of a zone, whose TXT records it keeps. They are changed by signed updates alone.
type nameserver struct {
	zone    string // with the dot at its end
	address string
	servers []*dns.Server // UDP, TCP

	mu  sync.Mutex
	txt map[string][]string // by name in lower case
}

// serveZone starts a nameserver, on UDP and TCP at one port.
func serveZone(ctx context.Context, zone string, key tsigKey) (*nameserver, error) {
	n := &nameserver{zone: strings.ToLower(dns.Fqdn(zone)), txt: map[string][]string{}}
	tcp, udp, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	n.address = tcp.Addr().String()
	secrets := map[string]string{}
	if key.secret != "" {
		secrets[strings.ToLower(dns.Fqdn(key.name))] = key.secret
	}
	for _, server := range []*dns.Server{{PacketConn: udp}, {Listener: tcp}} {
		server.Handler, server.TsigSecret, server.MsgAcceptFunc = dns.HandlerFunc(n.answer), secrets, accept
		n.servers = append(n.servers, server)
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		failed := make(chan error, 1)
		go func() { failed <- server.ActivateAndServe() }()
		select {
		case <-started:
		case err := <-failed:
			return nil, fmt.Errorf("serving DNS: %w", err)
		}
	}
	return n, nil
}

// listen finds a port that is free for both.
func listen(ctx context.Context) (net.Listener, net.PacketConn, error) {
	const tries = 20 // another program may have one of the two
	var err error
	for range tries {
		var tcp net.Listener
		if tcp, err = new(net.ListenConfig).Listen(ctx, "tcp", loopback+":0"); err != nil {
			continue
		}
		var udp net.PacketConn
		if udp, err = new(net.ListenConfig).ListenPacket(ctx, "udp", tcp.Addr().String()); err == nil {
			return tcp, udp, nil
		}
		tcp.Close()
	}
	return nil, nil, fmt.Errorf("finding a port for DNS: %w", err)
}

func (n *nameserver) close() {
	for _, server := range n.servers {
		_ = server.Shutdown() // it ends with the program at the latest
	}
}

// accept takes updates too, which the library refuses by default.
func accept(header dns.Header) dns.MsgAcceptAction {
	const answer = 1 << 15
	if header.Bits&answer != 0 {
		return dns.MsgIgnore
	}
	return dns.MsgAccept
}

func (n *nameserver) answer(w dns.ResponseWriter, request *dns.Msg) {
	reply := new(dns.Msg).SetReply(request)
	reply.Authoritative = true
	switch {
	case len(request.Question) != 1:
		reply.Rcode = dns.RcodeFormatError
	case request.Opcode == dns.OpcodeUpdate:
		reply.Rcode = n.update(request, w.TsigStatus() == nil)
	case request.Opcode == dns.OpcodeQuery:
		n.query(request.Question[0], reply)
	default:
		reply.Rcode = dns.RcodeNotImplemented
	}
	if sign := request.IsTsig(); sign != nil && w.TsigStatus() == nil {
		reply.SetTsig(sign.Hdr.Name, sign.Algorithm, 300, time.Now().Unix())
	}
	_ = w.WriteMsg(reply) // who doesn't hear it asks again
}

// query answers for the zone: SOA, NS and TXT.
func (n *nameserver) query(question dns.Question, reply *dns.Msg) {
	name := strings.ToLower(question.Name)
	if !dns.IsSubDomain(n.zone, name) {
		reply.Rcode, reply.Authoritative = dns.RcodeRefused, false
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	header := func(kind uint16) dns.RR_Header {
		return dns.RR_Header{Name: question.Name, Rrtype: kind, Class: dns.ClassINET, Ttl: 1}
	}
	switch {
	case name == n.zone && question.Qtype == dns.TypeSOA:
		reply.Answer = []dns.RR{&dns.SOA{Hdr: header(dns.TypeSOA), Ns: "ns." + n.zone, Mbox: "nobody." + n.zone, Serial: 1, Minttl: 1}}
	case name == n.zone && question.Qtype == dns.TypeNS:
		reply.Answer = []dns.RR{&dns.NS{Hdr: header(dns.TypeNS), Ns: "ns." + n.zone}}
	case name != n.zone && len(n.txt[name]) == 0:
		reply.Rcode = dns.RcodeNameError
	case question.Qtype == dns.TypeTXT:
		for _, text := range n.txt[name] {
			reply.Answer = append(reply.Answer, &dns.TXT{Hdr: header(dns.TypeTXT), Txt: []string{text}})
		}
	}
}

// change adds a TXT record or takes it out.
type change struct {
	name, text string
	add        bool
}

// update makes the changes of an update, all or none, and gives its code (RFC 2136, section 3).
func (n *nameserver) update(request *dns.Msg, signed bool) int {
	switch {
	case request.IsTsig() == nil || !signed:
		return dns.RcodeRefused
	case !strings.EqualFold(request.Question[0].Name, n.zone):
		return dns.RcodeNotAuth
	case len(request.Answer) > 0:
		return dns.RcodeNotImplemented // prerequisites, of which cert-manager sends none
	}
	var changes []change
	for _, record := range request.Ns {
		change, code := n.readChange(record)
		if code != dns.RcodeSuccess {
			return code
		}
		changes = append(changes, change)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range changes {
		n.txt[c.name] = slices.DeleteFunc(n.txt[c.name], func(text string) bool { return text == c.text })
		if c.add {
			n.txt[c.name] = append(n.txt[c.name], c.text)
		}
	}
	return dns.RcodeSuccess
}

// readChange reads a record of an update: class IN adds it, NONE takes it out.
func (n *nameserver) readChange(record dns.RR) (change, int) {
	header := record.Header()
	name := strings.ToLower(header.Name)
	if !dns.IsSubDomain(n.zone, name) {
		return change{}, dns.RcodeNotZone
	}
	text, ok := record.(*dns.TXT)
	if !ok || len(text.Txt) != 1 || header.Class != dns.ClassINET && header.Class != dns.ClassNONE {
		return change{}, dns.RcodeNotImplemented // of which cert-manager sends none either
	}
	return change{name: name, text: text.Txt[0], add: header.Class == dns.ClassINET}, dns.RcodeSuccess
}
