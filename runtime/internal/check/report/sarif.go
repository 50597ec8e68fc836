package report

import (
	"io"
	"net/url"
	"path/filepath"
	"strings"
)

// SARIF 2.1.0, the part of it that a list of findings needs. The names are the
// standard's.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool             sarifTool     `json:"tool"`
	Language         string        `json:"language"`
	NewlineSequences []string      `json:"newlineSequences"`
	ColumnKind       string        `json:"columnKind"`
	Results          []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	InformationURI string      `json:"informationUri"`
	Version        string      `json:"version,omitempty"`
	Language       string      `json:"language"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string         `json:"id"`
	ShortDescription sarifMessage   `json:"shortDescription"`
	FullDescription  sarifMessage   `json:"fullDescription"`
	Help             sarifMessage   `json:"help"`
	Configuration    sarifRuleLevel `json:"defaultConfiguration"`
}

type sarifRuleLevel struct {
	Level string `json:"level"`
}

type sarifMessage struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	RuleIndex int             `json:"ruleIndex"`
	Level     string          `json:"level"`
	Message   sarifMessage    `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

// sarifRegion counts from 1; the end column is the one behind the last.
type sarifRegion struct {
	StartLine   int           `json:"startLine"`
	StartColumn int           `json:"startColumn,omitempty"`
	EndLine     int           `json:"endLine,omitempty"`
	EndColumn   int           `json:"endColumn,omitempty"`
	Snippet     *sarifSnippet `json:"snippet,omitempty"`
}

type sarifSnippet struct {
	Text string `json:"text"`
}

const (
	sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"
	language    = "en-US"
	projectURI  = "https://github.com/phscript/phscript"
)

// WriteSARIF writes the report in the Static Analysis Results Interchange
// Format, version 2.1.0. The version is that of the program.
func (r *Report) WriteSARIF(w io.Writer, version string) error {
	driver := sarifDriver{Name: "phscript check", InformationURI: projectURI, Version: version, Language: language}
	index := map[string]int{}
	for i, rule := range rules {
		index[rule.Name] = i
		driver.Rules = append(driver.Rules, sarifRule{
			ID: rule.Name, ShortDescription: sarifMessage{Text: plainText(rule.Doc)}, FullDescription: sarifMessage{Text: plainText(rule.Doc)},
			Help: sarifMessage{
				Text:     plainText(rule.Doc) + "\n\nExample:\n\n" + rule.Example,
				Markdown: rule.Doc + "\n\nExample:\n\n```lua\n" + rule.Example + "\n```\n",
			},
			Configuration: sarifRuleLevel{string(rule.Severity)},
		})
	}
	results := []sarifResult{}
	for i := range r.Findings {
		results = append(results, r.Findings[i].sarif(index))
	}
	return writeJSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{{
		Tool: sarifTool{driver}, Language: language, NewlineSequences: []string{"\r\n", "\n"}, ColumnKind: "unicodeCodePoints", Results: results,
	}}})
}

// plainText leaves out the marks of Markdown.
func plainText(doc string) string { return strings.ReplaceAll(doc, "`", "") }

func (f *Finding) sarif(index map[string]int) sarifResult {
	text := f.Message
	if f.Hint != "" {
		text += "\n" + f.Hint
	}
	physical := sarifPhysical{Artifact: sarifArtifact{URI: fileURI(f.File)}}
	if f.Line > 0 {
		start, end := f.Characters()
		region := &sarifRegion{StartLine: f.Line}
		if start > 0 {
			region.StartColumn, region.EndLine, region.EndColumn = start, f.EndLine, end+1
		}
		if f.SourceLine != "" {
			region.Snippet = &sarifSnippet{Text: f.SourceLine}
		}
		physical.Region = region
	}
	return sarifResult{
		RuleID: f.Rule, RuleIndex: index[f.Rule], Level: string(f.Severity),
		Message: sarifMessage{Text: text}, Locations: []sarifLocation{{physical}},
	}
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
