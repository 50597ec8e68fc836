package main

import (
	"bytes"
	"embed"
	"fmt"
	"go/format"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode"
)

//go:embed *.tmpl
var templates embed.FS

// route is a request that the stand-in answers with a page of a stream.
type route struct {
	Pattern, Stream string
	request
	// Changes is whether the connector asks for what changed there.
	Changes bool
	// Whole is why a page has all records, or "".
	Whole string
}

// Sample is a record in Go, with the fields that the connector reads.
func (s stream) Sample() string {
	root := map[string]any{}
	for _, path := range s.Paths {
		at := root
		parts := strings.Split(path, ".")
		for i, part := range parts {
			if i == len(parts)-1 {
				if at[part] == nil {
					at[part] = sample(part)
				}
				break
			}
			inner, ok := at[part].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[part] = inner
			}
			at = inner
		}
	}
	return literal(root)
}

// Func is the name of the function that makes a record of the stream.
func (s stream) Func() string {
	name := "new"
	for _, word := range strings.FieldsFunc(s.Name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

// literal writes a tree of samples. Numbers in paths are positions in lists.
func literal(v any) string {
	fields, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	names := slices.Sorted(maps.Keys(fields))
	var parts []string
	if slices.ContainsFunc(names, func(name string) bool { _, err := strconv.Atoi(name); return err != nil }) || len(names) == 0 {
		for _, name := range names {
			parts = append(parts, fmt.Sprintf("%q: %s", name, literal(fields[name])))
		}
		return "Record{" + strings.Join(parts, ", ") + "}"
	}
	for _, name := range names {
		parts = append(parts, literal(fields[name]))
	}
	return "[]any{" + strings.Join(parts, ", ") + "}"
}

// samples are expressions for fields, by what their names contain. n is the number of the
// record.
var samples = []struct {
	name  *regexp.Regexp
	value string
}{
	{regexp.MustCompile(`(?i)email`), `fmt.Sprintf("person-%d@northwind.example", n)`},
	{regexp.MustCompile(`(^|_)id$|I[dD]$|^ID`), `strconv.Itoa(n)`},
	{regexp.MustCompile(`(?i)website|domain|url`), `fmt.Sprintf("company-%d.example", n)`},
	{regexp.MustCompile(`(?i)(_at|date|time|updated|created)$|At$|^(created|updated)`), `s.now()`},
	{regexp.MustCompile(`(?i)(^|_)(amount|count|number|price|score|total)$`), `n`},
}

func sample(name string) string {
	for _, s := range samples {
		if s.name.MatchString(name) {
			return s.value
		}
	}
	return fmt.Sprintf("fmt.Sprintf(%q, n)", strings.ReplaceAll(name, "%", "%%")+" %d")
}

// Routes are the requests to answer, each once.
func (d *declaration) Routes() (list []route) {
	seen := map[string]bool{}
	for _, s := range d.Streams {
		for i, r := range []*request{s.Scan, s.Delta} {
			pattern, ok := d.pattern(r)
			if !ok || seen[pattern] {
				continue
			}
			seen[pattern] = true
			one := route{Pattern: pattern, Stream: s.Name, request: *r, Changes: i == 1}
			switch {
			case r.Items == "":
				one.Items, one.Whole = "items", "the connector computes where the records are"
			case r.Computed, r.Next != "" && r.Send == "" && !r.NextURL:
				one.Whole = "the connector computes how it asks for the next page"
			case r.Next == "":
				one.Whole = "the connector asks for one page"
			}
			list = append(list, one)
		}
	}
	return list
}

// wildcard matches what a setting replaces in a path.
var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// pattern is a request as http.ServeMux names it.
func (d *declaration) pattern(r *request) (string, bool) {
	if r == nil {
		return "", false
	}
	u, err := url.Parse(strings.ReplaceAll(r.Path, "{version}", d.Version))
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		return "", false
	}
	n := 0
	path := wildcard.ReplaceAllStringFunc(u.Path, func(string) string { n++; return fmt.Sprintf("{setting%d}", n) })
	// A wildcard of ServeMux is a whole segment.
	for segment := range strings.SplitSeq(path, "/") {
		if strings.Contains(segment, "{") && !wildcardOnly.MatchString(segment) {
			return "", false
		}
	}
	return r.Method + " " + path, true
}

var wildcardOnly = regexp.MustCompile(`^\{[^}]*\}$`)

// Header is the header with the credentials.
func (d *declaration) Header() string {
	if d.Auth.Kind == "header" {
		return d.Auth.Header
	}
	return "Authorization"
}

// Credential is what that header has, in Go.
func (d *declaration) Credential() string {
	switch d.Auth.Kind {
	case "header":
		return "Token"
	case "basic":
		return `"Basic " + base64.StdEncoding.EncodeToString([]byte("user:" + Token))`
	}
	return `"Bearer " + Token`
}

// files are the skeleton's files.
func (d *declaration) files() (map[string][]byte, error) {
	parsed, err := template.New("").Funcs(template.FuncMap{"join": strings.Join}).ParseFS(templates, "*.tmpl")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range []string{"doc.go", "server.go", "server_test.go"} {
		var b bytes.Buffer
		if err := parsed.ExecuteTemplate(&b, name+".tmpl", d); err != nil {
			return nil, err
		}
		if files[name], err = format.Source(b.Bytes()); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", name, err, b.Bytes())
		}
	}
	return files, nil
}
