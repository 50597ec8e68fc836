package documents

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// turns are turns of phrase that no text may have, each with what to write
// instead. What fits except is a good use of one.
var turns = []struct{ found, except, instead string }{
	{`(\w+ )?(is|are|was|were) no \w+`, `^there|no longer$`, "is not a, has no"},
	{`stands? (in|behind|where|at|beside|before|after|above|twice|there)`, ``, "is in, comes after"},
	{`behind( a proxy)?`, `proxy$`, "after"},
	{`but for`, ``, "except, only with"},
	{`at the (most|least)`, ``, "at most, at least"},
	{`call(s|ed|ing)? (it |them )?off`, ``, "cancel"},
	{`(go|goes|going|went|gone) on`, ``, "continue, keep running"},
	{`gone through`, ``, "loop over"},
	{`(has|have) got`, ``, "has, have"},
	{`of (its|their) own`, ``, "its own"},
	{`(is|are) to be \w+`, ``, "must be"},
	{`(any more|anew)`, ``, "no longer, again"},
	{`(is|are|was|were) at work`, ``, "is running"},
	{`(take|taken|takes) into use`, ``, "apply"},
	{`turn(s|ed)? down`, ``, "reject"},
	{`mend(s|ed|ing)?`, ``, "fix"},
	{`made up for`, ``, "caught up"},
	{`(misspelt|spelt)`, ``, "misspelled"},
	{`(tells|says) whether`, ``, "reports whether"},
	{`without a word`, ``, "silently, without an error"},
	{`by themselves`, ``, "automatically"},
	{`the same holds`, ``, "this also applies to"},
	{`what (became|becomes) of`, ``, "what happened to"},
}

// beforeAndAfter is a table of what not to write, and what to write instead.
var beforeAndAfter = regexp.MustCompile(`(?m)^\| Not \| But \|\n(\|.*\n)+`)

// odd returns the turns of phrase in a text that are better put in another way.
func odd(text string) []string {
	var found []string
	for _, p := range turns {
		for _, m := range regexp.MustCompile(`(?i)\b`+p.found+`\b`).FindAllString(text, -1) {
			if p.except == "" || !regexp.MustCompile(`(?i)`+p.except).MatchString(m) {
				found = append(found, strconv.Quote(m)+" (better: "+p.instead+")")
			}
		}
	}
	return found
}

func TestProseIsPlain(t *testing.T) {
	texts := messages(t)
	for _, d := range documents(t) {
		texts[d.path] = append(texts[d.path], beforeAndAfter.ReplaceAllString(generated.ReplaceAllString(d.prose(), ""), ""))
	}
	for file, all := range texts {
		assert.Empty(t, odd(strings.Join(all, "\n")), file)
	}
}

// messages returns the texts in the program's sources that people may read, by
// file: strings of several words in Go, and everything in Lua.
func messages(t *testing.T) map[string][]string {
	t.Helper()
	texts := map[string][]string{}
	for _, dir := range []string{"bindings", "cmd", "planhat", "runtime", "scripts", "stdlib"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				if err == nil && slices.Contains([]string{"testdata", "fixtures"}, entry.Name()) {
					return fs.SkipDir
				}
				return err
			}
			name, err := filepath.Rel(root, file)
			require.NoError(t, err)
			switch name = filepath.ToSlash(name); {
			case strings.HasSuffix(name, "_test.go"):
			case strings.HasSuffix(name, ".go"):
				texts[name] = goStrings(t, file)
			case strings.HasSuffix(name, ".lua"):
				text, err := os.ReadFile(file)
				require.NoError(t, err)
				texts[name] = []string{string(text)}
			}
			return nil
		})
		require.NoError(t, err)
	}
	require.NotEmpty(t, texts)
	return texts
}

// goStrings returns the strings of a Go file that have several words.
func goStrings(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var all []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(text, " ") {
				all = append(all, text)
			}
		}
		return true
	})
	return all
}
