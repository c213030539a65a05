package plugin

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/clbcert/clbcert/api/v1alpha1"
	"github.com/clbcert/clbcert/controllers"
)

// planned is what would be done for an object, as -o json prints it.
type planned struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Suspended says that nothing of it is done before the object is resumed.
	Suspended bool                      `json:"suspended"`
	Deleting  bool                      `json:"deleting,omitempty"`
	Steps     []controllers.PreviewStep `json:"steps"`
	// Then is how the object would be, absent where that couldn't be told.
	Then *outcome `json:"then,omitempty"`
	// Untold is why it couldn't be told, or not to the end; Notes are what wasn't seen.
	Untold string   `json:"untold,omitempty"`
	Notes  []string `json:"notes,omitempty"`
}

// outcome is how an object would be after the steps.
type outcome struct {
	// Gone says that it wouldn't be there; all else is empty then.
	Gone    bool   `json:"gone,omitempty"`
	Ready   string `json:"ready,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Again is when it would be looked at again by itself.
	Again *metav1.Time `json:"again,omitempty"`
}

// plannedAs is what a preview comes to.
func plannedAs(object *v1alpha1.ServerCertificate, preview controllers.Preview, notes []string) planned {
	p := planned{
		Namespace: object.Namespace, Name: object.Name, Steps: preview.Steps, Notes: notes,
		Deleting: !object.DeletionTimestamp.IsZero(),
	}
	p.Suspended = object.Spec.Suspend && !p.Deleting // deletion goes on
	if p.Steps == nil {
		p.Steps = []controllers.PreviewStep{}
	}
	switch ready := preview.Ready; {
	case preview.Untold != nil:
		p.Untold = preview.Untold.Error()
	case preview.Gone:
		p.Then = &outcome{Gone: true}
	case ready != nil:
		p.Then = &outcome{
			Ready: string(ready.Status), Reason: ready.Reason, Message: ready.Message,
			Again: &metav1.Time{Time: preview.Again.UTC().Truncate(time.Second)},
		}
	}
	return p
}

// show prints plans.
func (v *planVerb) show(plans []planned) error {
	if !v.forPeople() {
		return v.print(v.Out, "PlanList", plans)
	}
	t := terminalOf(v.Out)
	for i, p := range plans {
		if i > 0 {
			fmt.Fprintln(v.Out)
		}
		for _, line := range p.lines(t) {
			fmt.Fprintln(v.Out, line)
		}
	}
	return nil
}

// lines are a plan as people read it.
func (p planned) lines(t terminal) []string {
	head := p.Namespace + "/" + p.Name
	switch {
	case p.Deleting:
		head += " (being deleted)"
	case p.Suspended:
		head += " (suspended: this is what a resume would do)"
	}
	lines := []string{t.paint(bold, head)}
	width := p.width()
	for i, step := range p.Steps {
		text, why := oneLine(step.Text), oneLine(step.Why)
		gap := strings.Repeat(" ", max(width-length(text), 0)+3)
		number := fmt.Sprintf("  %2d. ", i+1)
		if t.width == 0 || length(number+text+gap+why) <= t.width {
			lines = append(lines, strings.TrimRight(number+text+gap+t.paint(faint, why), " "))
			continue
		}
		lines = append(lines, hanging(number, text, t, "")...)
		lines = append(lines, hanging("        ", why, t, faint)...)
	}
	lines = append(lines, p.end(t)...)
	for _, note := range p.Notes {
		lines = append(lines, hanging("  note: ", oneLine(note), t, yellow)...)
	}
	return lines
}

// hanging is a text after a lead, wrapped where there is a width, each further line as far to the right.
func hanging(lead, text string, t terminal, colour string) []string {
	if text == "" {
		return nil
	}
	lines := wrapped(text, t.width-length(lead))
	for i, line := range lines {
		lines[i] = lead + t.paint(colour, line)
		lead = strings.Repeat(" ", length(lead))
	}
	return lines
}

// widest is how far the reasons are moved to the right at most.
const widest = 72

// width is that of the widest step, within bounds.
func (p planned) width() int {
	width := 0
	for _, step := range p.Steps {
		if n := length(oneLine(step.Text)); n <= widest {
			width = max(width, n)
		}
	}
	return width
}

// end is what it comes to.
func (p planned) end(t terminal) []string {
	then := "  then: "
	if len(p.Steps) == 0 {
		then = "  nothing to do: "
	}
	switch {
	case p.Untold != "" && len(p.Steps) == 0:
		return hanging("  it can't be told: ", oneLine(p.Untold), t, red)
	case p.Untold != "":
		return hanging("  what comes then can't be told: ", oneLine(p.Untold), t, red)
	case p.Then == nil:
		return []string{strings.TrimRight(then, ": ")}
	case p.Then.Gone:
		return []string{then + "the object goes"}
	case p.Then.Ready == string(metav1.ConditionTrue):
		return hanging(then, "Ready: "+oneLine(p.Then.Message), t, green)
	default:
		return hanging(then, fmt.Sprintf("not Ready, %s: %s", p.Then.Reason, oneLine(p.Then.Message)), t, yellow)
	}
}
