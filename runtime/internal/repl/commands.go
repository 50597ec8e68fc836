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

// command is what is typed with a colon in front.
type command struct {
	complete.Command
	// usage is the argument in help.
	usage string
	run   func(p *Prompt, argument string) bool
}

// commands returns the commands in the order of the help.
func commands() []command {
	return []command{
		{complete.Command{Name: ":help", Doc: "Help with the prompt, or with a topic.", Takes: "topic"}, "[TOPIC]", (*Prompt).help},
		{complete.Command{Name: ":doc", Doc: "All about a module, model, function or property.", Takes: "topic"}, "TOPIC", (*Prompt).doc},
		{complete.Command{Name: ":models", Doc: "The models of Planhat."}, "", (*Prompt).models},
		{complete.Command{Name: ":fields", Doc: "The properties of a model.", Takes: "model"}, "MODEL", (*Prompt).fields},
		{complete.Command{Name: ":time", Doc: "How long the last input took, or this one.", Takes: "code"}, "[CODE]", (*Prompt).time},
		{complete.Command{Name: ":save", Doc: "Save what worked as a script. :save! replaces a file.", Takes: "file"}, "FILE", (*Prompt).save},
		{complete.Command{Name: ":load", Doc: "Run a script here; what it defines stays.", Takes: "file"}, "FILE", (*Prompt).load},
		{complete.Command{Name: ":dry", Doc: "Hold writes back, or send them.", Takes: "on|off"}, "on|off", (*Prompt).dry},
		{complete.Command{Name: ":quota", Doc: "How many calls are left in this minute."}, "", (*Prompt).quota},
		{complete.Command{Name: ":quit", Doc: "Leave; Ctrl-D does the same."}, "", (*Prompt).leave},
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

// short are other ways to say a command.
var short = map[string]string{":h": ":help", ":?": ":help", ":q": ":quit", ":exit": ":quit", ":save!": ":save"}

// command runs a command.
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
	p.remark("there is no command %s%s; :help lists them", name, catalog.DidYouMean(name, names))
	return false
}

// spoken returns the command that a person means by a word that is not Lua's, or
// "". A variable of that name is no command.
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

// isTopic tells whether a text looks like a name with dots.
func isTopic(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '.' && r != ':' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

func (p *Prompt) pages() manual.PageOptions {
	return manual.PageOptions{Width: p.o.Width(), Color: p.o.Color, Ask: ":doc %s"}
}

// page prints a page of the manual.
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

func (p *Prompt) models(string) bool { return p.page(p.o.Manual.Models(p.pages())) }

func (p *Prompt) fields(name string) bool {
	api := p.o.Manual.Catalog()
	short := strings.ToLower(strings.TrimPrefix(name, "planhat."))
	for _, m := range api.Models {
		if m.Snake == short {
			return p.page(p.o.Manual.Properties(m, p.pages()))
		}
	}
	var names []string
	for _, m := range api.Models {
		names = append(names, m.Snake)
	}
	if name == "" {
		p.remark("which model? :fields company, for one; :models lists them")
		return false
	}
	p.remark("there is no model %s%s; :models lists them", name, catalog.DidYouMean(short, names))
	return false
}

// time tells what the last input took, or runs one and tells.
func (p *Prompt) time(code string) bool {
	ok := true
	if code != "" {
		ok = p.eval(code)
	}
	if p.last == nil {
		p.remark("nothing was evaluated yet; :time CODE runs something and times it")
		return ok
	}
	p.print(took(p.last))
	return ok
}

// took says what an input took.
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
		p.remark("dry run: reads happen, writes are held back")
	} else {
		p.remark("no dry run: writes are sent")
	}
	return true
}

func (p *Prompt) quota(string) bool {
	ctx, _, end := p.o.Begin()
	defer end()
	const source = `local q = require("planhat").quota()
local text = ("%d of %d calls of this minute used, %d left"):format(q.used, q.limit, q.free)
if q.wait >= 0.1 then text = text .. (", the next one would wait %.1f s"):format(q.wait) end
return text`
	result, err := p.o.Session.Eval(ctx, runtime.Input{Name: ":quota", Source: []byte(source)})
	if err != nil {
		p.fail(err, false)
		return false
	}
	p.print(result.Values[0].String())
	return true
}

func (p *Prompt) leave(string) bool {
	p.quit = true
	return true
}
