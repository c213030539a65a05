package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxCalls bounds the log of calls: at least so many of the newest are kept.
const maxCalls = 100_000

// callRecord is an entry of GET /calls.
type callRecord struct {
	Number      int       `json:"number"` // 1 for the first
	Time        time.Time `json:"time"`   // of the arrival
	Action      string    `json:"action"`
	Outcome     string    `json:"outcome"` // ok, the error code, or the fault
	RequestID   string    `json:"requestID"`
	Region      string    `json:"region"`
	Account     string    `json:"account"`
	AccessKeyID string    `json:"accessKeyID"`
	UserAgent   string    `json:"userAgent"`
	Method      string    `json:"method"`
	// QueryParameters and FormParameters are names: which way each parameter travelled.
	QueryParameters []string `json:"queryParameters"`
	FormParameters  []string `json:"formParameters"`
	// Parameters are the values, without secrets and with long ones left out.
	Parameters map[string]string `json:"parameters"`
}

// secrets are parameters whose values nobody gets to see.
var secrets = map[string]bool{
	"PrivateKey": true, "Signature": true, "SecurityToken": true, "OIDCToken": true, "BearerToken": true,
}

// shown gives the parameters for the log of calls.
func shown(values map[string]string) map[string]string {
	parameters := map[string]string{}
	for name, value := range values {
		switch {
		case secrets[name] || strings.Contains(value, "PRIVATE KEY"): // the latter put into a wrong parameter
			parameters[name] = "(secret)"
		case len(value) > 256:
			parameters[name] = fmt.Sprintf("(%d bytes)", len(value))
		default:
			parameters[name] = value
		}
	}
	return parameters
}

func names(values url.Values) []string {
	if len(values) == 0 {
		return []string{}
	}
	return slices.Sorted(maps.Keys(values))
}

// calls is the log, for concurrent use.
type calls struct {
	mu    sync.Mutex
	count int
	list  []callRecord
}

func (l *calls) add(c *call, outcome string) {
	entry := callRecord{
		Time: c.arrived, Action: c.action, Outcome: outcome, RequestID: c.requestID, Region: c.region,
		Account: c.caller.account, AccessKeyID: c.caller.keyID, UserAgent: c.request.UserAgent(), Method: c.request.Method,
		QueryParameters: names(c.query), FormParameters: names(c.form), Parameters: shown(c.params.values),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	entry.Number = l.count
	l.list = append(l.list, entry)
	if len(l.list) > 2*maxCalls {
		l.list = slices.Clone(l.list[maxCalls:])
	}
}

// serve answers GET /calls, or GET /calls?after=N for those with a greater number.
func (l *calls) serve(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.Atoi(r.URL.Query().Get("after"))
	if err != nil && r.URL.Query().Has("after") {
		http.Error(w, "after: want the number of a call", http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	list := make([]callRecord, 0, len(l.list))
	for _, entry := range l.list {
		if entry.Number > after {
			list = append(list, entry)
		}
	}
	l.mu.Unlock()
	serveJSON(w, list)
}

func serveJSON(w http.ResponseWriter, value any) {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		http.Error(w, "the answer could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(body, '\n')) // the client may have gone
}
