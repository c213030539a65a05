package simulator

import (
	"regexp"
	"strings"
)

// extension is a row of the table of domain extensions (SNI certificates), and of GET /state.
type extension struct {
	ID                  string `json:"id"`
	LoadBalancerID      string `json:"loadBalancerID"`
	ListenerPort        int    `json:"listenerPort"`
	Domain              string `json:"domain"` // as it was given; compared without case
	ServerCertificateID string `json:"serverCertificateID"`
}

// domainName has two labels or more; the first may be a wildcard.
var domainName = regexp.MustCompile(`^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// extensionsOf are a listener's, by ID. The store is held.
func (s *Server) extensionsOf(l listener) []extension {
	var rows []extension
	for _, id := range s.store.extensions.ids() {
		if row := s.store.extensions.rows[id]; row.LoadBalancerID == l.LoadBalancerID && row.ListenerPort == l.Port {
			rows = append(rows, row)
		}
	}
	return rows
}

// extension finds one of the caller's in the call's region. The store is held.
func (s *Server) extension(c *call, id string) (extension, error) {
	row, ok := s.store.extensions.rows[id]
	if _, err := s.loadBalancer(c, row.LoadBalancerID); !ok || err != nil {
		return extension{}, refuse("InvalidParameter.DomainExtensionId", "The specified DomainExtensionId does not exist.")
	}
	return row, nil
}

// createDomainExtension gives a listener a certificate for one more domain.
func createDomainExtension(s *Server, c *call) (answer, error) {
	loadBalancerID, port := c.params.readListener()
	row := extension{
		ID: "de-" + s.random.word(16), LoadBalancerID: loadBalancerID, ListenerPort: port,
		Domain: c.params.required("Domain"), ServerCertificateID: c.params.required("ServerCertificateId"),
	}
	if len(row.Domain) > 253 || !domainName.MatchString(row.Domain) {
		c.params.refuse("InvalidParameter.Domain", "The parameter Domain is not a domain name.")
	}
	if c.params.err != nil {
		return nil, c.params.err
	}
	err := s.store.change(func(x *change) error {
		if err := s.checkExtension(c, row); err != nil {
			return err
		}
		s.putExtension(x, row)
		return nil
	})
	return answer{"DomainExtensionId": row.ID, "ListenerPort": port}, err
}

// checkExtension refuses an extension that the listener can't have. The codes but that of the certificate are own
// choice; the one of the limit holds the word Limit, as the service's do. The store is held.
func (s *Server) checkExtension(c *call, row extension) error {
	owner, err := s.loadBalancer(c, row.LoadBalancerID)
	if err != nil {
		return err
	}
	if owner.Spec == "" {
		return refuse("UnsupportedOperation", "A shared-performance instance has no domain extensions.")
	}
	on, err := s.listener(c, row.LoadBalancerID, row.ListenerPort, "https")
	if err != nil {
		return err
	}
	if err := s.checkProcessed(row.LoadBalancerID, row.ListenerPort); err != nil {
		return err
	}
	if _, ok := s.certificate(c, row.ServerCertificateID); !ok {
		return extensionCertificateNotFound()
	}
	siblings := s.extensionsOf(on)
	for _, other := range siblings {
		if strings.EqualFold(other.Domain, row.Domain) {
			return refuse("DomainExtensionAlreadyExists", "The listener has an extension for this domain.")
		}
	}
	if len(siblings) >= s.options.ExtensionLimit {
		return refuse("DomainExtensionLimitExceeded", "A listener can have at most %d domain extensions.", s.options.ExtensionLimit)
	}
	return nil
}

func extensionCertificateNotFound() error {
	return refuse("InvalidParameter.ServerCertificateId", "The specified ServerCertificateId does not exist.")
}

// extensionID reads the ID, with the reference's own code when it is missing.
func (p *params) extensionID() string {
	return p.requiredAs("MissingParameter.DomainExtensionId", "DomainExtensionId")
}

// setDomainExtensionAttribute changes the certificate; the domain can't be changed.
func setDomainExtensionAttribute(s *Server, c *call) (answer, error) {
	id, certificateID := c.params.extensionID(), c.params.required("ServerCertificateId")
	if c.params.err != nil {
		return nil, c.params.err
	}
	return nil, s.store.change(func(x *change) error {
		row, err := s.extension(c, id)
		if err != nil {
			return err
		}
		if err := s.checkProcessed(row.LoadBalancerID, row.ListenerPort); err != nil {
			return err
		}
		if _, ok := s.certificate(c, certificateID); !ok {
			return extensionCertificateNotFound()
		}
		row.ServerCertificateID = certificateID
		s.putExtension(x, row)
		return nil
	})
}

// deleteDomainExtension deletes an extension that no rule uses.
func deleteDomainExtension(s *Server, c *call) (answer, error) {
	id := c.params.extensionID()
	if c.params.err != nil {
		return nil, c.params.err
	}
	return nil, s.store.change(func(x *change) error {
		row, err := s.extension(c, id)
		if err != nil {
			return err
		}
		if err := s.checkProcessed(row.LoadBalancerID, row.ListenerPort); err != nil {
			return err
		}
		if err := s.checkUnruled(row); err != nil {
			return err
		}
		s.removeExtension(x, row)
		return nil
	})
}

// putExtension makes an extension or changes it.
func (s *Server) putExtension(x *change, row extension) {
	if old := s.store.extensions.rows[row.ID].ServerCertificateID; old != row.ServerCertificateID {
		s.release(x, old, inUseByExtension())
	}
	s.configure(x, row.LoadBalancerID, row.ListenerPort)
	s.store.extensions.put(x, row.ID, row)
}

func (s *Server) removeExtension(x *change, row extension) {
	s.release(x, row.ServerCertificateID, inUseByExtension())
	s.configure(x, row.LoadBalancerID, row.ListenerPort)
	s.store.extensions.remove(x, row.ID)
}
