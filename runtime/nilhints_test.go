package runtime

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

// TestAdviceAboutNil follows what hints about nil propose, on the scripts that they are
// about, and compares what the script prints then.
func TestAdviceAboutNil(t *testing.T) {
	b := newBench(t)
	server, err := simulator.Start(simulator.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	b.opts.Planhat = planhat.Config{APIToken: server.APIToken(), BaseURL: server.URL()}
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "a.csv"), []byte("id,Account Name,note\n1,Acme,\n"), 0o600))
	const find = "local function find(id) if id == 1 then return { name = 'Acme' } end end\n"
	for _, tt := range []struct {
		source string
		// hint is what the hint must say; the parts in parentheses replace what they
		// are named after.
		hint, replace, by string
		want              string
	}{
		{"local c = { custom = { tier = 1 } } c.custom = nil\nprint(c.custom.tier)", `^'c.custom' is nil; where it may be missing, write (.*)$`, "c.custom.tier", "$1", "nil\n"},
		{
			"local c = planhat.company.create{ name = 'Acme' }\nprint(c.custom.tier, c.owner.x)",
			`^'c.owner' is nil: Planhat leaves out properties that are empty; where it may be missing, write (.*)$`, "c.owner.x", "$1", "nil\tnil\n",
		},
		{"local c = {}\nprint(c.custom['Account tier'])", `write (.*)$`, "c.custom['Account tier']", "$1", "nil\n"},
		{"local c = {}\nprint((c.name:upper()))", `where it may be missing, write (.*)$`, "c.name:upper", "$1", "\n"},
		{"local c = {}\nc.custom.tier = 'A' print(c.custom.tier)", `write (.*) before this line$`, "\n", "\n$1\n", "A\n"},
		{find + "local c = find(2)\nprint(c.name)", `^'c' is nil because find\(\.\.\.\) at line 2 returned nothing for it; check for that first: (if c then) \.\.\. end$`, "print(c.name)", "$1 print(c.name) end", ""},
		{"local c = {}\nlocal custom = c.custom\nprint(custom.tier)", `^'custom' is nil because c.custom has no value at line 2; where it may be missing, write (.*)$`, "custom.tier", "$1", "nil\n"},
		{"local c = {}\nlocal custom = c.custom\ncustom.tier = 'A'", `^'custom' is nil because c.custom has no value at line 2$`, "", "", ""},
		{"local custom = nil\ncustom = nil\nprint(custom.tier)", `^'custom' has no value here; where it may be missing, write (.*)$`, "custom.tier", "$1", "nil\n"},
		{"local function find() end\nprint(find().name)", `^find\(\) returned nothing \(nil\): check for that first$`, "", "", ""},
		{"enrich()", `^nothing has been assigned to the variable 'enrich': check the spelling, and that it is set before this line$`, "", "", ""},
		{"local by_id = { a = { n = 1 } } local id = 'b'\nprint(by_id[id].n)", `^there is nothing at by_id\[id\]; where it may be missing, write (.*)$`, "by_id[id].n", "$1", "nil\n"},
		{"local row = csv.read('a.csv')[1]\nprint(row.account_name.x)", `^did you mean '(Account Name)'\?$`, "row.account_name.x", `row["$1"]`, "Acme\n"},
		{"local row = csv.read('a.csv')[1]\nprint(row.arr.x)", `^the file has no column "arr"; its columns are: id, Account Name, note$`, "", "", ""},
		{"local row = csv.read('a.csv')[1]\nprint((row.note:upper()))", `^'row.note' is nil: the cell is empty; where it may be missing, write (.*)$`, "row.note:upper", "$1", "\n"},
		{"local c = {}\nprint('x' .. c.name)", `write (.*) where it may be missing$`, "c.name", "$1", "x\n"},
		{"local c = {}\nprint(1 + c.mrr)", `write (.*) where it may be missing`, "c.mrr", "$1", "1\n"},
	} {
		t.Run(tt.source, func(t *testing.T) {
			b.stdout.Reset()
			hint := b.fails(t, tt.source).Hint
			require.Regexp(t, tt.hint, hint)
			if tt.replace == "" {
				return
			}
			m := regexp.MustCompile(tt.hint).FindStringSubmatch(hint)
			fixed := strings.Replace(tt.source, tt.replace, strings.ReplaceAll(tt.by, "$1", m[1]), 1)
			require.NotEqual(t, tt.source, fixed)
			b.stdout.Reset()
			_, err := b.run(t, fixed)
			require.NoError(t, err, fixed)
			assert.Equal(t, tt.want, b.stdout.String(), fixed)
		})
	}
}
