// Command mutants takes the product's safeguards away, one by one, and shows that a
// test of each sees it: with the change the named test fails, without it passes. A
// change that no test sees, or whose place in the source isn't there any more, is a
// failure of the check.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	only := flag.String("only", "", "try only the mutants whose names contain `TEXT`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := check(ctx, os.Stdout, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// check tries the chosen mutants and tells each as a line of a table.
func check(ctx context.Context, out io.Writer, only string) error {
	bench, err := newBench()
	if err != nil {
		return err
	}
	defer bench.remove()
	var chosen []mutant
	for _, m := range mutants() {
		if strings.Contains(m.without, only) {
			chosen = append(chosen, m)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no mutant is named like %q", only)
	}
	if err := bench.checkSound(ctx, chosen); err != nil {
		return err
	}
	const row = "%-41s  %-83s  %s\n"
	fmt.Fprintf(out, row, "WITHOUT", "TEST", "RESULT")
	survivors := 0
	for _, m := range chosen {
		result, err := bench.try(ctx, m)
		if err != nil {
			return fmt.Errorf("without %s: %w", m.without, err)
		}
		if result != seen {
			survivors++
		}
		fmt.Fprintf(out, row, m.without, strings.TrimPrefix(m.pack, "./")+" "+m.test, result)
	}
	if survivors > 0 {
		return fmt.Errorf("%d of %d mutants survived", survivors, len(chosen))
	}
	fmt.Fprintf(out, "%d mutants, each seen by its test\n", len(chosen))
	return nil
}
