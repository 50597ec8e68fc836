package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// directive matches a comment that speaks to the check: what it says, and the
// rest of its line.
var directive = pattern.Lazy(`^--+\s*phscript:\s*([\w-]+)(.*)`)

// ignore is a comment that keeps rules quiet.
type ignore struct {
	comment compile.Token
	// rules are the names that it gives, none for all; columns are their
	// positions.
	rules   []string
	columns []int
	// line is the line that it is about, 0 for the whole file.
	line int
	hit  map[string]bool
}

// ignores reads the comments, and reports those that make no sense.
func (c *script) ignores() []*ignore {
	var list []*ignore
	for _, comment := range c.comments {
		m := directive().FindStringSubmatchIndex(comment.Text)
		if m == nil {
			continue
		}
		word, rest := comment.Text[m[2]:m[3]], comment.Text[m[4]:m[5]]
		if word != "ignore" && word != "ignore-file" {
			if near := catalog.Nearest(word, []string{"ignore", "ignore-file"}); len(near) > 0 {
				c.atComment(comment, m[2], m[3], "unknown-rule", fmt.Sprintf("unknown comment 'phscript: %s'%s", word, catalog.DidYouMean(word, []string{"ignore", "ignore-file"})))
			}
			continue
		}
		ig := &ignore{comment: comment, hit: map[string]bool{}}
		c.readNames(ig, rest, m[4])
		if word == "ignore-file" {
			if len(c.flow.Tokens) > 0 && c.flow.Tokens[0].Start < comment.Start {
				c.atComment(comment, m[2], m[3], "unused-ignore", "put this comment at the top of the file, before the first line of code")
				continue
			}
		} else if ig.line = c.lineFor(comment); ig.line == 0 {
			continue
		}
		list = append(list, ig)
	}
	return list
}

// readNames reads the names of rules after the word. What follows two dashes
// or an opening parenthesis is the reason.
func (c *script) readNames(ig *ignore, rest string, offset int) {
	end := len(rest)
	for _, mark := range []string{"--", "("} {
		if i := strings.Index(rest, mark); i >= 0 {
			end = min(end, i)
		}
	}
	for i := 0; i < end; {
		if strings.ContainsRune(" \t,\r:", rune(rest[i])) {
			i++
			continue
		}
		from := i
		for i < end && !strings.ContainsRune(" \t,\r", rune(rest[i])) {
			i++
		}
		name := rest[from:i]
		if report.RuleNamed(name) == nil {
			f := c.atComment(ig.comment, offset+from, offset+i, "unknown-rule", fmt.Sprintf("there is no rule '%s'%s", name, catalog.DidYouMean(name, report.RuleNames())))
			f.Hint = "put a reason after two dashes: -- phscript: ignore RULE -- why"
			ig.hit[name] = true
		}
		ig.rules, ig.columns = append(ig.rules, name), append(ig.columns, offset+from)
	}
}

// lineFor is the line that a comment is about: its own if code comes before
// it, otherwise that of the next code.
func (c *script) lineFor(comment compile.Token) int {
	for _, t := range c.flow.Tokens {
		if t.EndLine == comment.Line && t.Start < comment.Start {
			return comment.Line
		}
		if t.Start > comment.Start {
			return t.Line
		}
	}
	// After the last code there is nothing to ignore.
	return comment.Line
}

// atComment adds a finding about a part of a comment.
func (c *script) atComment(comment compile.Token, from, to int, name, message string) *finding {
	f := &finding{Finding: report.Finding{
		Rule: name, Severity: report.RuleNamed(name).Severity, File: c.name, Message: message,
		Line: comment.Line, Column: comment.Column + from, EndLine: comment.Line, EndColumn: comment.Column + to - 1,
	}}
	c.found = append(c.found, f)
	return f
}

// silence takes out the findings that comments ignore, and reports comments
// that ignore nothing.
func (c *script) silence() {
	list := c.ignores()
	c.found = slices.DeleteFunc(c.found, func(f *finding) bool {
		quiet := false
		for _, ig := range list {
			if ig.covers(f) {
				ig.hit[f.Rule] = true
				quiet = true
			}
		}
		return quiet
	})
	for _, ig := range list {
		if len(ig.rules) == 0 && len(ig.hit) == 0 {
			end := len(strings.TrimRight(ig.comment.Text, " \t\r"))
			c.atComment(ig.comment, 0, end, "unused-ignore", "there is nothing here to ignore").Hint = "remove the comment"
		}
		for i, name := range ig.rules {
			if !ig.hit[name] && c.options.wants(name) {
				c.atComment(ig.comment, ig.columns[i], ig.columns[i]+len(name), "unused-ignore", fmt.Sprintf("there is no '%s' here to ignore", name)).Hint = "remove the comment or this name"
			}
		}
	}
}

func (ig *ignore) covers(f *finding) bool {
	if ig.line != 0 && ig.line != f.Line && ig.line != f.EndLine {
		return false
	}
	return len(ig.rules) == 0 || slices.Contains(ig.rules, f.Rule)
}

// wants reports whether a rule is looked for.
func (o *Options) wants(name string) bool {
	if slices.Contains(o.Disable, name) {
		return false
	}
	return len(o.Only) == 0 || slices.Contains(o.Only, name)
}
