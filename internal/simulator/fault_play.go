package simulator

import (
	"crypto/tls"
	"net"
	"net/http"
	"strconv"
)

// asError is the refusal that a fault of the API's own codes stands for. Signature faults quote what was signed, as the
// true refusals do.
func (f *fault) asError(c *call) error {
	switch f.code {
	case "SignatureDoesNotMatch", "IncompleteSignature":
		return refuse(f.code, "Fault injected. server string to sign is:%s", c.stringToSign)
	}
	return refuse(f.code, "Fault injected by the simulator.")
}

// play ends a call as a fault of the network or of a gateway.
func (s *Server) play(w http.ResponseWriter, r *http.Request, f *fault) {
	switch f.code {
	case "timeout":
		s.hold(r)
		reset(w)
	case "reset":
		reset(w)
	default:
		status, _ := strconv.Atoi(f.code[len("http"):])
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<html><body><h1>" + strconv.Itoa(status) + " " + http.StatusText(status) + "</h1></body></html>"))
	}
}

// hold waits until the client gives up or the server ends.
func (s *Server) hold(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.ended:
	}
}

// reset ends the TCP connection with RST instead of FIN: its linger time is 0.
func reset(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	if plain, ok := conn.(*net.TCPConn); ok {
		_ = plain.SetLinger(0) // the close below ends it in any case
	}
	_ = conn.Close()
}
