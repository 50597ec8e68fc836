package documents

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	mark    = regexp.MustCompile(`<a id="([^"]+)"></a>`)
	markup  = regexp.MustCompile("[`*]|\\]\\([^)]*\\)|\\[")
)

// anchors returns the places in a document that links can name.
func (d document) anchors() map[string]bool {
	out := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(d.prose(), -1) {
		out[anchor(markup.ReplaceAllString(m[1], ""))] = true
	}
	for _, m := range mark.FindAllStringSubmatch(d.text, -1) {
		out[m[1]] = true
	}
	return out
}

// anchor turns a heading into its name in links, as Markdown sites do.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.TrimSpace(heading)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

func TestLinksLeadSomewhere(t *testing.T) {
	docs := documents(t)
	places := map[string]map[string]bool{}
	for _, d := range docs {
		places[d.path] = d.anchors()
	}
	for _, d := range docs {
		for _, m := range link.FindAllStringSubmatch(d.prose(), -1) {
			target, fragment, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file := d.path
			if target != "" {
				file = path.Join(path.Dir(d.path), target)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(file))); err != nil {
				assert.Fail(t, "a link is broken", "%s: %s", d.path, m[1])
				continue
			}
			if fragment != "" {
				assert.True(t, places[file][fragment], "%s: %s has no such heading", d.path, m[1])
			}
		}
	}
}

// Every document is reached from the README, directly or through others.
func TestDocumentsAreReachable(t *testing.T) {
	docs := map[string]document{}
	for _, d := range documents(t) {
		docs[d.path] = d
	}
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		d, ok := docs[name]
		if !ok || seen[name] {
			return
		}
		seen[name] = true
		for _, m := range link.FindAllStringSubmatch(d.prose(), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			visit(path.Join(path.Dir(name), target))
		}
	}
	visit("README.md")
	for name := range docs {
		assert.True(t, seen[name], "nothing leads to %s", name)
	}
}

// sourcePath is a file or folder of the code as documents name it.
var sourcePath = regexp.MustCompile("`((?:planhat|bindings|runtime|stdlib|tests|cmd)/[a-z/_]+(?:\\.(?:go|json|lua))?)`")

func TestSourcesExist(t *testing.T) {
	named := 0
	for _, d := range documents(t) {
		for _, m := range sourcePath.FindAllStringSubmatch(d.prose(), -1) {
			named++
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(m[1])))
			assert.NoError(t, err, d.path)
		}
	}
	assert.NotZero(t, named)
}
