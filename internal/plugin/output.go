package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// output is the flag -o: json, yaml and kubectl's templates, or wide; a text for people without.
type output struct {
	flags *genericclioptions.PrintFlags
}

// reports is the API version of what -o json prints. It is the plugin's own: no server has it.
const reports = "plugin.clbcert.dev/v1alpha1"

// wide is the form with more in a line.
const wide = "wide"

// declare declares the flag on a command.
func (o *output) declare(command *cobra.Command) {
	o.flags = genericclioptions.NewPrintFlags("")
	o.flags.NamePrintFlags = nil
	o.flags.AddFlags(command)
	flag := command.Flags().Lookup("output")
	flag.Usage = "Output format: " + wide + ", " + strings.Join(o.flags.AllowedFormats(), ", ")
}

// wide tells whether more is wanted in a line.
func (o *output) wide() bool { return *o.flags.OutputFormat == wide }

// forPeople tells whether a text is wanted, and no structure.
func (o *output) forPeople() bool { return slices.Contains([]string{"", wide}, *o.flags.OutputFormat) }

// print prints items as a list of the given kind, in the form that the flag says.
func (o *output) print(out io.Writer, kind string, items any) error {
	printer, err := o.flags.ToPrinter()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(map[string]any{"apiVersion": reports, "kind": kind, "items": items})
	if err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	object := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &object.Object); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return printer.PrintObj(object, out)
}
