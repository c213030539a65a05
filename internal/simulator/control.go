package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
)

var accountID = regexp.MustCompile(`^\d{1,20}$`)

// getFaults answers GET /faults: a JSON list of the faults in force, as they were given.
func (s *Server) getFaults(w http.ResponseWriter, _ *http.Request) { serveJSON(w, s.faults.specs()) }

// putFaults answers PUT /faults: a JSON list that replaces the faults in force.
func (s *Server) putFaults(w http.ResponseWriter, r *http.Request) {
	var specs []string
	if !readJSON(w, r, &specs) {
		return
	}
	if err := s.faults.replace(specs); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// putAccessKey answers PUT /access-keys: {"id","secret","account","denied":[actions],"inactive"} adds an access key or
// replaces it; without a secret it keeps the old one. The one of the flags is back to the flags' after a restart.
func (s *Server) putAccessKey(w http.ResponseWriter, r *http.Request) {
	var key accessKey
	if !readJSON(w, r, &key) {
		return
	}
	key.Session = nil
	err := s.store.change(func(x *change) error {
		if key.Secret == "" {
			key.Secret = s.store.accessKeys.rows[key.ID].Secret
		}
		if name, unknown := key.deniesUnknown(); unknown {
			return fmt.Errorf("there is no action %q to deny", name)
		}
		if key.ID == "" || key.Secret == "" || !accountID.MatchString(key.Account) {
			return errors.New("an access key needs an id, a secret and an account of digits")
		}
		s.store.accessKeys.put(x, key.ID, key)
		return nil
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// getState answers GET /state: all there truly is, whatever the lists say, without private keys and access keys.
func (s *Server) getState(w http.ResponseWriter, _ *http.Request) {
	var state map[string]any
	s.store.read(func() { state = s.state() })
	serveJSON(w, state)
}

func (s *Server) state() map[string]any {
	certificates := []certificate{}
	for _, id := range s.store.certificates.ids() {
		if row := s.store.certificates.rows[id]; row.Deleted.IsZero() {
			certificates = append(certificates, row)
		}
	}
	return map[string]any{
		"certificates":     certificates,
		"loadBalancers":    s.store.loadBalancers.all(),
		"listeners":        s.store.listeners.all(),
		"domainExtensions": s.store.extensions.all(),
		"rules":            s.store.rules.all(),
	}
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		http.Error(w, "the body is not the JSON it should be", http.StatusBadRequest)
	}
	return err == nil
}
