// Package header reads what a script says about itself in the comments at its top.
package header

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Header is what the comments at the top of a script say.
type Header struct {
	// Name and Description are for people.
	Name, Description Value
	// Summary is the description, or else the first sentence of the comments.
	Summary string
	// Params are the parameters, in their order.
	Params []Param
	// Net are the hosts that the script reaches.
	Net []Value
	// Writes are the models that the script writes to. If WritesLine is not 0, it writes to
	// no others.
	Writes     []Value
	WritesLine int
	// Timeout is the time limit of a run, 0 for none.
	Timeout     time.Duration
	TimeoutLine int
	// Schedules are what follows each @schedule.
	Schedules []Value
}

// Value is a value of the header, and its line.
type Value struct {
	Text string
	Line int
}

// Error is a mistake in a header.
type Error struct {
	Line int
	// Tag is the tag that is wrong, without its @. It may be misspelt.
	Tag           string
	Message, Hint string
}

func (e *Error) Error() string { return e.Message }

// ErrorHint says what to do.
func (e *Error) ErrorHint() string { return e.Hint }

// Tags are the tags of a header, without their @.
var Tags = []string{"name", "description", "param", "allow", "writes", "timeout", "schedule"}

// own are the tags that no tool for documentation has. They count in documentation, too:
// ignoring them would let a script do more than it says.
var own = []string{"allow", "writes", "timeout", "schedule"}

// foreign are tags of LuaDoc, LDoc and the Lua language server. They mean nothing here.
var foreign = strings.Fields("accessor alias annotation arg args as async attribute author bool cast charset class classmod comment constructor copyright deprecated " +
	"diagnostic enum error example examples export factory field file fixme function generic include language lfunction license local lookup meta " +
	"func int layoutmod containermod " +
	"module namespace nodiscard operator overload package pragma private protected public raise readonly release return returns script section " +
	"see set since source static string submodule summary supermodule tab table theme todo topic tparam treturn type usage using vararg version warning widgetmod within")

var tag = pattern.Lazy(`^@([A-Za-z_]\w*)(?:\s+(.*))?$`)

// typed matches a parameter with a type, which documentation has not.
var typed = pattern.Lazy(`^[A-Za-z_]\w*:(string|integer|number|boolean|date|duration|file|choice)\b`)

// spoken matches comments that speak to other programs.
var spoken = pattern.Lazy(`^(phscript|luacheck|vim|-\*-)\s*:|^[-=*#~_ ]*$`)

// Read reads the comments before the first statement of a script. It executes nothing. The
// error is the first *Error; the header holds what is valid.
func Read(source []byte) (*Header, error) {
	h, wrong := Parse(source)
	if len(wrong) > 0 {
		return h, wrong[0]
	}
	return h, nil
}

// Parse is Read for all mistakes.
func Parse(source []byte) (*Header, []*Error) {
	r := &reader{}
	for c := range comments(source) {
		r.read(c)
	}
	if r.Summary = r.Description.Text; r.Summary == "" {
		r.Summary = r.prose
	}
	return &r.Header, r.wrong
}

type reader struct {
	Header
	wrong []*Error
	// prose is the first sentence that is not a tag, and more is set while it may continue.
	// open is set while @description may continue.
	prose      string
	more, open bool
}

// longestSummary is how many bytes of comments are enough for a summary.
const longestSummary = 160

// sentence matches the end of a sentence.
var sentence = pattern.Lazy(`\.(?:\s|$)`)

// read reads a line.
func (r *reader) read(c comment) {
	found := tag().FindStringSubmatch(c.text)
	if found == nil {
		switch {
		case r.open && !c.first && c.text != "" && c.indent > 1:
			r.Description.Text += " " + c.text
			return
		case r.prose == "" && !spoken().MatchString(c.text):
			r.prose, r.more = c.text, true
		case r.more && !c.first && c.text != "":
			r.prose += " " + c.text
		default:
			r.more = false
		}
		if end := sentence().FindStringIndex(r.prose); r.more && (end != nil || len(r.prose) > longestSummary) {
			r.more = false
			if end != nil {
				r.prose = r.prose[:end[0]+1]
			}
		}
		r.open = false
		return
	}
	r.open, r.more = false, false
	name, text := found[1], strings.TrimSpace(found[2])
	ours := slices.Contains(own, name) || name == "param" && typed().MatchString(text)
	if c.doc && !ours {
		if near := catalog.Nearest(name, own); len(near) == 0 || slices.Contains(foreign, name) || slices.Contains(Tags, name) {
			return
		}
	}
	var err *Error
	switch name {
	case "name":
		err = r.text(&r.Name, c, name, text)
	case "description":
		err = r.text(&r.Description, c, name, text)
		r.open = err == nil
	case "param":
		err = r.param(c, text)
	case "allow":
		err = r.allow(c, text)
	case "writes":
		err = r.writes(c, text)
	case "timeout":
		err = r.timeout(c, text)
	case "schedule":
		r.Schedules = append(r.Schedules, Value{text, c.line})
	default:
		if !slices.Contains(foreign, name) {
			err = &Error{Message: "there is no @" + name + catalog.Aside(at(catalog.Nearest(name, Tags))),
				Hint: "the tags are @" + strings.Join(Tags, ", @") + "; if it is not a tag, begin the line with another word"}
		}
	}
	if err != nil {
		err.Line, err.Tag = c.line, name
		r.wrong = append(r.wrong, err)
	}
}

// at puts an @ before names.
func at(names []string) (tags []string) {
	for _, name := range names {
		tags = append(tags, "@"+name)
	}
	return tags
}

// text reads a text, which a header has once. It may be in quotes.
func (r *reader) text(into *Value, c comment, name, text string) *Error {
	if n := len(text); n > 1 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		text = strings.TrimSpace(text[1 : n-1])
	}
	switch {
	case text == "":
		return &Error{Message: "@" + name + " has no text", Hint: "write it after the tag: -- @" + name + " Import accounts"}
	case into.Line > 0:
		return &Error{Message: fmt.Sprintf("@%s is already on line %d", name, into.Line), Hint: "delete one of them"}
	}
	*into = Value{text, c.line}
	return nil
}

// allow reads hosts: net=api.example.com, *.example.org.
func (r *reader) allow(c comment, text string) *Error {
	what, hosts, ok := strings.Cut(text, "=")
	if strings.TrimSpace(what) != "net" || !ok {
		return &Error{Message: fmt.Sprintf("unknown permission %q in @allow; only net is supported", strings.TrimSpace(what)),
			Hint: "write the hosts that it reaches, such as -- @allow net=api.example.com"}
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if host = strings.TrimSpace(host); host != "" {
			r.Net = append(r.Net, Value{host, c.line})
		}
	}
	return nil
}

// nothing is what @writes says of a script that only reads.
const nothing = "nothing"

// writes reads the names of models.
func (r *reader) writes(c comment, text string) *Error {
	text, _, _ = strings.Cut(text, " --")
	names := strings.FieldsFunc(text, func(x rune) bool { return x == ',' || x == ' ' || x == '\t' })
	if len(names) == 0 {
		return &Error{Message: "@writes names no model", Hint: "name the models that the script writes to, such as -- @writes company, enduser; or write -- @writes nothing"}
	}
	if r.WritesLine == 0 {
		r.WritesLine = c.line
	}
	if len(names) == 1 && names[0] == nothing {
		return nil
	}
	for _, name := range names {
		r.Writes = append(r.Writes, Value{name, c.line})
	}
	return nil
}

func (r *reader) timeout(c comment, text string) *Error {
	if r.TimeoutLine > 0 {
		return &Error{Message: fmt.Sprintf("@timeout is already on line %d", r.TimeoutLine), Hint: "delete one of them"}
	}
	text, _, _ = strings.Cut(text, " --")
	text = strings.TrimSpace(text)
	var limit time.Duration
	if err := config.Set("", text, &limit, config.ParseTimeout); err != nil || limit == 0 {
		message := "@timeout has no time"
		if err != nil {
			message = "@timeout: " + err.Error()
		}
		return &Error{Message: message, Hint: "write how long a run may take, such as -- @timeout 30m"}
	}
	r.Timeout, r.TimeoutLine = limit, c.line
	return nil
}

// CheckWrites returns an error for the first model in @writes that does not exist. models
// are those that the catalog does not know.
func (h *Header) CheckWrites(models []*catalog.Model) *Error {
	names := []string{Request}
	for _, m := range slices.Concat(catalog.Load().Models, models) {
		names = append(names, m.Snake)
	}
	for _, v := range h.Writes {
		if !slices.Contains(names, v.Text) {
			return &Error{Line: v.Line, Tag: "writes", Message: "@writes: there is no model '" + v.Text + "'" + catalog.DidYouMean(v.Text, names), Hint: "'phscript doc' lists the models; declare custom models in phscript.toml"}
		}
	}
	return nil
}

// Request is the name by which @writes allows requests that are not those of a model.
const Request = "planhat.request"

// Target is what @writes calls the model of a write.
func Target(model string) string {
	if model == "planhat" {
		return Request
	}
	return model
}

// MayWrite reports whether the script may write to a model.
func (h *Header) MayWrite(model string) bool {
	return h.WritesLine == 0 || slices.ContainsFunc(h.Writes, func(v Value) bool { return v.Text == Target(model) })
}
