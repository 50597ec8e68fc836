package check

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/secret"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// escapesInTexts reports backslashes that do not begin an escape: Lua drops them
// silently.
func (c *script) escapesInTexts() {
	for i, t := range c.flow.Tokens {
		if t.Kind != compile.String || t.Text[0] == '[' || !strings.Contains(t.Text, `\`) {
			continue
		}
		if escaped := unknownEscape(t.Text); escaped != "" {
			f := c.at(i, "escape", fmt.Sprintf(`Lua drops the backslash of '\%s', which is not an escape sequence`, escaped))
			f.Hint, f.Subject = escapeHint(t.Text, escaped), escaped
		}
	}
}

// unknownEscape returns the first character that a backslash does not
// escape in Lua 5.1, or "".
func unknownEscape(text string) string {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		if strings.IndexByte("abfnrtv\\\"'\r\n0123456789", text[i]) >= 0 {
			continue
		}
		for _, r := range text[i:] {
			return string(r)
		}
	}
	return ""
}

// escapeHint says what to write in the place of a backslash.
func escapeHint(text, escaped string) string {
	body := text[1:]
	switch {
	case len(body) > 2 && body[1] == ':' && body[2] == '\\', strings.HasPrefix(body, `\\`):
		return `use / in paths, or double each backslash: \\`
	case escaped == "x" || escaped == "u" || escaped == "z":
		return fmt.Sprintf(`this version of Lua does not support '\%s'; write the character itself, or its decimal byte value as in \65`, escaped)
	case strings.ContainsAny(escaped, "dswDSW.[](){}+*?^$|-/"):
		return `in patterns, escape with % instead: "%` + escaped + `"; write a backslash itself as \\`
	}
	return `write a backslash itself as \\; in paths, you can use / instead`
}

// secrets reports secrets that are written into the script, and hides them in what
// findings show of it. Tests may use tokens that they made up.
func (c *script) secrets() {
	for i, t := range c.flow.Tokens {
		if t.Kind == compile.String {
			c.secretInText(i, t)
		}
	}
	for _, t := range c.comments {
		c.secretInComment(t)
	}
	if strings.HasSuffix(c.name, "_test.lua") || strings.HasSuffix(c.name, "_spec.lua") {
		return
	}
	v := syntax.Visitor{Stmt: func(s ast.Stmt) {
		switch s := s.(type) {
		case *ast.LocalAssignStmt:
			for i := range min(len(s.Names), len(s.Exprs)) {
				c.secretNamed(s.Names[i], s.Exprs[i])
			}
		case *ast.AssignStmt:
			for i := range min(len(s.Lhs), len(s.Rhs)) {
				switch target := s.Lhs[i].(type) {
				case *ast.IdentExpr:
					c.secretNamed(target.Value, s.Rhs[i])
				case *ast.AttrGetExpr:
					if key, ok := target.Key.(*ast.StringExpr); ok {
						c.secretNamed(key.Value, s.Rhs[i])
					}
				}
			}
		}
	}, Expr: func(e ast.Expr) {
		if table, ok := e.(*ast.TableExpr); ok {
			for _, f := range table.Fields {
				if key, ok := f.Key.(*ast.StringExpr); ok {
					c.secretNamed(key.Value, f.Value)
				}
			}
		}
	}}
	v.Statements(c.chunk)
}

// secretInText reports what has the form of a secret in a string.
func (c *script) secretInText(token int, t compile.Token) {
	spans, kind := secret.Known(t.Text)
	message, variable := "", "PASSWORD"
	if kind != nil {
		message, variable = kind.Name, kind.Variable
	} else if spans = secret.InAddress(strings.Trim(t.Text, `"'[]=`)); len(spans) > 0 {
		message = "a password or key in an address"
		offset := len(t.Text) - len(strings.TrimLeft(t.Text, `"'[]=`))
		for i := range spans {
			spans[i].From, spans[i].To = spans[i].From+offset, spans[i].To+offset
		}
	}
	if len(spans) == 0 {
		return
	}
	for _, span := range spans {
		c.hide(t.Start+span.From, t.Start+span.To)
	}
	c.secretAt(token, spans, "this looks like "+message+", which everyone who can read the script can use", variable)
}

// secretAt reports the secret of a string, once.
func (c *script) secretAt(token int, spans []secret.Span, message, variable string) {
	if c.secretTokens[token] {
		return
	}
	if c.secretTokens == nil {
		c.secretTokens = map[int]bool{}
	}
	c.secretTokens[token] = true
	f := c.at(token, "secret", message)
	before, after := around(c.flow.Tokens[token].Text, spans)
	f.Hint = fmt.Sprintf("read it from an environment variable: %senv.require(%q)%s; if others have seen it, replace it with a new one", before, variable, after)
}

// around returns the code that joins the rest of a string with its secret, "" where there is
// no rest or it is too long to show.
func around(text string, spans []secret.Span) (before, after string) {
	const longest = 100
	quote := text[:1]
	if len(spans) != 1 || quote == "[" || strings.Contains(text, "\n") {
		return "", ""
	}
	before, after = text[1:spans[0].From], text[spans[0].To:len(text)-1]
	if before == "https://" || len(before)+len(after) > longest {
		return "", "" // what is secret is the whole address
	}
	if before != "" {
		before = quote + before + quote + " .. "
	}
	if after != "" {
		after = " .. " + quote + after + quote
	}
	return before, after
}

// secretInComment reports what has the form of a secret in a comment.
func (c *script) secretInComment(t compile.Token) {
	spans, kind := secret.Known(t.Text)
	if kind == nil {
		return
	}
	for _, span := range spans {
		c.hide(t.Start+span.From, t.Start+span.To)
	}
	before := t.Text[:spans[0].From]
	line, column := strings.Count(before, "\n"), t.Column
	if at := strings.LastIndexByte(before, '\n'); at >= 0 {
		before, column = before[at+1:], 1
	}
	f := c.atComment(t, 0, 0, "secret", "this looks like "+kind.Name+", which everyone who can read the script can use")
	f.Line, f.EndLine, f.Column = t.Line+line, t.Line+line, column+len(before)
	first, _, _ := strings.Cut(t.Text[spans[0].From:spans[0].To], "\n")
	f.EndColumn = f.Column + len(first) - 1
	f.Hint = "remove it; if others have seen it, replace it with a new one"
}

// secretNamed reports a text that looks like a secret and is stored under a name such as
// password.
func (c *script) secretNamed(name string, value ast.Expr) {
	if _, ok := secret.Named(name, "q7Zk3Vb9Lm2Xc8Rt5Yw1"); !ok {
		return
	}
	switch e := value.(type) {
	case *ast.LogicalOpExpr:
		c.secretNamed(name, e.Lhs)
		c.secretNamed(name, e.Rhs)
		return
	case *ast.StringConcatOpExpr:
		c.secretNamed(name, e.Rhs)
		return
	}
	for _, choice := range c.Value(value).Choices() {
		text, ok := choice.Literal.(*ast.StringExpr)
		if !ok {
			continue
		}
		span, ok := secret.Named(name, text.Value)
		if !ok {
			continue
		}
		token := c.flow.Expr[text].At
		t := c.flow.Tokens[token]
		from, to := t.Start+1, t.End-1
		if at := strings.Index(t.Text, text.Value[span.From:span.To]); at >= 0 {
			from, to = t.Start+at, t.Start+at+span.To-span.From
		}
		c.hide(from, to)
		spans := []secret.Span{{From: from - t.Start, To: to - t.Start}}
		c.secretAt(token, spans, fmt.Sprintf("'%s' is written into the script, so everyone who can read the script can use it", name), variableFor(name))
	}
}

// variableFor is the name of an environment variable for a secret with a name.
func variableFor(name string) string {
	var out strings.Builder
	last := rune('_')
	for _, r := range name {
		switch {
		case r == '-' || r == ' ' || r == '.':
			r = '_'
		case unicode.IsUpper(r) && unicode.IsLower(last):
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToUpper(r))
		last = r
	}
	if text := out.String(); !strings.EqualFold(name, "authorization") && !strings.EqualFold(name, "bearer") {
		return text
	}
	return "API_TOKEN"
}

// hideUnread hides the secrets of a source that is not valid Lua.
func (c *script) hideUnread() {
	tokens := compile.Tokens(c.src)
	for i, t := range tokens {
		spans, _ := secret.Known(t.Text)
		name := ""
		switch {
		case t.Kind != compile.String || i < 2 || tokens[i-1].Text != "=":
		case tokens[i-2].Kind == compile.Name:
			name = tokens[i-2].Text
		case i > 2 && tokens[i-2].Text == "]":
			name = strings.Trim(tokens[i-3].Text, `"'`)
		}
		body := strings.Trim(t.Text, `"'`)
		if !strings.HasSuffix(t.Text, `"`) && !strings.HasSuffix(t.Text, "'") {
			body, _, _ = strings.Cut(body, " ") // a string without an end
		}
		if len(spans) == 0 && name != "" {
			if span, ok := secret.Named(name, body); ok {
				at := strings.Index(t.Text, body)
				spans = append(spans, secret.Span{From: at + span.From, To: at + span.To})
			}
		}
		for _, span := range spans {
			c.hide(t.Start+span.From, t.Start+span.To)
		}
	}
}

// hide keeps a part of the source out of what findings show.
func (c *script) hide(from, to int) {
	if len(c.hidden) == 0 {
		c.shown, c.hidden = slices.Clone(c.src), map[string]bool{}
	}
	if hidden := string(c.src[from:to]); len(hidden) >= telling {
		c.hidden[hidden[:telling]] = true
	}
	for i := from; i < to; i++ {
		if c.shown[i] > ' ' && c.shown[i] < unicode.MaxASCII {
			c.shown[i] = '*'
		}
	}
}

// telling is how many characters of a secret are too many to show.
const telling = 6

// withoutSecrets is a text in which what begins as one of the hidden parts of the source
// is replaced by as many stars.
func (c *script) withoutSecrets(text string) string {
	out := []byte(text)
	for i := 0; i+telling <= len(text); i++ {
		if !c.hidden[text[i:i+telling]] {
			continue
		}
		end := strings.IndexAny(text[i+telling:], "\"' ,;)]}&")
		if end < 0 {
			end = len(text) - i - telling
		}
		for ; end+telling > 0; end-- {
			out[i] = '*'
			i++
		}
	}
	return string(out)
}
