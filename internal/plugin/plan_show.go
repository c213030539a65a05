package plugin

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

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
		gap := strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0)+3)
		lines = append(lines, strings.TrimRight(fmt.Sprintf("  %2d. %s%s%s", i+1, text, gap, t.paint(faint, why)), " "))
	}
	lines = append(lines, p.end(t))
	for _, note := range p.Notes {
		lines = append(lines, "  "+t.paint(yellow, "note: ")+oneLine(note))
	}
	return lines
}

// widest is how far the reasons are moved to the right at most.
const widest = 72

// width is that of the widest step, within bounds.
func (p planned) width() int {
	width := 0
	for _, step := range p.Steps {
		if n := utf8.RuneCountInString(oneLine(step.Text)); n <= widest {
			width = max(width, n)
		}
	}
	return width
}

// end is the line that says what it comes to.
func (p planned) end(t terminal) string {
	then := "  then: "
	if len(p.Steps) == 0 {
		then = "  nothing to do: "
	}
	switch {
	case p.Untold != "" && len(p.Steps) == 0:
		return "  " + t.paint(red, "it can't be told: ") + oneLine(p.Untold)
	case p.Untold != "":
		return "  " + t.paint(red, "what comes then can't be told: ") + oneLine(p.Untold)
	case p.Then == nil:
		return strings.TrimRight(then, ": ")
	case p.Then.Gone:
		return then + "the object goes"
	case p.Then.Ready == string(metav1.ConditionTrue):
		return then + t.paint(green, "Ready") + ": " + oneLine(p.Then.Message)
	default:
		return fmt.Sprintf("%s%s, %s: %s; it is looked at again by %s",
			then, t.paint(yellow, "not Ready"), p.Then.Reason, oneLine(p.Then.Message), p.Then.Again.Format(time.RFC3339))
	}
}
