package plugin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/clbcert/clbcert/internal/clberr"
)

// clearUp deletes what nothing uses, after a question.
func (v *orphansVerb) clearUp(ctx context.Context, found sighting) error {
	if err := v.sure(found); err != nil {
		return err
	}
	doomed := found.doomed(v.untagged)
	if err := v.table(doomed); err != nil {
		return err
	}
	v.showKept(found.orphans)
	if len(doomed) == 0 {
		fmt.Fprintf(v.Out, "In %s, %s, there is nothing to delete.\n", v.purse, strings.Join(v.regions, ", "))
		return nil
	}
	if err := v.ask(ctx, doomed, found.proven); err != nil {
		return err
	}
	fates, err := v.deleteAll(ctx, doomed)
	fmt.Fprintln(v.Out, summed(fates, len(doomed)))
	if err != nil {
		return err
	}
	return outcomeOf(fates)
}

// sure refuses to delete on a ground that may not bear.
func (v *orphansVerb) sure(found sighting) error {
	switch {
	case found.doubt != "":
		return errors.New("deleting isn't safe: " + found.doubt)
	case found.blind != "":
		return errors.New("deleting isn't safe: " + found.blind + "; have the right to list them granted by a ClusterRole")
	default:
		return nil
	}
}

// showKept tells why some of those are left alone that one may have meant.
func (v *orphansVerb) showKept(orphans []orphan) {
	for _, o := range orphans {
		why := o.keptFor(v.untagged)
		if why != "" && (o.Owner == thisCluster || v.untagged) {
			fmt.Fprintln(v.Out, oneLine(o.String()+" stays: "+why))
		}
	}
}

// String names the certificate.
func (o orphan) String() string {
	return fmt.Sprintf("certificate %s (%s)", o.CertificateID, o.Name)
}

// ask asks whether to delete; on no terminal there is nobody to be asked.
func (v *orphansVerb) ask(ctx context.Context, doomed []orphan, proven bool) error {
	if v.yes && proven {
		return nil
	}
	var regions []string
	for _, o := range doomed {
		regions = append(regions, o.Region)
	}
	slices.Sort(regions)
	these := fmt.Sprintf("these %d certificates", len(doomed))
	if len(doomed) == 1 {
		these = "this certificate"
	}
	these = fmt.Sprintf("%s of cluster id %q, %s, in %s", these, v.used.id, v.purse, strings.Join(slices.Compact(regions), ", "))
	if file, is := v.In.(*os.File); !is || !term.IsTerminal(int(file.Fd())) {
		if v.yes {
			return fmt.Errorf("deleting %s: no ServerCertificate of this cluster was synced with that cluster id, so that --yes isn't enough: answer on a terminal", these)
		}
		return fmt.Errorf("deleting %s: there is no terminal to ask on: give --yes to delete without a question", these)
	}
	fmt.Fprint(v.ErrOut, "Delete "+these+`? Type "yes": `)
	answers := make(chan string, 1) // nobody may be left to read it
	go func() {
		line, _ := bufio.NewReader(v.In).ReadString('\n') // an end without an answer is a no
		answers <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		return no{"nothing is deleted: interrupted"}
	case answer := <-answers:
		if answer != "yes" {
			return no{`nothing is deleted: the answer wasn't "yes"`}
		}
		return nil
	}
}

// deleteAll deletes one after the other, and tells what became of each. It ends early where the
// others would fare no better.
func (v *orphansVerb) deleteAll(ctx context.Context, doomed []orphan) ([]fate, error) {
	fates := make([]fate, 0, len(doomed))
	for _, o := range doomed {
		became, why, err := v.deleteOne(ctx, o)
		if ctx.Err() != nil && became == "" {
			return fates, errors.New("interrupted between two deletions: the same command goes on with the rest")
		}
		if became != "" {
			fates = append(fates, became)
			fmt.Fprintln(v.Out, oneLine(strings.TrimSuffix(fmt.Sprintf("%s %s: %s", o, became, why), ": ")))
		}
		if err != nil {
			return fates, err
		}
	}
	return fates, nil
}

// deleteOne looks again, and deletes a certificate that is still an orphan. An error says that the
// others needn't be tried.
func (v *orphansVerb) deleteOne(ctx context.Context, o orphan) (fate, string, error) {
	found, err := v.look(ctx, []string{o.Region})
	if err == nil {
		err = v.sure(found)
	}
	if err != nil {
		return "", "", fmt.Errorf("looking again before the next deletion: %w", err)
	}
	if became, why := found.stillAlone(o.CertificateID, v.untagged); became != "" {
		return became, why, nil
	}
	// An interruption lets the call end: then it is known what became of the certificate.
	err = v.account.Delete(context.WithoutCancel(ctx), o.Region, o.CertificateID)
	became, why := fateOf(err)
	if failure, is := errors.AsType[*clberr.Error](err); is && failure.Class() == clberr.Auth {
		return became, why, errors.New("deleting certificates: the rest wasn't tried: it would be refused as well, until what is told above is mended")
	}
	return became, why, nil
}
