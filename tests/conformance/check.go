package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	validation "github.com/pb33f/libopenapi-validator/errors"
	"go.yaml.in/yaml/v3"

	"github.com/phscript/phscript/tests/standin"
)

// Problem is one way in which an exchange differs from the specification.
type Problem struct {
	Part string // "request" or "answer"
	Text string
}

// Checker compares exchanges with the specifications of one vendor.
type Checker struct {
	vendor vendor
	folder string
	loaded map[string]validator.Validator
	// used counts how often each deviation was needed.
	used map[int]int
	// unchecked are the paths of exchanges without a specification.
	unchecked map[string]bool
}

// vendor says which specification describes a path, and what may differ.
type vendor struct {
	base  string
	files []pathFile
	// gateway begins paths that the files have without it. It may be nil.
	gateway    *regexp.Regexp
	deviations []Deviation
	repairs    []Repair
}

// Repair corrects a schema of a vendor's files before they are used.
type Repair struct {
	Schema string
	Change func(schema map[string]any)
	// Why says what shows that the file is wrong.
	Why string
}

// repair returns a specification with the vendor's repairs.
func (v vendor) repair(text []byte) ([]byte, error) {
	var document struct {
		Components struct{ Schemas map[string]map[string]any }
	}
	var whole map[string]any
	if err := errors.Join(json.Unmarshal(text, &document), json.Unmarshal(text, &whole)); err != nil {
		return nil, err
	}
	for _, r := range v.repairs {
		if schema := document.Components.Schemas[r.Schema]; schema != nil {
			r.Change(schema)
			whole["components"].(map[string]any)["schemas"].(map[string]any)[r.Schema] = schema
		}
	}
	return json.Marshal(whole)
}

type pathFile struct{ prefix, file string }

// Deviation is a difference that is allowed, because the vendor differs from its
// own specification or the specification is known to be wrong.
type Deviation struct {
	Part string
	// Path is a pattern of "METHOD path STATUS", Text one of the problem.
	Path, Text *regexp.Regexp
	// Why says what shows that the vendor differs.
	Why string
}

// NewChecker returns a Checker for a vendor of the table, with the specifications
// in a folder.
func NewChecker(name, folder string) (*Checker, error) {
	v, ok := vendors[name]
	if !ok {
		return nil, fmt.Errorf("no specification is known for %q: add it to vendors", name)
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, fmt.Errorf("the specifications are missing: %w", err)
	}
	return &Checker{vendor: v, folder: folder, loaded: map[string]validator.Validator{}, used: map[int]int{}, unchecked: map[string]bool{}}, nil
}

// Check returns the problems of an exchange. Requests that were refused may be
// wrong: only the answer is checked then.
func (c *Checker) Check(e standin.Exchange) ([]Problem, error) {
	if c.vendor.gateway != nil {
		e.URL = c.vendor.gateway.ReplaceAllString(e.URL, "")
	}
	v, err := c.specification(e.URL)
	if err != nil || v == nil {
		return nil, err
	}
	request := httptest.NewRequest(e.Method, c.vendor.base+e.URL, strings.NewReader(e.Body))
	if e.ContentType != "" {
		request.Header.Set("Content-Type", e.ContentType)
	}
	var problems []Problem
	if e.Status < 300 {
		_, found := v.ValidateHttpRequest(request)
		problems = append(problems, c.keep("request", e, found)...)
	}
	answer := &http.Response{StatusCode: e.Status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(e.AnswerBody))}
	if e.Status == http.StatusMultiStatus { // specifications describe it under 200, if at all
		answer.StatusCode = http.StatusOK
	}
	if e.AnswerType != "" {
		answer.Header.Set("Content-Type", e.AnswerType)
	}
	request.Body = io.NopCloser(strings.NewReader(e.Body))
	_, found := v.ValidateHttpResponse(request, answer)
	return append(problems, c.keep("answer", e, found)...), nil
}

// keep returns the problems that no deviation allows.
func (c *Checker) keep(part string, e standin.Exchange, found []*validation.ValidationError) (kept []Problem) {
	path, _, _ := strings.Cut(e.URL, "?")
	where := fmt.Sprint(e.Method, " ", path, " ", e.Status)
	for _, f := range found {
		for _, text := range texts(f) {
			i := slices.IndexFunc(c.vendor.deviations, func(d Deviation) bool {
				return d.Part == part && d.Path.MatchString(where) && d.Text.MatchString(text)
			})
			if i >= 0 {
				c.used[i]++
			} else {
				kept = append(kept, Problem{part, where + ": " + text})
			}
		}
	}
	return kept
}

var (
	index = regexp.MustCompile(`\[\d+\]`)
	// openMap are names in objects that may have any: the strict mode of the
	// validator takes them for undeclared properties.
	openMap = regexp.MustCompile(`at '\$\.body(\.[a-zA-Z\[\].]+)?\.(properties|custom_attributes|metadata|context|links|associations|extendedProperties\.(private|shared))\.[^.]+' is not declared`)
)

// texts are the single reasons of an error, with the fields that they are about.
func texts(f *validation.ValidationError) (all []string) {
	for _, s := range f.SchemaValidationErrors {
		all = append(all, s.FieldPath+": "+s.Reason)
	}
	if all == nil {
		all = []string{f.Message + ": " + f.Reason}
	}
	for i, text := range all {
		all[i] = index.ReplaceAllString(text, "[]")
	}
	all = slices.DeleteFunc(all, openMap.MatchString)
	slices.Sort(all)
	return slices.Compact(all)
}

// specification returns the validator for a path. It is nil if there is none.
func (c *Checker) specification(url string) (validator.Validator, error) {
	path, _, _ := strings.Cut(url, "?")
	i := slices.IndexFunc(c.vendor.files, func(f pathFile) bool { return strings.HasPrefix(path, f.prefix) })
	if i < 0 {
		c.unchecked[path] = true
		return nil, nil
	}
	name := c.vendor.files[i].file
	if v, ok := c.loaded[name]; ok {
		if v == nil {
			c.unchecked[path] = true
		}
		return v, nil
	}
	text, err := os.ReadFile(filepath.Join(c.folder, name))
	if errors.Is(err, os.ErrNotExist) {
		c.loaded[name] = nil
		c.unchecked[path] = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if filepath.Ext(name) == ".yaml" {
		text, err = fromYAML(text)
	}
	if err == nil {
		text, err = openAPI(text)
	}
	if err == nil {
		text, err = c.vendor.repair(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	v, failed := validator.NewValidator(document, config.WithoutSecurityValidation(), config.WithURLEncodedBodyValidation(), config.WithStrictMode())
	if len(failed) > 0 {
		return nil, fmt.Errorf("%s: %w", name, errors.Join(failed...))
	}
	c.loaded[name] = v
	return v, nil
}

// fromYAML turns YAML into JSON.
func fromYAML(text []byte) ([]byte, error) {
	var document map[string]any
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	return json.Marshal(document)
}

// Unused returns the deviations that no exchange needed.
func (c *Checker) Unused() (unused []Deviation) {
	for i, d := range c.vendor.deviations {
		if c.used[i] == 0 {
			unused = append(unused, d)
		}
	}
	return unused
}

// Unchecked returns the paths of exchanges for which there is no specification.
func (c *Checker) Unchecked() (paths []string) {
	for path := range c.unchecked {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}
