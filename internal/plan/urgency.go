package plan

// Urgent tells whether a step goes before others where the cloud's rate makes them wait: the
// renewal of a certificate, and having it served. First syncs, clean-up and looking after
// what is in order can wait.
func (s State) Urgent(step Step) bool {
	switch step := step.(type) {
	case Identify, Look, RecordIntent, Upload:
		return s.Wanted != nil && s.Status.CertificateID != "" && !s.current()
	case Survey:
		for _, want := range step.Wants {
			if !want.Since.Before(s.Now) { // before and after a write
				return true
			}
		}
		return false
	case ClaimExtension, SetCertificate, SetExtension, CreateExtension, Annotate:
		return true
	default:
		return false
	}
}
