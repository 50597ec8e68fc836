package params

import (
	"fmt"
	"io"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/header"
)

// Usage is a parameter in a usage line: in brackets if it can be left out.
func Usage(p *header.Param) string {
	text := p.Flag()
	if place := p.Placeholder(); place != "" {
		text += " " + place
	}
	if p.Required() {
		return text
	}
	return "[" + text + "]"
}

// Help prints what a script says about itself.
func Help(env *environment.Env, name string, says *header.Header) error {
	var b strings.Builder
	title := says.Name.Text
	switch {
	case title != "":
		title += " (" + name + ")"
	default:
		title = name
	}
	fmt.Fprintln(&b, title)
	if says.Summary != "" {
		fmt.Fprintf(&b, "\n%s\n", says.Summary)
	}
	line := []string{"phscript run", display.OneLine(name)}
	for i := range says.Params {
		line = append(line, Usage(&says.Params[i]))
	}
	fmt.Fprintf(&b, "\nUsage:\n  %s\n", strings.Join(line, " "))
	if len(says.Params) > 0 {
		fmt.Fprintln(&b, "\nParameters:")
	}
	width := 0
	for i := range says.Params {
		width = max(width, len([]rune(flagAndPlace(&says.Params[i]))))
	}
	for i := range says.Params {
		p := &says.Params[i]
		fmt.Fprintf(&b, "  %s\n", strings.TrimRight(fmt.Sprintf("%-*s  %s", width, flagAndPlace(p), about(p)), " "))
	}
	facts := [][2]string{{"Writes to", writes(says)}, {"Reaches", texts(says.Net)}, {"Time limit", ""}, {"Schedule", texts(says.Schedules)}}
	if says.Timeout > 0 {
		facts[2][1] = plainly(says.Timeout.String())
	}
	first := true
	for _, f := range facts {
		if f[1] == "" {
			continue
		}
		if first {
			fmt.Fprintln(&b)
		}
		first = false
		fmt.Fprintf(&b, "%s: %s\n", f[0], f[1])
	}
	if len(says.Params) > 0 {
		fmt.Fprintln(&b, "\nSee 'phscript run --help' for the flags that come before the script.")
	}
	_, err := io.WriteString(env.Stdout, display.Text(b.String()))
	return err
}

func flagAndPlace(p *header.Param) string {
	return strings.TrimSpace(p.Flag() + " " + p.Placeholder())
}

// about says what a parameter is for, and whether it needs a value.
func about(p *header.Param) string {
	var notes []string
	switch {
	case p.Default != nil:
		notes = append(notes, "default "+p.Written)
	case p.Optional:
		notes = append(notes, "optional")
	default:
		notes = append(notes, "required")
	}
	if p.Secret {
		notes = append(notes, "secret, also read from "+p.Variable())
	}
	return strings.TrimSpace(p.Doc + " (" + strings.Join(notes, "; ") + ")")
}

func texts(values []header.Value) string {
	var list []string
	for _, v := range values {
		list = append(list, v.Text)
	}
	return strings.Join(list, ", ")
}

// writes lists the models that a script writes to.
func writes(says *header.Header) string {
	if says.WritesLine > 0 && len(says.Writes) == 0 {
		return "nothing"
	}
	return texts(says.Writes)
}

// plainly writes a duration without parts that are zero.
func plainly(text string) string {
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
