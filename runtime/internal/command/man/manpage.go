package man

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manPage returns a command's manual page. It is written here, since cobra's
// own pages show flags with Go's zero values and lose the layout of lists. It
// bears no date, so that a build can be repeated.
func manPage(cmd *cobra.Command, version string) string {
	p := &roff{}
	p.printf(".TH %q \"1\" \"\" %q \"phscript\"\n.nh\n.ad l\n", strings.ToUpper(manName(cmd)), "phscript "+version)
	p.section("NAME")
	p.text(manName(cmd) + ` \- ` + escape(cmd.Short))
	p.section("SYNOPSIS")
	p.text(`\fB` + escape(cmd.UseLine()) + `\fR`)
	if cmd.HasAvailableSubCommands() {
		p.printf(".br\n")
		p.text(`\fB` + escape(cmd.CommandPath()) + `\fR \fICOMMAND\fR`)
	}
	p.section("DESCRIPTION")
	long := cmd.Long
	if long == "" {
		long = cmd.Short + "."
	}
	p.prose(long)
	p.commands(cmd)
	p.flags(cmd)
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.printf(".nf\n")
		p.lines(cmd.Example)
		p.printf(".fi\n")
	}
	p.seeAlso(cmd)
	return p.String()
}

// manName is what a command's page is called: "phscript-run".
func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// roff collects a page in the language of man.
type roff struct{ strings.Builder }

func (p *roff) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (p *roff) section(name string) { p.printf(".SH %s\n", name) }

// escape makes a text stand for itself.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
}

// text writes a line that is escaped already.
func (p *roff) text(line string) {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	p.printf("%s\n", line)
}

// lines writes the lines of an example, which cobra wants indented.
func (p *roff) lines(text string) {
	for line := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		p.text(escape(strings.TrimPrefix(line, "  ")))
	}
}

// longestLine is how long a line of a list may be before it is broken.
const longestLine = 66

// prose writes a description: paragraphs are filled, what is indented keeps its
// layout. Of that, lines that are too long are filled at their indentation.
func (p *roff) prose(text string) {
	filled := true
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.ReplaceAll(line, "\t", "    ")
		trimmed := strings.TrimLeft(line, " ")
		by := len(line) - len(trimmed)
		keep := by > 0 && len(line) <= longestLine
		switch {
		case trimmed == "":
			p.printf(".PP\n")
			filled = true
			continue
		case keep && filled:
			p.printf(".nf\n")
		case !keep && !filled:
			p.printf(".fi\n")
		}
		filled = !keep
		if by > 0 && !keep {
			p.printf(".RS %d\n", by)
			p.text(escape(trimmed))
			p.printf(".RE\n")
			continue
		}
		p.text(escape(line))
	}
	if !filled {
		p.printf(".fi\n")
	}
}

func (p *roff) commands(cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	p.section("COMMANDS")
	for _, c := range below(cmd) {
		p.printf(".TP\n\\fB%s\\fR\n", escape(c.Name()))
		p.text(escape(c.Short) + ".")
	}
}

func (p *roff) flags(cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	p.section("OPTIONS")
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := `\fB` + escape("--"+f.Name) + `\fR`
		if f.Shorthand != "" {
			name = `\fB` + escape("-"+f.Shorthand) + `\fR, ` + name
		}
		switch {
		case f.Value.Type() == "bool":
		case f.NoOptDefVal != "":
			name += `[=\fI` + escape(value) + `\fR]`
		default:
			name += ` \fI` + escape(value) + `\fR`
		}
		p.printf(".TP\n%s\n", name)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0s" {
			usage += " (default " + f.DefValue + ")"
		}
		p.text(escape(usage + "."))
	})
}

// seeAlso names the pages above and below.
func (p *roff) seeAlso(cmd *cobra.Command) {
	var names []string
	if cmd.HasParent() {
		names = append(names, manName(cmd.Parent()))
	}
	for _, c := range below(cmd) {
		names = append(names, manName(c))
	}
	if len(names) == 0 {
		return
	}
	p.section("SEE ALSO")
	for i, name := range names {
		names[i] = `\fB` + escape(name) + `\fR(1)`
	}
	p.text(strings.Join(names, ", "))
}
