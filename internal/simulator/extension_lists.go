package simulator

// describeDomainExtensions lists a listener's extensions, all in one answer, or the one of the ID given.
func describeDomainExtensions(s *Server, c *call) (answer, error) {
	loadBalancerID, port := c.params.readListener()
	id := c.params.optional("DomainExtensionId")
	if c.params.err != nil {
		return nil, c.params.err
	}
	var rows []extension
	var err error
	s.store.read(func() {
		var of listener
		if of, err = s.listener(c, loadBalancerID, port, "https"); err != nil {
			return
		}
		for _, row := range s.extensionsOf(of) {
			if id == "" || row.ID == id {
				rows = append(rows, row)
			}
		}
	})
	return answer{"DomainExtensions": answer{"DomainExtension": shuffle(s.random, extensionElements(rows))}}, err
}

func describeDomainExtensionAttribute(s *Server, c *call) (answer, error) {
	id := c.params.extensionID()
	if c.params.err != nil {
		return nil, c.params.err
	}
	var row extension
	var err error
	s.store.read(func() { row, err = s.extension(c, id) })
	a := row.elements()
	a["LoadBalancerId"], a["ListenerPort"] = row.LoadBalancerID, row.ListenerPort
	return a, err
}

func (e extension) elements() answer {
	return answer{
		"DomainExtensionId": e.ID, "Domain": e.Domain, "ServerCertificateId": e.ServerCertificateID,
		"Certificates": answer{"Certificate": []answer{}}, "ServerCertificates": answer{"ServerCertificate": []answer{}},
	}
}

func extensionElements(rows []extension) []answer {
	elements := []answer{}
	for _, row := range rows {
		elements = append(elements, row.elements())
	}
	return elements
}
