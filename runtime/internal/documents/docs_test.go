// Package documents proves that the documents tell the truth: the generated pages
// are current, the snippets compile and run, links lead somewhere, and the
// flags, settings and fields that are named exist.
package documents

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// update makes the tests write what is generated instead of comparing it.
var update = flag.Bool("update", false, "write the generated pages anew")

// root is the repository's folder, seen from this package.
const root = "../../.."

// document is one Markdown file.
type document struct {
	// path starts at the repository's root and has slashes.
	path, text string
}

// documents returns the documents at the top level and everything under docs.
func documents(t *testing.T) []document {
	t.Helper()
	var docs []document
	add := func(file string) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		path, err := filepath.Rel(root, file)
		require.NoError(t, err)
		docs = append(docs, document{filepath.ToSlash(path), string(text)})
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} {
		add(filepath.Join(root, name))
	}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(file string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(file, ".md") {
			add(file)
		}
		return err
	})
	require.NoError(t, err)
	return docs
}

// snippet is one fenced block of a document.
type snippet struct {
	document string
	line     int
	// info is what stands behind the fence: "lua run".
	info, code string
}

// fence is a fenced block, which is indented in a list.
var fence = regexp.MustCompile("(?m)^([ ]*)```(.*)\n((?s:.*?))^[ ]*```$")

// snippets returns the fenced blocks of a document.
func (d document) snippets() []snippet {
	var out []snippet
	for _, m := range fence.FindAllStringSubmatchIndex(d.text, -1) {
		indent, code := d.text[m[2]:m[3]], d.text[m[6]:m[7]]
		code = strings.TrimPrefix(strings.ReplaceAll("\n"+code, "\n"+indent, "\n"), "\n")
		out = append(out, snippet{
			document: d.path, line: 1 + strings.Count(d.text[:m[0]], "\n"),
			info: strings.TrimSpace(d.text[m[4]:m[5]]), code: code,
		})
	}
	return out
}

// prose returns the document without its fenced blocks.
func (d document) prose() string { return fence.ReplaceAllString(d.text, "") }
