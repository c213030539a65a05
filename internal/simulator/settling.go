package simulator

import (
	"fmt"
	"time"
)

// settling is a row of the table of what the service still carries out after it has answered, for Options.SettleTime: a
// write to a listener or to its extensions, or the end of a certificate's use. Reads show the new state at once.
type settling struct {
	LoadBalancerID string    `json:"loadBalancerID,omitempty"`
	ListenerPort   int       `json:"listenerPort,omitempty"`
	Since          time.Time `json:"since"`
}

// unsettled tells whether a row of the table is one of the present. The store is held.
func (s *Server) unsettled(row settling) bool {
	return s.options.Now().Sub(row.Since) < s.options.SettleTime
}

// settle begins a time of settling, in place of an earlier one of the same ID. The store is held.
func (s *Server) settle(x *change, id string, row settling) {
	if s.options.SettleTime == 0 {
		return
	}
	row.Since = s.options.Now().UTC()
	s.store.settling.put(x, id, row)
}

// configure notes a write to a listener, its extensions or its rules. The store is held.
func (s *Server) configure(x *change, loadBalancerID string, port int) {
	s.settle(x, fmt.Sprintf("%s_%d", loadBalancerID, port), settling{LoadBalancerID: loadBalancerID, ListenerPort: port})
}

// checkConfigured refuses a write to an instance's listeners while an earlier one settles. The store is held.
func (s *Server) checkConfigured(loadBalancerID string) error {
	for _, row := range s.store.settling.rows {
		if row.LoadBalancerID == loadBalancerID && s.unsettled(row) {
			return refuse("ServiceIsConfiguring", "A previous configuration of the load balancer is pending. Try again later.")
		}
	}
	return nil
}

// checkProcessed refuses a write to a listener's extensions while one to them or to the listener settles; those of other
// listeners go on. The store is held.
func (s *Server) checkProcessed(loadBalancerID string, port int) error {
	for _, row := range s.store.settling.rows {
		if row.LoadBalancerID == loadBalancerID && row.ListenerPort == port && s.unsettled(row) {
			return refuse("DomainExtensionProcessing", "A previous configuration of the domain extension is pending. Try again later.")
		}
	}
	return nil
}

// release notes that a listener, or an extension, no longer serves a certificate; checkUnused gives its refusal for a
// while still. The store is held.
func (s *Server) release(x *change, certificateID string, refusal error) {
	if certificateID != "" {
		s.settle(x, codeOf(refusal)+" "+certificateID, settling{})
	}
}

func inUseByListener() error {
	return refuse("CertificateAndPrivateKeyIsRefered", "The specified certificate is referred to by listeners.")
}

func inUseByExtension() error {
	return refuse("CertificateRelatedDomainExtensionExist", "A domain extension with the specified certificate exists.")
}

// checkUnused refuses to delete a certificate that a listener or an extension serves, or served until just now: unbinding
// takes its time. The store is held.
func (s *Server) checkUnused(certificateID string) error {
	for _, row := range s.store.listeners.rows {
		if row.ServerCertificateID == certificateID {
			return inUseByListener()
		}
	}
	for _, row := range s.store.extensions.rows {
		if row.ServerCertificateID == certificateID {
			return inUseByExtension()
		}
	}
	for _, refusal := range []error{inUseByListener(), inUseByExtension()} {
		if row, found := s.store.settling.rows[codeOf(refusal)+" "+certificateID]; found && s.unsettled(row) {
			return refusal
		}
	}
	return nil
}
