package repl

import (
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/repl/complete"
)

// command is a command that starts with a colon.
type command struct {
	complete.Command
	// usage is the argument, for help.
	usage string
	run   func(p *Prompt, argument string) bool
}

func commands() []command {
	return []command{
		{complete.Command{Name: ":help", Doc: "Help with the prompt, or with a topic.", Takes: "topic"}, "[TOPIC]", (*Prompt).help},
		{complete.Command{Name: ":doc", Doc: "Documentation on a module, model, function or property.", Takes: "topic"}, "TOPIC", (*Prompt).doc},
		{complete.Command{Name: ":models", Doc: "The models of Planhat."}, "", func(p *Prompt, _ string) bool { return p.page(p.o.Manual.Models(p.pages())) }},
		{complete.Command{Name: ":fields", Doc: "The properties of a model.", Takes: "model"}, "MODEL", (*Prompt).fields},
		{complete.Command{Name: ":time", Doc: "How long the last input took, or this one.", Takes: "code"}, "[CODE]", (*Prompt).time},
		{complete.Command{Name: ":save", Doc: "Save the inputs that worked as a script. :save! overwrites a file.", Takes: "file"}, "FILE", (*Prompt).save},
		{complete.Command{Name: ":load", Doc: "Run a script here and keep what it defines.", Takes: "file"}, "FILE", (*Prompt).load},
		{complete.Command{Name: ":dry", Doc: "Withhold writes, or send them.", Takes: "on|off"}, "on|off", (*Prompt).dry},
		{complete.Command{Name: ":quota", Doc: "How many calls are left this minute."}, "", (*Prompt).quota},
		{complete.Command{Name: ":quit", Doc: "Quit, like Ctrl-D."}, "", func(p *Prompt, _ string) bool { p.quit = true; return true }},
	}
}

// Commands returns the commands for completion.
func Commands() []complete.Command {
	var list []complete.Command
	for _, c := range commands() {
		list = append(list, c.Command)
	}
	return list
}

// short are other names of commands.
var short = map[string]string{":h": ":help", ":?": ":help", ":q": ":quit", ":exit": ":quit", ":save!": ":save"}

func (p *Prompt) command(text string) bool {
	name, argument, _ := strings.Cut(strings.TrimSpace(text), " ")
	argument = strings.TrimSpace(argument)
	p.replace = name == ":save!"
	if full := short[name]; full != "" {
		name = full
	}
	var names []string
	for _, c := range commands() {
		if c.Name == name {
			return c.run(p, argument)
		}
		names = append(names, c.Name)
	}
	p.remark("unknown command %s%s; :help lists the commands", name, catalog.DidYouMean(name, names))
	return false
}

// spoken returns the command that a person means by a word that is not Lua's,
// or "". A variable of that name is not a command.
func (p *Prompt) spoken(text string) string {
	word, argument, more := strings.Cut(strings.TrimSuffix(strings.TrimSpace(text), "()"), " ")
	s := p.o.Session
	if s.Local(word) != nil || s.Globals().RawGetString(word).String() != "nil" && word != "help" {
		return ""
	}
	switch {
	case word == "?", word == "help" && !more:
		return ":help " + argument
	case word == "help" && isTopic(argument):
		return ":doc " + argument
	case (word == "quit" || word == "exit") && !more:
		return ":quit"
	}
	return ""
}

// isTopic reports whether a text looks like a dotted name.
func isTopic(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '.' && r != ':' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

func (p *Prompt) pages() manual.PageOptions {
	return manual.PageOptions{Width: p.o.Width(), Color: p.o.Color, Ask: ":doc %s"}
}

func (p *Prompt) page(text string) bool {
	p.print(strings.TrimRight(text, "\n"))
	return true
}

func (p *Prompt) help(topic string) bool {
	if topic != "" {
		return p.doc(topic)
	}
	return p.page(p.ownHelp())
}

func (p *Prompt) doc(topic string) bool {
	m := p.o.Manual
	if topic == "" {
		return p.page(m.Overview(p.pages()))
	}
	return p.page(m.Show(m.Ask(topic), p.pages()))
}

func (p *Prompt) fields(name string) bool {
	api := p.o.Manual.Catalog()
	short := strings.ToLower(strings.TrimPrefix(name, "planhat."))
	for _, m := range api.Models {
		if m.Snake == short {
			return p.page(p.o.Manual.Page(p.o.Manual.Topic(m.Name), p.pages()) + p.ofAccount(m))
		}
	}
	var names []string
	for _, m := range api.Models {
		names = append(names, m.Snake)
	}
	if name == "" {
		p.remark("name a model, such as :fields company; :models lists them")
		return false
	}
	p.remark("unknown model %s%s; :models lists them", name, catalog.DidYouMean(short, names))
	return false
}

// time reports how long the last input took, or runs one and reports that.
func (p *Prompt) time(code string) bool {
	ok := true
	if code != "" {
		ok = p.eval(code)
	}
	if p.last == nil {
		p.remark("nothing to time yet; :time CODE runs and times an input")
		return ok
	}
	p.print(took(p.last))
	return ok
}

func took(e *runtime.Evaluation) string {
	text := roundDuration(e.Duration).String()
	if calls := e.Summary.Calls; calls > 0 {
		text += ", " + english.Plural(calls, "call", "")
		if e.Summary.Retries > 0 {
			text += " (" + english.Plural(e.Summary.Retries, "retry", "") + ")"
		}
		if e.Summary.Waited >= time.Millisecond {
			text += ", waited " + roundDuration(e.Summary.Waited).String() + " for quota"
		}
	}
	return text
}

func roundDuration(d time.Duration) time.Duration {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(d / time.Duration(100) / 10 * 10).Round(10 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}

func (p *Prompt) dry(argument string) bool {
	switch argument {
	case "on", "off":
		p.o.Session.SetDryRun(argument == "on")
	case "":
	default:
		p.remark(":dry takes on or off")
		return false
	}
	if p.o.Session.DryRun() {
		p.remark("dry run on: reads are sent, writes are withheld")
	} else {
		p.remark("dry run off: writes are sent")
	}
	return true
}

func (p *Prompt) quota(string) bool {
	ctx, _, end := p.o.Begin()
	defer end()
	const source = `local q = require("planhat").quota()
local text = ("%d of %d calls used this minute, %d left"):format(q.used, q.limit, q.free)
if q.wait >= 0.1 then text = text .. (", the next call would wait %.1f s"):format(q.wait) end
return text`
	result, err := p.o.Session.Eval(ctx, runtime.Script{Name: ":quota", Source: []byte(source)})
	if err != nil {
		p.fail(err, false)
		return false
	}
	p.print(result.Values[0].String())
	return true
}
