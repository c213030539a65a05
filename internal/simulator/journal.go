package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// openStore reads the state kept in dir, and begins a new journal with it.
func openStore(dir string) (*store, error) {
	s := &store{
		certificates:  newTable[certificate]("certificates"),
		loadBalancers: newTable[loadBalancer]("loadBalancers"),
		listeners:     newTable[listener]("listeners"),
		extensions:    newTable[extension]("extensions"),
		rules:         newTable[rule]("rules"),
		settling:      newTable[settling]("settling"),
		accessKeys:    newTable[accessKey]("accessKeys"),
	}
	s.all = []loader{&s.certificates, &s.loadBalancers, &s.listeners, &s.extensions, &s.rules, &s.settling, &s.accessKeys}
	if err := s.replay(journalPath(dir)); err != nil {
		return nil, err
	}
	if err := s.rewrite(journalPath(dir)); err != nil {
		return nil, err
	}
	return s, nil
}

// close makes the journal last even over a crash of the machine.
func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.journal.Sync(), s.journal.Close())
}

func (s *store) replay(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the state: %w", err)
	}
	lines := bytes.Split(text, []byte("\n"))
	for n, line := range lines[:len(lines)-1] { // after the last newline: nothing, or a torn line
		var records []record
		if err := json.Unmarshal(line, &records); err != nil {
			return fmt.Errorf("reading the state: line %d of %s: %w", n+1, path, err)
		}
		for _, r := range records {
			if err := s.apply(r); err != nil {
				return fmt.Errorf("reading the state: line %d of %s: %w", n+1, path, err)
			}
		}
	}
	return nil
}

func (s *store) apply(r record) error {
	for _, t := range s.all {
		if t.name() == r.Table {
			return t.load(r)
		}
	}
	return fmt.Errorf("no table is named %q", r.Table)
}

// rewrite replaces the journal by one that holds just the rows there are.
func (s *store) rewrite(path string) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("beginning a journal: %w", err)
	}
	s.journal = f
	for _, t := range s.all {
		records, err := t.dump()
		if err == nil {
			err = s.write(records)
		}
		if err != nil {
			return fmt.Errorf("beginning a journal: %w", errors.Join(err, f.Close()))
		}
	}
	if err := errors.Join(f.Sync(), os.Rename(path+".new", path)); err != nil {
		return fmt.Errorf("beginning a journal: %w", errors.Join(err, f.Close()))
	}
	return nil
}
