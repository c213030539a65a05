package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/test/env"
)

// patience is how long after a binding was taken out or put in a change of its extension
// may still be the outcome of the former.
const patience = 20 * time.Second

// entry is one row of a line of the simulator's journal: a change, in the order of changes.
type entry struct {
	Table string          `json:"table"`
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value"`
}

// deletable is a certificate in the journal: a deleted one stays for the lists' lag.
type deletable struct {
	env.SimulatedCertificate

	Deleted time.Time `json:"deleted,omitzero"`
}

// witness reads the simulator's journal and judges each change. GET /state would show the
// same, but only now and then.
type witness struct {
	trace   *trace
	ledger  *ledger
	cluster string // our cluster id

	mu           sync.Mutex
	path         string
	file         *os.File
	rest         []byte // a line that isn't whole yet
	seen         map[string]bool
	certificates map[string]env.SimulatedCertificate // live ones
	listeners    map[string]env.SimulatedListener
	extensions   map[string]env.SimulatedExtension
	balancers    map[string]env.SimulatedLoadBalancer
	owners       map[string]string // Services, by the ID or the name of their load balancer
	uploads      map[copyOf]int
}

func newWitness(simulator *env.Simulator, trace *trace, ledger *ledger, cluster string) (*witness, error) {
	w := &witness{
		trace: trace, ledger: ledger, cluster: cluster, path: filepath.Join(filepath.Dir(simulator.CAFile), "state.jsonl"),
		seen: map[string]bool{}, certificates: map[string]env.SimulatedCertificate{},
		listeners: map[string]env.SimulatedListener{}, extensions: map[string]env.SimulatedExtension{}, uploads: map[copyOf]int{},
		balancers: map[string]env.SimulatedLoadBalancer{}, owners: map[string]string{},
	}
	return w, w.reopen()
}

// reopen begins with the journal that a start of the simulator has written anew.
func (w *witness) reopen() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil {
		w.file.Close()
	}
	file, err := os.Open(w.path)
	if err != nil {
		return fmt.Errorf("opening the simulator's journal: %w", err)
	}
	w.file, w.rest = file, nil
	return nil
}

func (w *witness) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.file.Close()
}

// follow reads what comes until the context ends.
func (w *witness) follow(ctx context.Context) {
	ticker := time.NewTicker(30 * time.Millisecond)
	defer ticker.Stop()
	for ctx.Err() == nil {
		w.drain()
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

// drain reads what there is.
func (w *witness) drain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	text, err := io.ReadAll(w.file)
	if err != nil {
		w.trace.violate("witness", "reading the simulator's journal: %v", err)
		return
	}
	w.rest = append(w.rest, text...)
	for {
		line, rest, whole := bytes.Cut(w.rest, []byte("\n"))
		if !whole {
			return
		}
		w.rest = rest
		w.take(line)
	}
}

func (w *witness) take(line []byte) {
	var entries []entry
	err := json.Unmarshal(line, &entries)
	for _, e := range entries {
		if err == nil {
			err = w.apply(e)
		}
	}
	if err != nil {
		w.trace.violate("witness", "reading the simulator's journal: %v: %s", err, line)
	}
	w.checkServed()
}

func (w *witness) apply(e entry) error {
	switch e.Table {
	case "certificates":
		return w.applyCertificate(e)
	case "loadBalancers":
		return put(w.balancers, e)
	case "listeners":
		if old, known := w.listeners[e.ID]; known && e.Value == nil {
			w.trace.violate("gaps", "the listener %s:%d was deleted, which everybody wants", old.LoadBalancerID, old.Port)
		}
		return put(w.listeners, e)
	case "extensions":
		if old, known := w.extensions[e.ID]; known && e.Value == nil {
			w.judgeRemoval(old)
		}
		return put(w.extensions, e)
	}
	return nil
}

func put[T any](rows map[string]T, e entry) error {
	if e.Value == nil {
		delete(rows, e.ID)
		return nil
	}
	var row T
	if err := json.Unmarshal(e.Value, &row); err != nil {
		return err
	}
	rows[e.ID] = row
	return nil
}

func (w *witness) applyCertificate(e entry) error {
	if e.Value == nil {
		w.remove(e.ID)
		return nil
	}
	var row deletable
	if err := json.Unmarshal(e.Value, &row); err != nil {
		return err
	}
	if !row.Deleted.IsZero() {
		w.remove(e.ID)
		return nil
	}
	w.certificates[e.ID] = row.SimulatedCertificate
	if !w.seen[e.ID] {
		w.seen[e.ID] = true
		w.judgeUpload(row.SimulatedCertificate)
	}
	return nil
}

// judgeUpload checks that nothing with these tags is live, and that there was a reason.
func (w *witness) judgeUpload(c env.SimulatedCertificate) {
	if c.Tags[v1alpha1.TagCluster] != w.cluster {
		return
	}
	w.trace.count("uploads", 1)
	which := copyOf{c.Tags[v1alpha1.TagObject], c.Tags[v1alpha1.TagDigest]}
	var doubles []string
	for id, other := range w.certificates {
		if id != c.ID && other.Tags[v1alpha1.TagCluster] == w.cluster &&
			(copyOf{other.Tags[v1alpha1.TagObject], other.Tags[v1alpha1.TagDigest]}) == which {
			doubles = append(doubles, fmt.Sprintf("%s of %s", id, other.Created.Format(time.StampMilli)))
		}
	}
	w.trace.note("  cloud: %s uploaded for %s, digest %.8s", c.ID, which.object, which.digest)
	if len(doubles) > 0 {
		w.trace.violate("duplicates", "%s was uploaded at %s for %s, digest %.8s, which has %s", c.ID,
			c.Created.Format(time.StampMilli), which.object, which.digest, strings.Join(doubles, ", "))
	}
	w.uploads[which]++
	if reasons := w.ledger.decided(which); w.uploads[which] > reasons {
		w.trace.violate("uploads beyond decisions", "%s is upload %d for %s, digest %.8s, which %d decisions gave reason for",
			c.ID, w.uploads[which], which.object, which.digest, reasons)
	}
	if c.Digest != which.digest {
		w.trace.violate("uploads beyond decisions", "%s is tagged with digest %.8s and has %.8s", c.ID, which.digest, c.Digest)
	}
}

// remove notes a deletion, and judges it.
func (w *witness) remove(id string) {
	c, live := w.certificates[id]
	if !live {
		return
	}
	delete(w.certificates, id)
	w.trace.note("  cloud: %s deleted, of %s, digest %.8s", id, c.Tags[v1alpha1.TagObject], c.Tags[v1alpha1.TagDigest])
	w.trace.count("deletions", 1)
	if c.Tags[v1alpha1.TagCluster] != w.cluster {
		w.trace.violate("foreign deletions", "%s was deleted, with the tags %v", id, c.Tags)
	}
}

// judgeRemoval weighs the end of an extension: somebody's who wants it must not go.
func (w *witness) judgeRemoval(e env.SimulatedExtension) {
	t := target{e.LoadBalancerID, e.ListenerPort, strings.ToLower(e.Domain)}
	w.trace.note("  cloud: extension %s of %s:%d deleted", t.domain, t.balancer, t.port)
	if w.ledger.droppedByHand(t) {
		return
	}
	claims := []target{t}
	if service := w.ownerOf(t.balancer); service != "" {
		claims = append(claims, target{balancer: service, domain: t.domain})
	}
	for _, claim := range claims {
		if since := w.ledger.wantedFor(claim); since > patience {
			w.trace.violate("gaps", "the extension %s of %s:%d was deleted, which %s is wanted at for %s", t.domain, t.balancer, t.port, claim.balancer, since)
		}
	}
}

// checkServed checks that all that is served exists and is valid.
func (w *witness) checkServed() {
	for _, l := range w.listeners {
		if l.Protocol == "https" {
			w.checkValid(l.ServerCertificateID, fmt.Sprintf("listener %s:%d", l.LoadBalancerID, l.Port))
		}
	}
	for _, e := range w.extensions {
		w.checkValid(e.ServerCertificateID, fmt.Sprintf("extension %s of %s:%d", e.Domain, e.LoadBalancerID, e.ListenerPort))
	}
}

func (w *witness) checkValid(id, where string) {
	if c, live := w.certificates[id]; !live {
		w.trace.violate("gaps", "%s serves %q, which doesn't exist", where, id)
	} else if !time.Now().Before(c.Expires) {
		w.trace.violate("gaps", "%s serves %s, which expired %s", where, id, c.Expires)
	}
}

// unused are the IDs of our certificates that nothing serves, in order; of the account that
// people are of.
func (w *witness) unused() []string {
	w.drain()
	w.mu.Lock()
	defer w.mu.Unlock()
	used := map[string]bool{}
	for _, l := range w.listeners {
		used[l.ServerCertificateID] = true
	}
	for _, e := range w.extensions {
		used[e.ServerCertificateID] = true
	}
	var ids []string
	for id, c := range w.certificates {
		if c.Tags[v1alpha1.TagCluster] == w.cluster && c.Account == managersKey.Account && !used[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// certificate gives a live one.
func (w *witness) certificate(id string) env.SimulatedCertificate {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.certificates[id]
}

// extensionsNow are all extensions, in order.
func (w *witness) extensionsNow() []env.SimulatedExtension {
	w.drain()
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []env.SimulatedExtension
	for _, id := range slices.Sorted(maps.Keys(w.extensions)) {
		all = append(all, w.extensions[id])
	}
	return all
}

// servedBy are the targets that serve a certificate with an object's tag.
func (w *witness) servedBy(object string) (listeners []target, extensions []env.SimulatedExtension) {
	w.drain()
	w.mu.Lock()
	defer w.mu.Unlock()
	of := func(id string) bool {
		tags := w.certificates[id].Tags
		return tags[v1alpha1.TagCluster] == w.cluster && tags[v1alpha1.TagObject] == object
	}
	for _, l := range w.listeners {
		if of(l.ServerCertificateID) {
			listeners = append(listeners, target{l.LoadBalancerID, l.Port, ""})
		}
	}
	for _, e := range w.extensions {
		if of(e.ServerCertificateID) {
			extensions = append(extensions, e)
		}
	}
	return listeners, extensions
}

// ids are those of all live certificates, in order.
func (w *witness) ids() []string {
	w.drain()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.certificates))
}
