package plugin

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/cli-runtime/pkg/printers"
)

// show prints the orphans, how many there are, and what the next step is.
func (v *orphansVerb) show(found sighting) error {
	if !v.forPeople() {
		return v.print(v.Out, "OrphanList", append([]orphan{}, found.orphans...))
	}
	if err := v.table(found.orphans); err != nil {
		return err
	}
	if len(found.orphans) > 0 {
		fmt.Fprintln(v.Out)
	}
	fmt.Fprintf(v.Out, "In %s, %s: %s.\n", v.purse, strings.Join(v.regions, ", "), found.counts(v.used.id))
	if next := found.next(); next != "" {
		fmt.Fprintln(v.Out, next)
	}
	return nil
}

// table prints orphans as kubectl does.
func (v *orphansVerb) table(orphans []orphan) error {
	if len(orphans) == 0 {
		return nil
	}
	w := printers.GetNewTabWriter(v.Out)
	row := func(cells, more []string) {
		if v.wide() {
			cells = append(cells, more...)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	row([]string{"CERTIFICATE-ID", "NAME", "REGION", "EXPIRES", "AGE", "WHY", "USED-BY"}, []string{"FINGERPRINT", "COMMON-NAME", "TAGS"})
	for _, o := range orphans {
		cells, more := o.cells(v.clock())
		row(cells, more)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// cells are an orphan's, and those of the wide form.
func (o orphan) cells(now time.Time) (cells, more []string) {
	expires := ""
	if o.NotAfter != nil {
		expires = o.NotAfter.UTC().Format(time.RFC3339)
	}
	var tags []string
	for _, key := range slices.Sorted(maps.Keys(o.Tags)) {
		tags = append(tags, key+"="+o.Tags[key])
	}
	cells = []string{
		o.CertificateID, o.Name, o.Region, expires, duration.HumanDuration(now.Sub(o.CreationTime.Time)), o.Why, strings.Join(o.UsedBy, ", "),
	}
	more = []string{o.Fingerprint, o.CommonName, strings.Join(tags, ",")}
	for _, row := range [][]string{cells, more} {
		for i, text := range row {
			row[i] = cmp.Or(oneLine(text), "<none>")
		}
	}
	return cells, more
}

// counts says how many there are of what.
func (j judgment) counts(clusterID string) string {
	ours := 0
	for _, o := range j.orphans {
		if o.Owner == thisCluster {
			ours++
		}
	}
	texts := []string{fmt.Sprintf("%s of this cluster (%s) without an object, %d of nobody",
		count(ours, "certificate", "certificates"), clusterID, len(j.orphans)-ours)}
	if len(j.orphans) == 0 {
		texts[0] = "no certificate is an orphan"
	}
	if j.young > 0 {
		texts = append(texts, count(j.young, "is", "are")+" younger than a minute: look again later")
	}
	if j.others > 0 {
		texts = append(texts, count(j.others, "of another cluster is", "of other clusters are")+" left alone")
	}
	return strings.Join(texts, "; ")
}

// next says how to delete those that can be.
func (j judgment) next() string {
	ours, all := len(j.doomed(false)), len(j.doomed(true))
	switch {
	case all == 0:
		return ""
	case all == ours:
		return fmt.Sprintf("kubectl clbcert orphans --delete deletes %d of them after a question.", ours)
	case ours == 0:
		return fmt.Sprintf("kubectl clbcert orphans --delete --untagged deletes %d of them after a question.", all)
	default:
		return fmt.Sprintf("kubectl clbcert orphans --delete deletes %d of them after a question, with --untagged %d.", ours, all)
	}
}

// doomed are those that a deletion doesn't leave alone.
func (j judgment) doomed(untagged bool) []orphan {
	return slices.DeleteFunc(slices.Clone(j.orphans), func(o orphan) bool { return o.keptFor(untagged) != "" })
}

// count is a number with the word that goes with it.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
