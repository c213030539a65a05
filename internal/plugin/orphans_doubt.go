package plugin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/clbcert/clbcert/api/v1alpha1"
)

// clusterID is the cluster id that is used, and where it comes from.
type clusterID struct {
	id string
	// typed is one that somebody gave with the command, unique the UID of a namespace; else it
	// comes from a variable, which may have been set for another cluster.
	typed, unique bool
}

// doubt says why the id may not be this cluster's, "" where there is no doubt: with another's
// id, its certificates would be taken for orphans.
func (c clusterID) doubt(objects []v1alpha1.ServerCertificate) string {
	others, confirmed := c.heldAgainst(objects)
	switch {
	case others != "" && !confirmed:
		return fmt.Sprintf("the ServerCertificates here were synced with the cluster id %s, not %q: give --cluster-id as the manager has it", others, c.id)
	case others != "" && !c.typed:
		return fmt.Sprintf("the ServerCertificates here were synced with several cluster ids, %q and %s: say with --cluster-id whose certificates are meant", c.id, others)
	case !confirmed && !c.typed && !c.unique:
		return fmt.Sprintf("the cluster id %q is that of a variable, and no ServerCertificate here was synced with it: give --cluster-id as the manager has it", c.id)
	default:
		return ""
	}
}

// proven tells whether the id is certainly this cluster's: its own, or one that objects here were
// synced with. Any other is somebody's word, and a question is asked.
func (c clusterID) proven(objects []v1alpha1.ServerCertificate) bool {
	_, confirmed := c.heldAgainst(objects)
	return c.unique || confirmed
}

// heldAgainst gives the other ids that objects were synced with, and tells whether one was with this.
func (c clusterID) heldAgainst(objects []v1alpha1.ServerCertificate) (others string, confirmed bool) {
	var quoted []string
	for _, o := range objects {
		switch id := o.Status.ClusterID; id {
		case "":
		case c.id:
			confirmed = true
		default:
			quoted = append(quoted, strconv.Quote(id))
		}
	}
	slices.Sort(quoted)
	return strings.Join(slices.Compact(quoted), ", "), confirmed
}
