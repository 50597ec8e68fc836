package profile

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	pprof "github.com/google/pprof/profile"
	"github.com/mattn/go-runewidth"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Line is the time of one line.
type Line struct {
	// Name is the chunk's.
	Name string
	Line int
	// Self is the time on the line itself, and Total that with the calls that it makes.
	Self, Total time.Duration
}

// Lines returns the lines by the time that was spent on them, the longest first.
func (p *Profile) Lines() []Line {
	type place struct {
		name string
		line int
	}
	lines := map[place]*Line{}
	at := func(c call) *Line {
		k := place{c.proto.SourceName, c.line}
		if lines[k] == nil {
			lines[k] = &Line{Name: k.name, Line: k.line}
		}
		return lines[k]
	}
	for _, e := range p.entries {
		seen := map[*Line]bool{}
		for i, c := range e.stack {
			l := at(c)
			if i == 0 {
				l.Self += e.spent
			}
			if !seen[l] { // of a function that calls itself, the time counts once
				seen[l] = true
				l.Total += e.spent
			}
		}
	}
	var all []Line
	for _, l := range lines {
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Self, a.Self), cmp.Compare(b.Total, a.Total), strings.Compare(a.Name, b.Name), cmp.Compare(a.Line, b.Line))
	})
	return all
}

// source returns a line of a chunk, "" if it is not known.
func (p *Profile) source(name string, line int) string {
	n := 0
	for text := range bytes.Lines(p.Sources[name]) {
		if n++; n == line {
			return string(text)
		}
	}
	return ""
}

// WriteText writes the lines that took longest, at most so many; 0 is all of them. width is that of
// the terminal, 0 for any.
func (p *Profile) WriteText(w io.Writer, most, width int) error {
	lines := p.Lines()
	var out strings.Builder
	fmt.Fprintf(&out, "time per line, of %s in %d samples:\n", round(p.took), p.samples)
	fmt.Fprintf(&out, "%10s %6s  %10s  %s\n", "line", "", "with calls", "place")
	for i, l := range lines {
		if most > 0 && i == most {
			out.WriteString(english.Plural(len(lines)-most, "more line", "") + "\n")
			break
		}
		text := fmt.Sprintf("%10s %5.1f%%  %10s  %s:%d  %s", round(l.Self), 100*float64(l.Self)/float64(max(1, p.took)), round(l.Total),
			display.Cell(shown(l.Name)), l.Line, display.Cell(strings.TrimSpace(p.source(l.Name, l.Line))))
		if width > 0 {
			text = runewidth.Truncate(text, width, "…")
		}
		out.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// shown is the name of a chunk as people read it.
func shown(name string) string { return strings.TrimPrefix(name, "=[phscript] ") }

// round leaves three digits or so.
func round(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// WriteProto writes the profile as pprof reads it.
func (p *Profile) WriteProto(w io.Writer) error {
	b := builder{source: p.source, functions: map[*lua.FunctionProto]*pprof.Function{}, locations: map[call]*pprof.Location{}, out: &pprof.Profile{
		SampleType:        []*pprof.ValueType{{Type: "samples", Unit: "count"}, {Type: "wall", Unit: "nanoseconds"}},
		PeriodType:        &pprof.ValueType{Type: "wall", Unit: "nanoseconds"},
		Period:            every.Nanoseconds(),
		TimeNanos:         p.began.UnixNano(),
		DurationNanos:     p.took.Nanoseconds(),
		DefaultSampleType: "wall",
	}}
	for _, key := range slices.Sorted(maps.Keys(p.entries)) {
		e := p.entries[key]
		s := &pprof.Sample{Value: []int64{e.count, e.spent.Nanoseconds()}}
		for _, c := range e.stack {
			s.Location = append(s.Location, b.location(c))
		}
		if len(s.Location) > 0 {
			b.out.Sample = append(b.out.Sample, s)
		}
	}
	if err := b.out.CheckValid(); err != nil {
		return err
	}
	return b.out.Write(w)
}

// builder numbers functions and places.
type builder struct {
	out       *pprof.Profile
	source    func(name string, line int) string
	functions map[*lua.FunctionProto]*pprof.Function
	locations map[call]*pprof.Location
}

func (b *builder) location(c call) *pprof.Location {
	l := b.locations[c]
	if l == nil {
		l = &pprof.Location{ID: uint64(len(b.locations) + 1), Line: []pprof.Line{{Function: b.function(c.proto), Line: int64(c.line)}}}
		b.locations[c] = l
		b.out.Location = append(b.out.Location, l)
	}
	return l
}

func (b *builder) function(proto *lua.FunctionProto) *pprof.Function {
	f := b.functions[proto]
	if f == nil {
		f = &pprof.Function{
			ID: uint64(len(b.functions) + 1), Name: b.name(proto), SystemName: proto.SourceName, Filename: proto.SourceName, StartLine: int64(proto.LineDefined),
		}
		b.functions[proto] = f
		b.out.Function = append(b.out.Function, f)
	}
	return f
}

// named finds the name of a function in the line that defines it.
var named = pattern.Lazy(`function\s+([\w.:]+)|([\w.]+)\s*=\s*function`)

// name is what a function is called: main for that of the file.
func (b *builder) name(proto *lua.FunctionProto) string {
	if proto.LineDefined == 0 {
		return proto.SourceName
	}
	if found := named().FindStringSubmatch(b.source(proto.SourceName, proto.LineDefined)); found != nil {
		return cmp.Or(found[1], found[2])
	}
	return fmt.Sprintf("function at %s:%d", proto.SourceName, proto.LineDefined)
}
