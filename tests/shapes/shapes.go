// Package shapes compares answers of stand-ins with what was recorded of the vendors'
// own: which fields an answer has, and of which types they are.
//
// The recordings are public: answers in the tests of open-source projects, and examples in
// the vendors' documentation. They are not part of this repository. Each vendor's file has
// the facts alone: a request and, below it, the paths of its answer with their types.
//
//	# Where the recording is.
//	GET /crm/objects/2026-09/companies
//	results[].id string
//	results[].properties.* any
//	- results[].old: why the stand-in has a field that no recording shows
//	stream companies results[]
//
// In paths of requests, * is a part such as an id. In those of answers, * is any key, and **
// whatever is below. The type "any" is for fields that each account defines itself. A line with a dash says that a field may differ, and why; one that nothing
// needs is an error. A line with a tilde is for what only some tests make stand-ins answer. "stream" says where the records of a connector's stream are. A request for which
// no recording was found is listed with a dash as well: "- GET /path: why".
package shapes

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

//go:embed *.txt
var files embed.FS

// Names are the vendors that have a file.
func Names() []string {
	var names []string
	entries, _ := fs.ReadDir(files, ".")
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txt"))
	}
	return names
}

// Shapes are the recorded answers of a vendor.
type Shapes struct {
	blocks []*block
	// unrecorded are the requests for which no recording was found.
	unrecorded []*allowed
}

// block is the shape of the answers to one kind of request.
type block struct {
	method  string
	path    *regexp.Regexp
	request string
	fields  []field
	allowed []*allowed
	streams map[string]string
}

type field struct {
	path    *regexp.Regexp
	types   []string
	parents []*regexp.Regexp
}

// allowed is a difference that stays.
type allowed struct {
	path *regexp.Regexp
	text string
	used bool
}

// Load returns the shapes of a vendor.
func Load(vendor string) (*Shapes, error) {
	text, err := files.ReadFile(vendor + ".txt")
	if err != nil {
		return nil, err
	}
	return parse(string(text))
}

var request = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE) (/\S*)$`)

func parse(text string) (*Shapes, error) {
	s := &Shapes{}
	var at *block
	sourced := false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		m := request.FindStringSubmatch(line)
		rest, dashed := strings.CutPrefix(line, "- ")
		own, tilde := strings.CutPrefix(line, "~ ")
		if tilde {
			rest, dashed = own, true
		}
		words := strings.Fields(line)
		switch {
		case line == "":
			sourced = false
		case strings.HasPrefix(line, "#"):
			sourced = true
		case m != nil && !sourced:
			return nil, fmt.Errorf("line %d: say in a comment before the request where its recording is", i+1)
		case m != nil:
			at = &block{method: m[1], path: pattern(m[2], `[^/]*`), request: line, streams: map[string]string{}}
			s.blocks = append(s.blocks, at)
		case dashed:
			what, why, _ := strings.Cut(rest, ": ")
			if why == "" {
				return nil, fmt.Errorf("line %d: say why the difference stays", i+1)
			}
			if m := request.FindStringSubmatch(what); m != nil {
				s.unrecorded = append(s.unrecorded, &allowed{path: pattern(m[1]+" "+m[2], `[^/]*`), text: line, used: tilde})
			} else if at != nil {
				at.allowed = append(at.allowed, &allowed{path: pattern(what, `[^.]*`), text: line, used: tilde})
			}
		case at == nil || len(words) < 2:
			return nil, fmt.Errorf("line %d is not a request, a field or a difference: %s", i+1, line)
		case words[0] == "stream" && len(words) == 3:
			at.streams[words[1]] = words[2]
		default:
			at.fields = append(at.fields, field{pattern(words[0], `[^.]*`), words[1:], parents(words[0])})
		}
	}
	return s, nil
}

// pattern returns an expression for a path in which * is one part, and ** any number of them.
func pattern(path, part string) *regexp.Regexp {
	quoted := regexp.QuoteMeta(path)
	quoted = strings.ReplaceAll(quoted, `\*\*`, "\x00")
	quoted = strings.ReplaceAll(quoted, `\*`, part)
	return regexp.MustCompile("^" + strings.ReplaceAll(quoted, "\x00", `.*`) + "$")
}

// Check returns how an answer to a request differs from what was recorded.
func (s *Shapes) Check(method, path string, answer []byte) []string {
	path, _, _ = strings.Cut(path, "?")
	b := s.find(method, path)
	if b == nil {
		for _, a := range s.unrecorded {
			if a.path.MatchString(method + " " + path) {
				a.used = true
				return nil
			}
		}
		return []string{fmt.Sprintf("%s %s: no recording is known", method, path)}
	}
	var value any
	if err := json.Unmarshal(answer, &value); err != nil {
		return []string{fmt.Sprintf("%s: the answer is not JSON: %v", b.request, err)}
	}
	found := map[string]bool{}
	b.compare("", value, found)
	problems := make([]string, 0, len(found))
	for p := range found {
		problems = append(problems, b.request+": "+p)
	}
	slices.Sort(problems)
	return problems
}

// Knows reports whether there is a recording of the answers to a request.
func (s *Shapes) Knows(method, path string) bool {
	path, _, _ = strings.Cut(path, "?")
	return s.find(method, path) != nil
}

func (s *Shapes) find(method, path string) *block {
	for _, b := range s.blocks {
		if b.method == method && b.path.MatchString(path) {
			return b
		}
	}
	return nil
}

// compare adds the problems of a value and what is in it.
func (b *block) compare(path string, value any, problems map[string]bool) {
	if b.any(path) {
		return
	}
	kind := "null"
	switch v := value.(type) {
	case map[string]any:
		kind = "object"
		for name, inner := range v {
			b.compare(strings.TrimPrefix(path+"."+strings.NewReplacer(".", "_", " ", "_").Replace(name), "."), inner, problems)
		}
	case []any:
		kind = "array"
		for _, inner := range v {
			b.compare(path+"[]", inner, problems)
		}
	case string:
		kind = "string"
	case float64:
		kind = "number"
	case bool:
		kind = "boolean"
	}
	if path == "" || kind == "array" || kind == "object" {
		if b.above(path) {
			return
		}
	}
	shown, fits := b.types(path, kind)
	switch {
	case fits || b.allow(path):
	case !shown && !b.above(path):
		problems[path+" is in no recording"] = true
	default:
		problems[fmt.Sprintf("%s is %s, and not so in any recording", path, kind)] = true
	}
}

// any reports whether a field can have any value.
func (b *block) any(path string) bool {
	return slices.ContainsFunc(b.fields, func(f field) bool { return slices.Contains(f.types, "any") && f.path.MatchString(path) })
}

// above reports whether a path is that of a list or an object in which fields are listed.
func (b *block) above(path string) bool {
	if path == "" {
		return true
	}
	for _, f := range b.fields {
		for _, parent := range f.parents {
			if parent.MatchString(path) {
				return true
			}
		}
	}
	return false
}

// parents returns the patterns of the lists and objects that a field is in.
func parents(path string) []*regexp.Regexp {
	var list []*regexp.Regexp
	for i := range path {
		if i > 0 && (path[i] == '.' || strings.HasPrefix(path[i:], "[]")) {
			list = append(list, pattern(path[:i], `[^.]*`))
		}
	}
	return list
}

// types reports whether a recording shows a field, and whether one shows it with a type. If recordings have only null,
// the type is not known.
func (b *block) types(path, kind string) (shown, fits bool) {
	for _, f := range b.fields {
		if f.path.MatchString(path) {
			shown = true
			fits = fits || slices.Contains(f.types, kind) || slices.Equal(f.types, []string{"null"})
		}
	}
	return shown, fits
}

func (b *block) allow(path string) bool {
	for _, a := range b.allowed {
		if a.path.MatchString(path) {
			a.used = true
			return true
		}
	}
	return false
}

// Reads returns the fields among those that a connector's stream reads which no recording shows.
func (s *Shapes) Reads(stream string, paths []string) []string {
	var problems []string
	known := false
	for _, path := range paths {
		shown := false
		for _, b := range s.blocks {
			under, ok := b.streams[stream]
			if !ok {
				continue
			}
			known = true
			full := strings.TrimPrefix(under+"."+indices.ReplaceAllString(path, "[]"), ".")
			found, _ := b.types(full, "")
			shown = shown || found || b.above(full) || b.allow(full)
		}
		if !shown {
			problems = append(problems, fmt.Sprintf("stream %s reads %s, which is in no recording", stream, path))
		}
	}
	if !known {
		problems = append(problems, "no request is the one of stream "+stream)
	}
	return problems
}

var indices = regexp.MustCompile(`\.\d+`)

// Unused returns the differences that nothing needed.
func (s *Shapes) Unused() []string {
	var lines []string
	for _, b := range s.blocks {
		for _, a := range b.allowed {
			if !a.used {
				lines = append(lines, b.request+": "+a.text)
			}
		}
	}
	for _, a := range s.unrecorded {
		if !a.used {
			lines = append(lines, a.text)
		}
	}
	return lines
}
