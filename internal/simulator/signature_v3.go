package simulator

func (s *Server) authenticateV3(*call) error {
	return refuse("IncompleteSignature", "This signature is not supported.")
}
