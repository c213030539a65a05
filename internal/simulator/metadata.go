package simulator

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// MetadataRole is the RAM role of the ECS instance whose metadata service Metadata is.
const MetadataRole = "clbcert-node"

// metadata is the part of the ECS metadata service that gives an instance's role credentials, in its hardened mode: only
// with a token of version 2, never without one as in version 1.
type metadata struct {
	server *Server
	mu     sync.Mutex
	tokens map[string]time.Time // until when
}

// Metadata gives the metadata service by itself, for a plain HTTP server as at 100.100.100.200. The same paths are on the
// Server too, over TLS. Its credentials are sessions of MetadataRole in DefaultAccount.
func (s *Server) Metadata() http.Handler {
	m := &metadata{server: s, tokens: map[string]time.Time{}}
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", m.token)
	mux.HandleFunc("GET /latest/meta-data/ram/security-credentials/{$}", m.guard(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(MetadataRole))
	}))
	mux.HandleFunc("GET /latest/meta-data/ram/security-credentials/{role}", m.guard(m.credentials))
	return mux
}

// token gives a token for 1 s to 6 h.
func (m *metadata) token(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.Atoi(r.Header.Get("X-Aliyun-Ecs-Metadata-Token-Ttl-Seconds"))
	if err != nil || seconds < 1 || seconds > 21600 || r.Header.Get("X-Forwarded-For") != "" {
		http.Error(w, "400 - Bad Request", http.StatusBadRequest)
		return
	}
	token, now := randomHex(20), m.server.options.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for old, until := range m.tokens {
		if now.After(until) {
			delete(m.tokens, old)
		}
	}
	m.tokens[token] = now.Add(time.Duration(seconds) * time.Second)
	_, _ = w.Write([]byte(token))
}

// guard lets only those through who have a token.
func (m *metadata) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		until, known := m.tokens[r.Header.Get("X-Aliyun-Ecs-Metadata-Token")]
		m.mu.Unlock()
		if !known || m.server.options.Now().After(until) {
			http.Error(w, "403 - Forbidden", http.StatusForbidden)
			return
		}
		next(w, r)
	}
}

// credentials gives a session of an hour; a name that isn't the instance's role is not found.
func (m *metadata) credentials(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("role") != MetadataRole {
		http.Error(w, "404 - Not Found", http.StatusNotFound)
		return
	}
	now := m.server.options.Now()
	key, err := m.server.openSession(now, roleRequest{account: DefaultAccount, role: MetadataRole, session: "i-simulated", duration: time.Hour}, nil)
	if err != nil {
		http.Error(w, "500 - Internal Server Error", http.StatusInternalServerError)
		return
	}
	a := key.credentials()
	a["Code"], a["LastUpdated"] = "Success", apiTime(now)
	serveJSON(w, a)
}
