// Package check reads a script without running it and says what is wrong with
// it: names that nobody defined, values that nobody uses, calls and records that
// do not fit the modules, and slips that people make in Lua.
//
// What it knows about modules, models and properties comes from the manual. It
// sends nothing and opens nothing but the files it is given.
//
// A rule asks c.Value(e) what an expression is. It follows the variables, functions,
// tables and lists of the script. The zero value is unknown, and a rule then says
// nothing. If Maybe is set, the value may also be nil, without saying that it ever
// is. Value(e).Choices() are the single values that can reach the expression, so
// each of them that is wrong is a mistake; only a value with one choice has a
// Literal. c.Callee(call) and c.Result(call, place) are for calls. c.onlyValue(name)
// and c.origin(e) tell where a value was written.
package check

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/check/position"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// Options are what a check depends on besides the source.
type Options struct {
	// Globals are names that scripts may use without defining them.
	Globals []string
	// Pedantic also reports what is true and rarely matters. The rules in Only do so anyway.
	Pedantic bool
	// Disable are rules that are left out. If Only has any, no other rule counts.
	Disable, Only []string
	// Schema is what the account of the scripts has, nil if that is unknown.
	Schema *schema.Schema
	// ForTests is the manual for test scripts, *_test.lua, which know more
	// names; nil for the same manual.
	ForTests *manual.Manual
	// Exists reports whether a file is there, for scripts that are required; nil
	// leaves that check out.
	Exists func(path string) bool
	// Read returns what such a file contains, so the check knows what the modules of the
	// project return; nil leaves that out.
	Read func(path string) ([]byte, error)
	// Models are models that the catalog does not know.
	Models []*catalog.Model
	// Command returns the command that has a flag with a name, "" if none has that scripts
	// are given to; nil if there are none.
	Command func(flag string) string
}

// Checker checks scripts. It is safe for concurrent use.
type Checker struct {
	options        Options
	scripts, tests *vocabulary
}

// vocabulary is what a script may name.
type vocabulary struct {
	manual *manual.Manual
	known  map[string]bool
	// declared are the names in known that the options give.
	declared map[string]bool
}

// New makes a checker for scripts that know what the manual describes.
func New(m *manual.Manual, o Options) *Checker {
	c := &Checker{options: o, scripts: newVocabulary(m, o.Globals)}
	c.tests = c.scripts
	if o.ForTests != nil {
		c.tests = newVocabulary(o.ForTests, o.Globals)
	}
	return c
}

func newVocabulary(m *manual.Manual, globals []string) *vocabulary {
	v := &vocabulary{manual: m, known: map[string]bool{"_G": true, "_VERSION": true}, declared: map[string]bool{}}
	for _, module := range m.Modules() {
		if !strings.Contains(module.Name, ".") && !module.Required {
			v.known[module.Name] = true
		}
	}
	for _, f := range m.Globals().Funcs {
		v.known[f.Name] = true
	}
	for _, value := range m.Globals().Values {
		v.known[value.Name] = true
	}
	for _, name := range globals {
		v.known[name], v.declared[name] = true, true
	}
	return v
}

// script is the check of one source.
type script struct {
	*vocabulary
	*infer.Inference
	options *Options
	name    string
	src     []byte
	// shown is the source as findings quote it: without the secrets in it. hidden
	// has what these begin with.
	shown  []byte
	hidden map[string]bool
	// secretTokens are the strings that were reported as secrets.
	secretTokens map[int]bool
	chunk        []ast.Stmt
	comments     []compile.Token
	flow         *flow.Graph
	found        []*finding
	// targets are the fields that assignments set; setGlobals, setMembers and
	// setFields are the names that the script itself gives values: globals,
	// functions of modules, and fields of any table.
	targets                           map[*ast.AttrGetExpr]bool
	setGlobals, setMembers, setFields map[string]bool
	// escaped are the variables whose tables others may change, with the
	// statements and expressions that hand them on; it is made when it is first
	// needed.
	escaped map[*flow.Variable][]any
	// wrong are the constants that were reported where a variable may have them.
	wrong map[ast.Expr]bool
	// project are the modules that the script and its modules require.
	project project
	// made are the script's tables and functions, nil until they are known.
	made *contents
	// calls is what calledMembers returns.
	calls map[*flow.Variable][]string
	// overloading is what overloads returns.
	overloading *bool
	// spared is what guarded returns.
	spared map[string]bool
	// loads is what loadsOwnFiles returns.
	loads *bool
	// sets are the fields that assignments set, with what they get; sent are the
	// models of which the script sends back records that it read.
	sets []set
	sent map[*catalog.Model]purpose
	// tested are the values that the script asks about.
	tested *tested
	// together are the findings about globals that miss a local, by function.
	together map[*flow.Function]*finding
	// suggested counts the undefined names for which similar ones were looked up, told those that
	// were reported.
	suggested int
	// slips are the locals that globals may mean, in words, and locals the names of them all.
	slips  map[string]string
	locals *nameIndex
	told   map[string]bool
	// typed are the values that are compared with names of types.
	typed map[string]bool
	// attempts are calls whose error the script expects; nil before they are looked for.
	attempts []position.Span
	// says is the script's header, nil for tests.
	says *header.Header
	// preloads tells that the script provides modules by itself.
	preloads bool
	// checked, checkedField and checkedKey are what was looked at already.
	checked      map[*ast.TableExpr]bool
	checkedField map[*ast.Field]bool
	checkedKey   map[*ast.StringExpr]bool
	truth        truths
}

// newScript makes the check of one source.
func newScript(v *vocabulary, options *Options, name string, src []byte) *script {
	s := &script{
		vocabulary: v, options: options, name: name, src: src, shown: src,
		targets: map[*ast.AttrGetExpr]bool{}, sent: map[*catalog.Model]purpose{}, wrong: map[ast.Expr]bool{},
		checked: map[*ast.TableExpr]bool{}, checkedField: map[*ast.Field]bool{}, checkedKey: map[*ast.StringExpr]bool{},
	}
	s.Inference = s.inference()
	return s
}

// finding is a Finding under way, at a token.
type finding struct {
	report.Finding
	token int
	// others are further names that the message tells of.
	others []string
	// minor holds for what is true and rarely matters.
	minor bool
}

// Source checks one source and returns what is wrong, in the order of the
// lines. The name decides where required files are looked for.
func (c *Checker) Source(name string, src []byte) (findings []report.Finding) {
	defer func() {
		if caught := recover(); caught != nil {
			findings = []report.Finding{{
				Rule: "syntax", Severity: report.Error, File: name,
				Message: fmt.Sprintf("the check itself failed on this file: %v", caught),
				Hint:    "this is a bug in phscript; please report it and include the script",
			}}
		}
	}()
	v := c.scripts
	if strings.HasSuffix(name, "_test.lua") {
		v = c.tests
	}
	s := newScript(v, &c.options, name, src)
	s.project = project{}
	return s.check(src)
}

func (c *script) check(src []byte) []report.Finding {
	parsed, err := compile.Read(src, c.name)
	if err != nil {
		return c.refused(err)
	}
	p, err := position.Locate(parsed.Chunk, parsed.Tokens)
	if err != nil {
		panic(err)
	}
	c.comments = parsed.Comments
	c.chunk, c.flow = parsed.Chunk, flow.Trace(parsed.Chunk, p)
	c.preloads = strings.Contains(string(src), "package.preload") || strings.Contains(string(src), "package.loaded")
	c.header(src)
	c.collect()
	c.contents()
	c.secrets()
	c.globals()
	c.unused()
	c.shadows()
	c.unreachable()
	c.uninitialized()
	c.inspect()
	c.unread(src)
	c.silence()
	// The compiler's own limits come last, as it takes the tree apart.
	if _, err := parsed.Compile(); err != nil {
		return c.refused(err)
	}
	return c.finish()
}

// refused reports what the compiler does not take.
func (c *script) refused(err error) []report.Finding {
	f := &finding{Finding: report.Finding{Rule: "syntax", Severity: report.Error, File: c.name, Message: err.Error()}}
	var syntax *compile.SyntaxError
	if errors.As(err, &syntax) {
		f.Line, f.Column, f.EndLine, f.Message, f.Hint = syntax.Line, syntax.Column, syntax.Line, syntax.Message, syntax.Hint
		f.EndColumn = f.Column
		if syntax.Near != "" {
			f.Message += " near '" + syntax.Near + "'"
			if syntax.Column > 0 && syntax.Near != "<eof>" {
				f.EndColumn = f.Column + len(syntax.Near) - 1
			}
		}
	}
	c.found = []*finding{f}
	c.hideUnread()
	return c.finish()
}

// at adds a finding about a token.
func (c *script) at(token int, rule, message string) *finding {
	return c.between(token, token, rule, message)
}

// on adds a finding about a whole expression.
func (c *script) on(e ast.Expr, rule, message string) *finding {
	span := c.flow.Expr[e]
	return c.between(span.From, span.To, rule, message)
}

// between adds a finding about a run of tokens.
func (c *script) between(from, to int, name, message string) *finding {
	first, last := c.flow.Tokens[from], c.flow.Tokens[to]
	f := &finding{token: from, Finding: report.Finding{
		Rule: name, Severity: report.RuleNamed(name).Severity, File: c.name, Message: message,
		Line: first.Line, Column: first.Column, EndLine: last.EndLine, EndColumn: last.EndColumn,
	}}
	c.found = append(c.found, f)
	return f
}

// finish orders the findings that are wanted and gives them their source lines.
func (c *script) finish() []report.Finding {
	slices.SortStableFunc(c.found, func(a, b *finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	lines := strings.Split(string(c.shown), "\n")
	line := func(n int) string {
		if n < 1 || n > len(lines) {
			return ""
		}
		text := strings.TrimRight(lines[n-1], "\r")
		if n == 1 {
			text = strings.TrimPrefix(text, "\xef\xbb\xbf")
		}
		return text
	}
	out := make([]report.Finding, 0, len(c.found))
	for _, f := range c.found {
		if !c.options.wants(f.Rule) || f.minor && !c.options.Pedantic && len(c.options.Only) == 0 {
			continue
		}
		f.SourceLine, f.EndSourceLine = line(f.Line), line(f.EndLine)
		if len(c.hidden) > 0 {
			f.SourceLine, f.EndSourceLine = c.withoutSecrets(f.SourceLine), c.withoutSecrets(f.EndSourceLine)
			f.Message, f.Hint, f.Subject = c.withoutSecrets(f.Message), c.withoutSecrets(f.Hint), c.withoutSecrets(f.Subject)
		}
		out = append(out, f.Finding)
	}
	return report.Once(out)
}
