package header

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func read(t *testing.T, source string) *Header {
	t.Helper()
	h, err := Read([]byte(source))
	require.NoError(t, err)
	return h
}

const declaring = `-- @param path:file
-- @param region:choice(eu, us) default=eu
-- @param max_rows:integer optional
-- @param share:number optional
-- @param full:boolean optional
-- @param since:date optional
-- @param pause:duration optional
-- @param note optional
-- @param key secret optional
`

// TestValues: text and values in JSON become the same value of the declared type.
func TestValues(t *testing.T) {
	h := read(t, declaring)
	for _, tt := range []struct{ name, given, want, wrong string }{
		{"max_rows", `"12"`, `12`, ""}, {"max_rows", `12`, `12`, ""}, {"max_rows", `12.0`, `12`, ""}, {"max_rows", `-3`, `-3`, ""},
		{"max_rows", `1.5`, "", "must be a whole number, not 1.5"}, {"max_rows", `"1.5"`, "", `must be a whole number, not "1.5"`},
		{"max_rows", `9007199254740993`, "", "must be a whole number"}, {"max_rows", `"9007199254740993"`, "", "must be a whole number from"},
		{"max_rows", `true`, "", "must be a whole number, not true"}, {"max_rows", `[1]`, "", "must be a whole number, not [1]"},
		{"share", `"2.5"`, `2.5`, ""}, {"share", `1e3`, `1000`, ""}, {"share", `"nan"`, "", "must be a number"}, {"share", `"0x10"`, "", "must be a number"},
		{"full", `"true"`, `true`, ""}, {"full", `"FALSE"`, `false`, ""}, {"full", `false`, `false`, ""}, {"full", `"yes"`, "", "must be true or false"}, {"full", `1`, "", "must be true or false, not 1"},
		{"since", `"2026-02-28"`, `"2026-02-28"`, ""}, {"since", `"2026-02-30"`, "", "must be a date as YYYY-MM-DD"}, {"since", `20260228`, "", "must be a date"},
		{"pause", `"1h30m"`, `5400`, ""}, {"pause", `90`, `90`, ""}, {"pause", `"90"`, "", `"90" has no unit`}, {"pause", `-1`, "", "must be a duration"},
		{"region", `"us"`, `"us"`, ""}, {"region", `"use"`, "", `must be eu or us, not "use" (did you mean 'us'?)`}, {"region", `1`, "", "must be eu or us, not 1"},
		{"note", `"12"`, `"12"`, ""}, {"note", `""`, `""`, ""}, {"note", `12`, "", "must be text in quotes, not 12"},
		{"path", `"a.csv"`, `"a.csv"`, ""}, {"path", `""`, "", "must be the name of a file"},
		{"key", `"abcdef"`, `"abcdef"`, ""}, {"key", `"abcde"`, "", "must have at least 6 characters"}, {"key", `123456789`, "", "must be text"},
	} {
		given := map[string]json.RawMessage{tt.name: json.RawMessage(tt.given)}
		if tt.name != "path" {
			given["path"] = json.RawMessage(`"a.csv"`)
		}
		bound, err := h.Bind(given, nil)
		if tt.wrong != "" {
			require.NotNil(t, err, "%s %s", tt.name, tt.given)
			assert.Contains(t, err.Message, "the parameter "+tt.name+" ")
			assert.Contains(t, err.Message, tt.wrong, "%s %s", tt.name, tt.given)
			assert.NotContains(t, err.Message, "abcde", "a secret")
			assert.NotContains(t, err.Message, "123456789", "a secret")
			continue
		}
		require.Nil(t, err, "%s %s", tt.name, tt.given)
		assert.JSONEq(t, tt.want, string(bound[tt.name]), "%s %s", tt.name, tt.given)
		again, err := h.Bind(bound, nil)
		require.Nil(t, err)
		assert.Equal(t, bound, again, "what is bound stays")
	}
}

func TestBind(t *testing.T) {
	h := read(t, declaring)
	bound, err := h.Bind(map[string]json.RawMessage{"path": json.RawMessage(`"a"`), "note": json.RawMessage("null"), "event": json.RawMessage("5")}, []string{"path"})
	require.Nil(t, err)
	assert.Equal(t, map[string]json.RawMessage{"path": json.RawMessage(`"a"`), "region": json.RawMessage(`"eu"`), "event": json.RawMessage("5")}, bound)

	_, err = h.Bind(map[string]json.RawMessage{"pth": json.RawMessage(`"a"`)}, []string{"pth"})
	require.NotNil(t, err)
	assert.Equal(t, "the script has no parameter 'pth' (did you mean 'path'?)", err.Message)
	_, err = h.Bind(nil, nil)
	require.NotNil(t, err)
	assert.True(t, err.Missing)
	assert.Equal(t, "the script needs the parameter path", err.Message)
	assert.Equal(t, "give it a value: --path FILE after the script, or --param path=FILE", err.Hint)

	without := read(t, "print(1)")
	given := map[string]json.RawMessage{"any": json.RawMessage(`{"a":1}`)}
	bound, err = without.Bind(given, []string{"any"})
	require.Nil(t, err)
	assert.Equal(t, given, bound, "a script without declarations takes everything")
}

func TestFlags(t *testing.T) {
	h := read(t, declaring)
	known := func(flag string) bool { return flag == "dry-run" || flag == "note" || flag == "since" }
	reserved := func(flag string) bool { return flag == "note" }
	for _, tt := range []struct {
		args, rest []string
		values     map[string]string
		wrong      string
	}{
		{[]string{"--path", "a.csv", "x", "--full", "y", "--max-rows=5"}, []string{"x", "y"}, map[string]string{"path": `"a.csv"`, "full": "true", "max_rows": "5"}, ""},
		{[]string{"--max_rows", "-5", "--full=false", "-", "-x"}, []string{"-", "-x"}, map[string]string{"max_rows": "-5", "full": "false"}, ""},
		{[]string{"--max-rows=1", "--max-rows=2"}, nil, map[string]string{"max_rows": "2"}, ""},
		{[]string{"a", "--", "--path", "b"}, []string{"a", "--", "--path", "b"}, map[string]string{}, ""},
		{[]string{"--dry-run"}, []string{"--dry-run"}, map[string]string{}, ""},
		{[]string{"--since", "2026-01-31"}, nil, map[string]string{"since": `"2026-01-31"`}, ""},
		{[]string{"--note", "a"}, nil, nil, "--note is a flag of phscript and a parameter of the script"},
		{[]string{"--pth", "a"}, nil, nil, "the script has no flag --pth (did you mean '--path'?)"},
		{[]string{"--path"}, nil, nil, "--path has no value"},
		{[]string{"--path", "--full"}, nil, nil, "--path has no value"},
		{[]string{"--path", "--"}, nil, nil, "--path has no value"},
		{[]string{"--max-rows=many"}, nil, nil, `the parameter max_rows must be a whole number, not "many"`},
	} {
		values, rest, err := h.Flags(tt.args, known, reserved)
		if tt.wrong != "" {
			assert.EqualError(t, err, tt.wrong, tt.args)
			continue
		}
		require.NoError(t, err, tt.args)
		assert.Equal(t, tt.rest, rest, tt.args)
		got := map[string]string{}
		for name, v := range values {
			got[name] = string(v)
		}
		assert.Equal(t, tt.values, got, tt.args)
	}
	args := []string{"--anything", "--", "x"}
	_, rest, err := read(t, "").Flags(args, known, reserved)
	require.NoError(t, err)
	assert.Equal(t, args, rest)
}

func TestSecretsAreHidden(t *testing.T) {
	h := read(t, declaring)
	bound := map[string]json.RawMessage{"key": json.RawMessage(`"s3cret-s3cret"`), "note": json.RawMessage(`"n"`)}
	assert.Equal(t, []string{"s3cret-s3cret"}, h.Secrets(bound))
	hidden, err := Object(h.Hide(bound, func(value string) string { return "hash" }))
	require.NoError(t, err)
	assert.JSONEq(t, `{"key":"hash","note":"n"}`, string(hidden))
	assert.JSONEq(t, `"s3cret-s3cret"`, string(bound["key"]), "the script gets it")
}

// FuzzRead: whatever a script begins with, reading its header neither fails nor takes what is
// not in the comments, and each error has a line, a message and a hint.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		declaring, "", "--", "--[[", "--[==[ @param x ]==] -- @name y", "#!/x\n-- @param a:choice(a,b) \"x\" default=\"a\" -- c",
		"-- @param a default='", "---@param a:file\n", "-- @writes\n-- @timeout 1h\n-- @allow net=,\n", "\ufeff-- @name \"\"", "-- @param x:string default== secret\r\n",
		"--[[\n@writes company ]] print(1)\n-- @name x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		h, wrong := Parse(source)
		lines := 1
		for _, b := range source {
			if b == '\n' {
				lines++
			}
		}
		for _, e := range wrong {
			if e.Line < 1 || e.Line > lines || e.Message == "" || e.Hint == "" {
				t.Fatalf("%+v", e)
			}
		}
		seen := map[string]bool{}
		for i := range h.Params {
			p := &h.Params[i]
			if seen[p.Flag()] || p.Line < 1 || p.Line > lines || p.Secret && p.Default != nil {
				t.Fatalf("%+v", p)
			}
			seen[p.Flag()] = true
			if p.Default == nil {
				continue
			}
			again, err := p.Convert(p.Default)
			if err != nil || string(again) != string(p.Default) {
				t.Fatalf("the default %s of %s becomes %s: %v", p.Default, p.Name, again, err)
			}
		}
		after, _ := Parse(append([]byte("print(1)\n"), source...))
		if len(after.Params)+len(after.Net)+len(after.Schedules) > 0 || after.WritesLine > 0 {
			t.Fatal("what follows a statement counts")
		}
	})
}
