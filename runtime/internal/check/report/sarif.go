package report

import (
	"io"
	"net/url"
	"path/filepath"
	"strings"
)

// object is a JSON object. The names in it are those of the standard.
type object = map[string]any

const (
	sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"
	language    = "en-US"
	projectURI  = "https://github.com/phscript/phscript"
)

// WriteSARIF writes the report in the Static Analysis Results Interchange
// Format, version 2.1.0. The version is that of the program.
func (r *Report) WriteSARIF(w io.Writer, version string) error {
	index := map[string]int{}
	described := []object{}
	for i, rule := range rules {
		index[rule.Name] = i
		text := object{"text": plainText(rule.Doc)}
		described = append(described, object{
			"id": rule.Name, "shortDescription": text, "fullDescription": text,
			"help": object{
				"text":     plainText(rule.Doc) + "\n\nExample:\n\n" + rule.Example + "\n\nCorrect:\n\n" + rule.Silent,
				"markdown": rule.Doc + "\n\nExample:\n\n```lua\n" + rule.Example + "\n```\n\nCorrect:\n\n```lua\n" + rule.Silent + "\n```\n",
			},
			"defaultConfiguration": object{"level": rule.Severity},
		})
	}
	driver := object{"name": "phscript check", "informationUri": projectURI, "language": language, "rules": described}
	if version != "" {
		driver["version"] = version
	}
	results := []object{}
	for i := range r.Findings {
		results = append(results, r.Findings[i].sarif(index))
	}
	return writeJSON(w, object{"$schema": sarifSchema, "version": "2.1.0", "runs": []object{{
		"tool": object{"driver": driver}, "language": language, "newlineSequences": []string{"\r\n", "\n"},
		"columnKind": "unicodeCodePoints", "results": results,
	}}})
}

// longestSnippet is how many bytes of a line are repeated in the report.
const longestSnippet = 1000

// plainText leaves out the marks of Markdown.
func plainText(doc string) string { return strings.ReplaceAll(doc, "`", "") }

func (f *Finding) sarif(index map[string]int) object {
	text := f.Message
	if f.Hint != "" {
		text += "\n" + f.Hint
	}
	physical := object{"artifactLocation": object{"uri": fileURI(f.File)}}
	if f.Line > 0 {
		region := object{"startLine": f.Line}
		// The end column is the one after the last.
		if start, end := f.Characters(); start > 0 {
			region["startColumn"], region["endLine"], region["endColumn"] = start, f.EndLine, end+1
		}
		if f.SourceLine != "" && len(f.SourceLine) <= longestSnippet {
			region["snippet"] = object{"text": f.SourceLine}
		}
		physical["region"] = region
	}
	result := object{
		"ruleId": f.Rule, "ruleIndex": index[f.Rule], "level": f.Severity,
		"message": object{"text": text}, "locations": []object{{"physicalLocation": physical}},
	}
	related := []object{}
	for _, line := range f.OtherLines() {
		related = append(related, object{"physicalLocation": object{
			"artifactLocation": object{"uri": fileURI(f.File)}, "region": object{"startLine": line},
		}})
	}
	if len(related) > 0 {
		result["relatedLocations"] = related
	}
	return result
}

// fileURI is a file name as a reference: relative ones stay relative, so that
// they fit any checkout.
func fileURI(name string) string {
	u := url.URL{Path: filepath.ToSlash(name)}
	if filepath.IsAbs(name) {
		u.Scheme = "file"
	}
	return u.String()
}
