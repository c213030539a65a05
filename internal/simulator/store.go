package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// store is the simulator's state: tables in memory, and a journal with a line per change that is written before the
// change is seen or answered, so that a kill after an answer loses nothing. A line torn by a kill is an unanswered
// change, and is dropped. (It is not synced to the disk at each change: a crash of the machine may cost the last ones.)
type store struct {
	mu      sync.RWMutex
	journal *os.File
	size    int64 // of the journal, in bytes

	certificates  table[certificate]
	loadBalancers table[loadBalancer]
	listeners     table[listener]
	extensions    table[extension]
	rules         table[rule]
	settling      table[settling]
	accessKeys    table[accessKey]
	all           []loader
}

// record is one row of a journal line; without a value it removes the row.
type record struct {
	Table string          `json:"table"`
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value,omitempty"`
}

// loader is what the journal needs of a table, whatever its rows.
type loader interface {
	name() string
	load(record) error
	dump() ([]record, error)
}

// table holds rows by ID. Rows are values: a change puts a new one.
type table[T any] struct {
	table string
	rows  map[string]T
}

func newTable[T any](name string) table[T] { return table[T]{table: name, rows: map[string]T{}} }

func (t *table[T]) name() string { return t.table }

func (t *table[T]) load(r record) error {
	if r.Value == nil {
		delete(t.rows, r.ID)
		return nil
	}
	var row T
	if err := json.Unmarshal(r.Value, &row); err != nil {
		return fmt.Errorf("reading row %s of table %s: %w", r.ID, t.table, err)
	}
	t.rows[r.ID] = row
	return nil
}

func (t *table[T]) dump() ([]record, error) {
	var records []record
	for _, id := range t.ids() {
		value, err := json.Marshal(t.rows[id])
		if err != nil {
			return nil, fmt.Errorf("writing row %s of table %s: %w", id, t.table, err)
		}
		records = append(records, record{Table: t.table, ID: id, Value: value})
	}
	return records, nil
}

// ids gives the rows' IDs in order.
func (t *table[T]) ids() []string { return slices.Sorted(maps.Keys(t.rows)) }

// all gives the rows in the order of their IDs.
func (t *table[T]) all() []T {
	rows := make([]T, 0, len(t.rows))
	for _, id := range t.ids() {
		rows = append(rows, t.rows[id])
	}
	return rows
}

func (t *table[T]) put(c *change, id string, row T) {
	value, err := json.Marshal(row)
	c.add(record{Table: t.table, ID: id, Value: value}, err, func() { t.rows[id] = row })
}

func (t *table[T]) remove(c *change, id string) {
	c.add(record{Table: t.table, ID: id}, nil, func() { delete(t.rows, id) })
}

// change collects what one call alters: all of it happens, or nothing.
type change struct {
	records []record
	effects []func()
	err     error
}

func (c *change) add(r record, err error, effect func()) {
	c.records, c.effects = append(c.records, r), append(c.effects, effect)
	if c.err == nil {
		c.err = err
	}
}

// read runs do while nothing changes.
func (s *store) read(do func()) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	do()
}

// change runs do alone; unless it returns an error, what it put and removed is written and takes effect.
func (s *store) change(do func(*change) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &change{}
	if err := do(c); err != nil {
		return err
	}
	if c.err != nil {
		return c.err
	}
	if err := s.write(c.records); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	for _, effect := range c.effects {
		effect()
	}
	return nil
}

// write appends one line; a line that could not be written whole is taken back.
func (s *store) write(records []record) error {
	if len(records) == 0 {
		return nil
	}
	line, err := json.Marshal(records)
	if err != nil {
		return err
	}
	n, err := s.journal.Write(append(line, '\n'))
	if err != nil {
		return errors.Join(err, s.journal.Truncate(s.size))
	}
	s.size += int64(n)
	return nil
}

func journalPath(dir string) string { return filepath.Join(dir, "state.jsonl") }
