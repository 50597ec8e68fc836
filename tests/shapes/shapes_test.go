package shapes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const example = `# a recording
GET /things/*
page.next string null
things[].id string
things[].tags[] string
things[].owner.email string
things[].custom.* any
things[].text.** any
- things[].old: it was there once
~ things[].made: a test makes it
stream things things[]

- POST /token: no recording was found
`

func TestCheck(t *testing.T) {
	s, err := parse(example)
	require.NoError(t, err)
	good := `{"page":{"next":null},"things":[{"id":"1","tags":["a"],"owner":{"email":"x"},"custom":{"a b.c":[{"d":1}]},"text":{"content":[{"content":[null]}]},"made":1}]}`
	for answer, want := range map[string]string{
		good:                                              "",
		`{"page":{},"things":[]}`:                         "",
		strings.Replace(good, `"1"`, `1`, 1):              "things[].id is number, and not so in any recording",
		strings.Replace(good, `"1"`, `null`, 1):           "things[].id is null, and not so in any recording",
		strings.Replace(good, `"id"`, `"key"`, 1):         "things[].key is in no recording",
		strings.Replace(good, `["a"]`, `"a"`, 1):          "things[].tags is string, and not so in any recording",
		strings.Replace(good, `"x"`, `["x"]`, 1):          "things[].owner.email is array, and not so in any recording",
		strings.Replace(good, `{"email":"x"}`, `null`, 1): "things[].owner is null, and not so in any recording",
		`[]x`: "not JSON",
	} {
		problems := s.Check("GET", "/things/7?page=2", []byte(answer))
		if want == "" {
			assert.Empty(t, problems, answer)
		} else if assert.NotEmpty(t, problems, answer) {
			assert.Contains(t, strings.Join(problems, "\n"), want)
		}
	}
	assert.Contains(t, s.Check("GET", "/other", nil)[0], "no recording is known")
	assert.Empty(t, s.Check("POST", "/token", nil))
	assert.True(t, s.Knows("GET", "/things/1?x"))
	assert.False(t, s.Knows("POST", "/token"))
	assert.Equal(t, []string{"GET /things/*: - things[].old: it was there once"}, s.Unused())
	assert.Empty(t, s.Check("GET", "/things/7", []byte(`{"things":[{"old":true}]}`)))
	assert.Empty(t, s.Unused())
}

func TestReads(t *testing.T) {
	s, err := parse(example)
	require.NoError(t, err)
	assert.Equal(t, []string{"stream things reads email, which is in no recording"}, s.Reads("things", []string{"id", "tags.1", "owner", "owner.email", "custom.x", "email", "old"}))
	assert.Equal(t, []string{"no request is the one of stream people"}, s.Reads("people", nil))
}

func TestFilesAreRead(t *testing.T) {
	for _, name := range Names() {
		s, err := Load(name)
		require.NoError(t, err, name)
		assert.NotEmpty(t, s.blocks, name)
	}
	for _, wrong := range []string{"GET /x\n", "# a\nGET /x\nid\n", "# a\nGET /x\n- id\n", "id string\n"} {
		_, err := parse(wrong)
		assert.Error(t, err, wrong)
	}
}
