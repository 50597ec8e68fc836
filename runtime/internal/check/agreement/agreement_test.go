// Package agreement holds the check of scripts against their runs: it refuses the literals
// that the run refuses, and no others.
package agreement

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/lualib/luapattern"
	"github.com/phscript/phscript/tests/script"
)

// calls are calls that the run takes, with %s in the place of an argument that has a
// parser, or of the options. A parameter has the name of the function and its own, an
// option that of the function alone.
var calls = map[string]string{
	"time.today zone": `time.today(%s)`, "time.format t": `time.format(%s)`, "time.format layout": `time.format(0, %s)`, "time.format zone": `time.format(0, "iso", %s)`,
	"time.parse": `time.parse("", %s)`, "time.iso t": `time.iso(%s)`, "time.iso zone": `time.iso(0, %s)`, "time.add duration": `time.add(0, %s)`, "time.add t": `time.add(%s, "1d")`,
	"time.diff unit": `time.diff(0, 0, %s)`, "time.diff later": `time.diff(%s, 0)`, "time.start_of period": `time.start_of(0, %s)`, "time.end_of period": `time.end_of(0, %s)`,
	"time.duration duration": `time.duration(%s)`, "time.format_duration duration": `time.format_duration(%s)`, "time.try_parse": `time.try_parse("2024-01-15", %s)`,
	"csv.parse": `csv.parse("a;b\n1;2\n", %s)`, "csv.format": `csv.format({ { a = 1 } }, %s)`, "json.encode": `json.encode({ 1 }, %s)`, "inspect.inspect": `inspect({ 1 }, %s)`,
	"money.parse": `money.parse("1", %s)`, "crypto.hash algorithm": `require("crypto").hash(%s, "a")`, "crypto.hash form": `require("crypto").hash("md5", "a", %s)`,
	"crypto.uuid version": `require("crypto").uuid(%s)`, "crypto.random bytes": `require("crypto").random(%s)`, "fs.list": `fs.list(".", %s)`,
	"parallel.map": `require("parallel").map({ 1 }, function(n) return n end, %s)`, "template.render": `require("template").render("a", {}, %s)`,
	"template.render text": `require("template").render(%s, { a = 1, name = "b" })`, "http.client": `require("http").client(%s)`, "progress.start": `require("progress").start(%s)`,
}

// needed are options that a call needs besides.
var needed = map[string]string{"http.client": `base = "https://a.example"`, "money.parse": `decimal = "."`}

// elsewhere are options whose value the call only looks at with others, or that need more.
var elsewhere = map[string]bool{"time.parse format": true, "time.parse zone": true, "csv.parse types": true, "csv.parse skip": true}

var texts = []string{
	"", "UTC", "local", "CET", "CET+1", "+01:00", "Europe/Stockholm", "europe/paris", "Paris", "1d", "2 dayz", "1 month", "soon", "PT1H", "90", "days", "day", "weeks", "decade", "month",
	"iso", "date", "%Y-%m-%d", "%Y-%Q", "YYYY-MM-DD", "excel", "%", "2024-01-15", "2024-02-30", "01/02/2024", "15 Jan 2024", "2024-01-15T10:30:00Z", "20240115", ",", ";", "; ", "\t", "\"", "auto", "\\",
	"utf-8", "UTF-8", "latin1", "windows-1252", "error", "rename", "allow", "nil", "text", "null", "stop", "collect", "raise", "ignore", "empty", ".", "comma", "sha256", "SHA256", "md5", "hex", "base64",
	"[a", "*.csv", "[a-z]", "https://a.example", "a.example", "https://a.example?x=1", "100/10s", "fast", "Hello {{name}}", "Hello {{name", "{{#a}}x",
}

var numbers = []float64{-1, 0, 0.5, 1, 4, 7, 16, 17, 64, 65, 100, 101, 1e6, 1e7}

// TestParameters passes texts and numbers to every parameter of the modules that declares
// how it reads them, as far as it has a call here.
func TestParameters(t *testing.T) {
	var source strings.Builder
	type trial struct {
		name    string
		refused error
	}
	var trials []trial
	add := func(name, call string, value any, refused error) {
		written := fmt.Sprintf("%v", value)
		if text, ok := value.(string); ok {
			written = luaText(text)
		}
		trials = append(trials, trial{name + " " + written, refused})
		fmt.Fprintf(&source, "print((pcall(function() return "+call+" end)))\n", written)
	}
	tested := 0
	for _, m := range builtins.Manual().Modules() {
		funcs := m.Funcs
		if m.Call != nil {
			funcs = append([]*spec.Func{m.Call}, funcs...)
		}
		for _, f := range funcs {
			name := spec.Qualify(m.Name, f.Name)
			for i := range f.Params {
				p := &f.Params[i]
				if call := calls[name+" "+p.Name]; call != "" {
					tested++
					values(p.Type, p.Text != nil || p.Values != nil, p.Number != nil, func(v any) { add(name+" "+p.Name, call, v, p.Refuses(v)) })
				}
				for j := range p.Fields {
					option := &p.Fields[j]
					call := calls[name]
					if call == "" || elsewhere[name+" "+option.Name] {
						continue
					}
					tested++
					table := "{ " + option.Name + " = %s }"
					if more := needed[name]; more != "" && !strings.HasPrefix(more, option.Name+" ") {
						table = "{ " + more + ", " + option.Name + " = %s }"
					}
					if option.Type == "table" {
						table = strings.Replace(table, "= %s", "= { %s }", 1)
					}
					values(option.Type, option.Text != nil || option.Values != nil, option.Number != nil, func(v any) {
						add(name+" "+option.Name, strings.Replace(call, "%s", table, 1), v, option.Refuses(v))
					})
				}
			}
		}
	}
	require.Greater(t, tested, 60)
	require.Greater(t, len(trials), 1500)
	got := strings.Fields(script.New(t).Prints(t, chunks(source.String())))
	require.Len(t, got, len(trials))
	for i, one := range trials {
		assert.Equal(t, one.refused == nil, got[i] == "true", "%s: the check says %v", one.name, one.refused)
	}
}

// values are the texts and numbers to try on a type.
func values(typ spec.Type, text, number bool, try func(any)) {
	if text {
		for _, one := range texts {
			try(one)
		}
	}
	for _, n := range numbers {
		if number && (n == float64(int(n)) || typ.Accepts(spec.Number)) {
			try(n)
		}
	}
}

// luaText writes a text as Lua does.
func luaText(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		fmt.Fprintf(&b, "\\%03d", text[i])
	}
	b.WriteByte('"')
	return b.String()
}

// chunks puts lines into functions, which have a limit of constants.
func chunks(lines string) string {
	var b strings.Builder
	all := strings.Split(strings.TrimSpace(lines), "\n")
	const size = 500
	for from := 0; from < len(all); from += size {
		b.WriteString("(function()\n" + strings.Join(all[from:min(from+size, len(all))], "\n") + "\nend)()\n;")
	}
	return strings.TrimSuffix(b.String(), ";")
}

// TestPatterns matches random patterns, all of whose characters can match the text, so
// that the matcher reads them to the end.
func TestPatterns(t *testing.T) {
	parts := []string{"a", ".", "%a", "[a]", "[^b]", "(", ")", "a*", ".-", "%a?", "%1", "a+"}
	ends := []string{"", "", "", "%", "[", "[%", "[^", "%b", "%bx", "%f", "%fx", "%2", "()"}
	random := rand.New(rand.NewPCG(16, 16))
	var source strings.Builder
	var patterns []string
	for range 3000 {
		p := ""
		for range 1 + random.IntN(6) {
			p += parts[random.IntN(len(parts))]
		}
		if strings.Contains(p, "()") {
			continue // a position cannot match again
		}
		p += ends[random.IntN(len(ends))] // what follows these may not match
		patterns = append(patterns, p)
		fmt.Fprintf(&source, "print((pcall(string.match, (\"a\"):rep(60), %s)))\n", luaText(p))
	}
	got := strings.Fields(script.New(t).Prints(t, chunks(source.String())))
	require.Len(t, got, len(patterns))
	for i, p := range patterns {
		_, wrong := luapattern.Read(p)
		assert.Equal(t, wrong == "", got[i] == "true", "%q: %s", p, wrong)
	}
}
