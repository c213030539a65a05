package clb

// LoadBalancer is what matters of one to a certificate.
type LoadBalancer struct {
	ID     string
	Region string
	// Spec is "" for a shared-performance instance: its listeners can have no
	// domain extensions.
	Spec    string
	Address string
	// Status is active, inactive or locked.
	Status string
	Tags   map[string]string
	// Listeners are in no order.
	Listeners []ListenerPort
}

// ListenerPort is one listener of a load balancer. TCP and UDP may share a port.
type ListenerPort struct {
	// Port is 1-65535.
	Port int32
	// Protocol is in lower case: tcp, udp, http or https.
	Protocol string
	// Description may be "".
	Description string
}
