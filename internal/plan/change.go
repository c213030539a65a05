package plan

import (
	"maps"
	"slices"
	"time"
)

// afterChange is the state after the current certificate was changed in place, or
// one was deleted or given up.
func (s State) afterChange(step Step, o Outcome) State {
	switch step := step.(type) {
	case Rename:
		s.Status.CertificateName = step.Name
		s = s.edit(step.ID, func(c *Certificate) { c.Name = step.Name })
	case MoveGroup:
		s.Status.ResourceGroupID = step.ResourceGroupID
		s = s.edit(step.ID, func(c *Certificate) { c.ResourceGroupID = step.ResourceGroupID })
	case PutTags:
		s.Status.AppliedTagKeys = union(s.Status.AppliedTagKeys, s.appliedTagKeys())
		s = s.edit(step.ID, func(c *Certificate) {
			for _, tag := range step.Tags {
				c.Tags[tag.Key] = tag.Value
			}
		})
	case RemoveTags:
		s.Status.AppliedTagKeys = s.appliedTagKeys()
		s = s.edit(step.ID, func(c *Certificate) {
			for _, key := range step.Keys {
				delete(c.Tags, key)
			}
		})
	case Delete:
		s = s.forget(step.ID)
		if s.Crowded { // there is room now
			s.Crowded, s.Trouble, s.Memory.RetryAt = false, nil, time.Time{}
		}
		s.Memory.TidyFailures, s.Memory.TidyAt = 0, time.Time{}
		s.Events = append(s.Events, Event{Reason: "Deleted", Action: "Delete", Message: "Deleted certificate " + step.ID + " from " + s.Region})
		return s
	case Forget:
		return s.afterForget(step)
	}
	s.Memory.VerifyAt = o.At.Add(s.Window)
	return s
}

// afterForget drops what turned out not to be in the cloud.
func (s State) afterForget(step Forget) State {
	if step.Pending {
		return s.reject()
	}
	if step.ID == s.Status.CertificateID && !s.Deleting() {
		s.Events = append(s.Events, Event{Warning: true, Reason: "CertificateMissing", Action: "Verify",
			Message: "Certificate " + step.ID + " isn't in " + s.Region + " any more"})
	}
	return s.forget(step.ID)
}

// withoutUpload drops the pending upload, of which nothing came. Where nothing else is in
// the cloud, the object isn't bound to account, cluster id and region any more.
func (s State) withoutUpload() State {
	s.Status.PendingUpload = nil
	if !s.knowsAny() {
		s.Status.AccountID, s.Status.ClusterID, s.Status.Region = "", "", ""
	}
	return s
}

// forget drops a certificate from the status and from the lists.
func (s State) forget(id string) State {
	s = s.drop(id)
	if id == s.Status.CertificateID {
		s.Status.CertificateID, s.Status.CertificateName, s.Status.UploadTime = "", "", nil
		s.Status.Digest, s.Status.Fingerprint, s.Status.CommonName, s.Status.DNSNames = "", "", "", nil
		s.Status.NotBefore, s.Status.NotAfter, s.Status.AliCloudCertificate = nil, nil, nil
		s.Status.ResourceGroupID, s.Status.AppliedTagKeys = "", nil
	}
	s.Lists = withoutCertificate(s.Lists, id)
	return s
}

// withoutCertificate returns the lists without a certificate.
func withoutCertificate(lists []List, id string) []List {
	lists = slices.Clone(lists)
	for i := range lists {
		lists[i].Certificates = slices.DeleteFunc(slices.Clone(lists[i].Certificates), byID(id))
	}
	return lists
}

// edit changes a certificate in the newest list, as the cloud has it now.
func (s State) edit(id string, change func(*Certificate)) State {
	if len(s.Lists) == 0 {
		return s
	}
	lists := slices.Clone(s.Lists)
	lists[0].Certificates = slices.Clone(lists[0].Certificates)
	for i, c := range lists[0].Certificates {
		if c.ID == id {
			c.Tags = maps.Clone(c.Tags)
			if c.Tags == nil {
				c.Tags = map[string]string{}
			}
			change(&c)
			lists[0].Certificates[i] = c
		}
	}
	s.Lists = lists
	return s
}

// union merges sorted sets of tag keys.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
