package repl

import (
	"fmt"
	"strings"
)

// Banner is the greeting: where the session is connected, and what to do next.
func (p *Prompt) Banner() string {
	c := p.o.Connected
	var lines []string
	switch {
	case c.Simulated:
		lines = append(lines, "phscript, connected to a simulated Planhat; nothing leaves this machine")
	case c.Host != "":
		lines = append(lines, "phscript, connected to "+c.Host)
		if p.o.Session.DryRun() {
			lines = append(lines, "Dry run: reads are sent, writes are withheld; :dry off sends them")
		} else {
			lines = append(lines, "Writes change your data; :dry on withholds them")
		}
	default:
		lines = append(lines, "phscript, without a token: set PLANHAT_API_TOKEN to connect to your Planhat,",
			"or :quit and run: phscript repl --simulate --companies 20")
	}
	lines = append(lines, "Type Lua, or :help for help; Tab completes, Ctrl-D quits")
	return strings.Join(lines, "\n")
}

// firstSteps is what a newcomer can type.
const firstSteps = `Type Lua. An expression shows its value, and _ is the last value shown:

  planhat.company.get_list{ limit = 5 }
  c = planhat.company.get_list{ limit = 1 }[1]
  c.name

Variables keep their values from one input to the next, even local ones.
Tab shows what fits next. An incomplete input continues on the next line.
`

// keysHelp lists the most useful keys.
const keysHelp = `  Tab       complete                 Ctrl-C   stop the input, or clear the line
  Up, Down  earlier inputs           Ctrl-D   quit
  Ctrl-R    search earlier inputs    Ctrl-L   clear the screen
`

func (p *Prompt) ownHelp() string {
	var b strings.Builder
	b.WriteString(firstSteps + "\nCommands:\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-16s %s\n", strings.TrimSpace(c.Name+" "+c.usage), c.Doc)
	}
	b.WriteString("\nKeys:\n" + keysHelp)
	return b.String()
}
