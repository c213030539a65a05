package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// statusVerb is "status".
type statusVerb struct {
	*app
	selection
	output
	cluster *cluster
	// asked is the cloud, nil where it isn't to be asked; failed is why it didn't answer.
	asked  *cloud
	failed error
}

func (a *app) statusCommand() *cobra.Command {
	v := &statusVerb{app: a}
	var askCloud, watch bool
	command := &cobra.Command{
		Use:   "status [NAME…]",
		Short: "Show the whole way: Certificate, Secret, certificate in the cloud, listeners and Services",
		Long: `Show the whole way of certificates: cert-manager's Certificate, the Secret, the certificate in the cloud, and the
listeners and Services that serve it, with what is wrong at the first link that is, and what mends it.

It reads the cluster alone; what you may not read is left out. With --cloud it also says what the cloud says.`,
		Example: `  kubectl clbcert status
  kubectl clbcert status web --cloud
  kubectl clbcert status -A --watch`,
		RunE: func(command *cobra.Command, names []string) error {
			return v.run(command.Context(), names, askCloud, watch)
		},
	}
	v.selection.flags(command)
	v.declare(command)
	a.cloud.flags(command)
	command.Flags().BoolVar(&askCloud, "cloud", false, "ask the cloud, too, with the credentials of the environment or the object's own")
	command.Flags().BoolVarP(&watch, "watch", "w", false, "show it anew whenever it changes, until Ctrl-C")
	command.ValidArgsFunction = a.completeNames
	return command
}

func (v *statusVerb) run(ctx context.Context, names []string, askCloud, watch bool) (err error) {
	if v.cluster, err = v.connect(); err != nil {
		return err
	}
	if askCloud {
		if v.asked, err = v.openCloud(); err != nil {
			return err
		}
	}
	if watch {
		return v.watch(ctx, names)
	}
	read, err := v.read(ctx, names)
	if err != nil {
		return err
	}
	return errors.Join(v.show(waysAt(read, v.clock())), v.failed)
}

// read reads the selected objects, and what is around them.
func (v *statusVerb) read(ctx context.Context, names []string) ([]facts, error) {
	objects, err := v.find(ctx, v.cluster, names)
	if err != nil {
		return nil, err
	}
	around := &surroundings{cluster: v.cluster, issuances: map[string]map[string]*issuance{}}
	read, since := make([]facts, 0, len(objects)), v.clock()
	var failures []error
	for i := range objects {
		f, err := around.read(ctx, &objects[i])
		if err != nil {
			return nil, err
		}
		if v.asked != nil {
			f.cloud, err = v.ask(ctx, f, since)
			f.unasked = err != nil
			failures = append(failures, err)
		}
		read = append(read, f)
	}
	v.failed = errors.Join(failures...)
	return read, nil
}

// waysAt judges facts as of a time.
func waysAt(read []facts, now time.Time) []way {
	ways := make([]way, 0, len(read))
	for _, f := range read {
		f.now = now
		ways = append(ways, wayOf(f))
	}
	return ways
}

// ask asks the cloud about one object.
func (v *statusVerb) ask(ctx context.Context, f facts, since time.Time) (*cloudFacts, error) {
	account, region, err := v.asked.accountOf(ctx, v.cluster, f.object)
	var answer *cloudFacts
	if err == nil {
		answer, err = askCloud(ctx, account, region, f, since)
	}
	if err != nil {
		return nil, fmt.Errorf("asking the cloud about %s/%s: %w", f.object.Namespace, f.object.Name, advised(err))
	}
	return answer, nil
}

// show prints ways.
func (v *statusVerb) show(ways []way) error {
	if !v.forPeople() {
		return v.print(v.Out, "StatusList", ways)
	}
	t := tree{out: v.Out, terminal: terminalOf(v.Out), wide: v.wide()}
	for i, w := range ways {
		if i > 0 {
			fmt.Fprintln(v.Out)
		}
		t.draw(w)
	}
	return nil
}

// lookAgain is how often a watch looks: Secrets and Certificates change without the object. The
// cloud is asked more rarely: its calls are counted, and the manager needs them.
const lookAgain, askAgain = 2 * time.Second, 30 * time.Second

// watch shows ways whenever they change: on a terminal in the place of those before, else after a
// line with the time. What couldn't be read is told, and read again.
func (v *statusVerb) watch(ctx context.Context, names []string) error {
	pause := lookAgain
	if v.asked != nil {
		pause = askAgain
	}
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	var shown string
	for first := true; ctx.Err() == nil; first = false {
		read, err := v.read(ctx, names)
		if err != nil && first {
			return err // it may never have been right
		}
		if now := changes(waysAt(read, v.clock()), errors.Join(err, v.failed)); now != shown && ctx.Err() == nil {
			shown = now
			v.clear()
			if err := v.show(waysAt(read, v.clock())); err != nil {
				return err
			}
			v.exit(errors.Join(err, v.failed))
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return nil
}

// changes is what is news when it is another: not that time passes.
func changes(ways []way, failure error) string {
	var texts []string
	var add func(l link)
	add = func(l link) {
		texts = append(texts, l.Kind, l.Name, string(l.State), l.Message, fmt.Sprint(l.NotAfter))
		for _, below := range l.Links {
			add(below)
		}
	}
	for _, w := range ways {
		add(w.link)
	}
	if failure != nil {
		texts = append(texts, failure.Error())
	}
	return strings.Join(texts, "\n")
}

// clear makes room for what is shown anew.
func (v *statusVerb) clear() {
	switch {
	case terminalOf(v.Out).width > 0:
		fmt.Fprint(v.Out, "\x1b[H\x1b[2J") // home, and clear (ECMA-48, 8.3.21 and 8.3.39)
	case v.forPeople():
		fmt.Fprintln(v.Out, "--- "+v.clock().UTC().Format(time.RFC3339))
	}
}
