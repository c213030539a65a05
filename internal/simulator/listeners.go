package simulator

import (
	"fmt"
	"slices"
	"strings"
)

// maxListeners is the limit per instance (CLB limits).
const maxListeners = 50

// listener is a row of the table of listeners, and of GET /state.
type listener struct {
	LoadBalancerID      string            `json:"loadBalancerID"`
	Port                int               `json:"port"`
	Protocol            string            `json:"protocol"` // tcp, http or https
	Status              string            `json:"status"`   // stopped or running
	ServerCertificateID string            `json:"serverCertificateID,omitempty"`
	Tags                map[string]string `json:"tags"`
	Settings            map[string]string `json:"settings"` // all else that was set, by the API's names
}

// id is the listener's ID for the tag actions.
func (l listener) id() string { return fmt.Sprintf("%s_%s_%d", l.LoadBalancerID, l.Protocol, l.Port) }

// listenersOf are an instance's, by ID. The store is held.
func (s *Server) listenersOf(loadBalancerID string) []listener {
	var rows []listener
	for _, id := range s.store.listeners.ids() {
		if row := s.store.listeners.rows[id]; row.LoadBalancerID == loadBalancerID {
			rows = append(rows, row)
		}
	}
	return rows
}

// listeners are the caller's in the call's region, by ID. The store is held.
func (s *Server) listeners(c *call) []listener {
	var rows []listener
	for _, id := range s.store.listeners.ids() {
		row := s.store.listeners.rows[id]
		if _, err := s.loadBalancer(c, row.LoadBalancerID); err == nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// listener finds the one at a port of an instance; with a protocol only if it speaks that. What an HTTPS action says of a
// TCP listener is own choice: that it isn't found. The store is held.
func (s *Server) listener(c *call, loadBalancerID string, port int, protocol string) (listener, error) {
	if _, err := s.loadBalancer(c, loadBalancerID); err != nil {
		return listener{}, err
	}
	for _, row := range s.listenersOf(loadBalancerID) {
		if row.Port == port && (protocol == "" || row.Protocol == protocol) {
			return row, nil
		}
	}
	return listener{}, listenerNotFound()
}

func listenerNotFound() error {
	return refuse("ListenerNotFound", "The specified listener does not exist.")
}

// readListener reads the pair of parameters that names a listener.
func (p *params) readListener() (loadBalancerID string, port int) {
	return p.required("LoadBalancerId"), p.port("ListenerPort")
}

func createTCPListener(s *Server, c *call) (answer, error)  { return nil, s.createListener(c, "tcp") }
func createHTTPListener(s *Server, c *call) (answer, error) { return nil, s.createListener(c, "http") }

func createHTTPSListener(s *Server, c *call) (answer, error) {
	c.params.required("ServerCertificateId")
	return nil, s.createListener(c, "https")
}

// createListener makes a listener, stopped as the service makes it.
func (s *Server) createListener(c *call, protocol string) error {
	loadBalancerID, port := c.params.readListener()
	row := listener{
		LoadBalancerID: loadBalancerID, Port: port, Protocol: protocol, Status: "stopped",
		Tags: c.params.tags(), Settings: c.params.listenerSettings(),
	}
	if protocol == "https" {
		row.ServerCertificateID = c.params.optional("ServerCertificateId")
	}
	if c.params.err != nil {
		return c.params.err
	}
	return s.store.change(func(x *change) error {
		if _, err := s.loadBalancer(c, loadBalancerID); err != nil {
			return err
		}
		if err := s.checkConfigured(loadBalancerID); err != nil {
			return err
		}
		siblings := s.listenersOf(loadBalancerID)
		if slices.ContainsFunc(siblings, func(other listener) bool { return other.Port == port }) {
			return refuse("ListenerAlreadyExists", "There is already a listener on port %d.", port)
		}
		if len(siblings) >= maxListeners { // own choice of the code
			return refuse("QuotaExceeded.Listener", "A load balancer can have at most %d listeners.", maxListeners)
		}
		if _, ok := s.certificate(c, row.ServerCertificateID); !ok && protocol == "https" {
			return certificateNotFound()
		}
		s.putListener(x, row)
		return nil
	})
}

// setHTTPSListenerAttribute changes what is given and leaves all else as it is.
func setHTTPSListenerAttribute(s *Server, c *call) (answer, error) {
	loadBalancerID, port := c.params.readListener()
	settings, certificateID := c.params.listenerSettings(), c.params.optional("ServerCertificateId")
	if c.params.err != nil {
		return nil, c.params.err
	}
	return nil, s.store.change(func(x *change) error {
		row, err := s.listener(c, loadBalancerID, port, "https")
		if err != nil {
			return err
		}
		if err := s.checkConfigured(loadBalancerID); err != nil {
			return err
		}
		if certificateID != "" {
			if _, ok := s.certificate(c, certificateID); !ok {
				return certificateNotFound()
			}
			row.ServerCertificateID = certificateID
		}
		row.Settings = mergeSettings(row.Settings, settings)
		s.putListener(x, row)
		return nil
	})
}

func startListener(s *Server, c *call) (answer, error) {
	return nil, s.changeListener(c, func(x *change, row listener) {
		row.Status = "running"
		s.putListener(x, row)
	})
}

func deleteListener(s *Server, c *call) (answer, error) {
	return nil, s.changeListener(c, s.removeListener)
}

// changeListener does something to the listener that a call names by port, and maybe protocol.
func (s *Server) changeListener(c *call, do func(*change, listener)) error {
	loadBalancerID, port := c.params.readListener()
	protocol := strings.ToLower(c.params.optional("ListenerProtocol"))
	if c.params.err != nil {
		return c.params.err
	}
	return s.store.change(func(x *change) error {
		row, err := s.listener(c, loadBalancerID, port, protocol)
		if err != nil {
			return err
		}
		if err := s.checkConfigured(loadBalancerID); err != nil {
			return err
		}
		do(x, row)
		return nil
	})
}

// putListener makes a listener or changes it.
func (s *Server) putListener(x *change, row listener) {
	if old := s.store.listeners.rows[row.id()].ServerCertificateID; old != row.ServerCertificateID {
		s.release(x, old, inUseByListener())
	}
	s.configure(x, row.LoadBalancerID, row.Port)
	s.store.listeners.put(x, row.id(), row)
}

// removeListener removes a listener with its rules and extensions.
func (s *Server) removeListener(x *change, row listener) {
	for _, rule := range s.rulesOf(row) {
		s.store.rules.remove(x, rule.ID)
	}
	for _, extension := range s.extensionsOf(row) {
		s.removeExtension(x, extension)
	}
	s.release(x, row.ServerCertificateID, inUseByListener())
	s.configure(x, row.LoadBalancerID, row.Port)
	s.store.listeners.remove(x, row.id())
}
