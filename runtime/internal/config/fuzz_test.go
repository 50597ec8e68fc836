package config

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// secret is a token that is in each text.
const secret = "qzkJxPqRsTuV7012"

// place matches where an error says that the mistake is.
var place = regexp.MustCompile(`^/work/phscript\.toml:(\d+)(:\d+)?: `)

// FuzzConfig loads any file that has a token somewhere in its middle. An error names
// the file and a line of it, says what to do, and repeats no part of the token. What is
// loaded is loaded again with the same values, and its parameters are JSON.
func FuzzConfig(f *testing.F) {
	for _, text := range []string{
		"api_token = \"¤\"\ncalls_per_min = 100\n", "tenant_token = '¤'\ntimeout = \"30m\"\nmax_memory = \"256MiB\"\nretry_for = \"5m\"\nallow_write = [\"a\", \"/b\"]\n", "api_token = ¤\n", "api_token = \"¤\n", "api_token = \"\"¤\"\n", "¤\n", "api_token = [\"¤\"]\n", "api_token = \"\\¤\"\n", "api_token = \"\"\"\n¤\"\"\"\nx = 1\n", "api_token \"¤\"\n",
		"[check]\nglobals = [\"x\"]\nignore = []\n# ¤\n", "[[model]]\nname = \"contract\"\npath = \"/contracts\"\nkeys = [\"_id\"]\n# ¤\n", "[[model]]\nname = \"¤\"\n", "[[schedule]]\nname = \"a\"\nscript = \"a.lua\"\ncron = \"0 7 * * *\"\n[schedule.params]\nd = 2024-01-31\ns = \"¤\"\nn = [1, {b = 07:32:00}]\n[[schedule]]\nname = \"b\"\nevery = \"1h\"\non_failure = [{webhook = \"https://x\"}]\n",
		"[serve]\nlisten = \":80\"\nworkers = 2\n[[serve.on_failure]]\ncommand = [\"mail\", \"¤\"]\n", "[[schedule]]\nparams = \"¤\"\n", "[[schedule]]\nparams = { x = inf, y = \"¤\" }\n", "calls_per_min = 0\n#¤", "calls_per_min = \"¤\"\n", "calls_per_min = 99999999999999999999\n#¤", "api_tokn = \"¤\"\n", "timeout = \"¤\"\n", "max_memory = \"1kb\"\n#¤", "\xff\xfea\x00¤", "\xef\xbb\xbfapi_token = \"¤\"", "a.b.c = \"¤\"\n", "[planhat]\napi_token = \"¤\"\n",
		"strict = true\nlog_level = \"debug\"\nlog_format = \"json\"\nstate = \"postgres://u:¤@h/d\"\nstrict = false\n", "model = 1\n#¤", "schedule = [1]\n#¤", "serve = [[]]\n#¤", "allow_env = [[\"¤\"]]", "x = {y = {z = \"¤\"}}", "[[schedule]]\n[schedule.params]\n¤ = 1\n", "retry_for = \"\"\"\napi_token = \"¤\"\n\"\"\"\n", "\r\napi_token = \"¤\"\r\n\r\nnope = 1\r\n", "api_token = \"¤\"\x00", "# \xff ¤",
	} {
		before, after, _ := strings.Cut(text, "¤")
		f.Add([]byte(before), []byte(after))
	}
	f.Fuzz(func(t *testing.T, before, after []byte) {
		if len(before)+len(after) > 1<<12 {
			return
		}
		text := string(before) + secret + string(after)
		c, err := load(t, text, nil)
		if err == nil {
			again, err := load(t, text, nil)
			require.NoError(t, err)
			assert.Equal(t, c, again)
			assert.Equal(t, "/work/phscript.toml", c.File)
			for _, s := range c.Schedules {
				if text, err := s.Params.MarshalJSON(); assert.NoError(t, err) {
					_, err = ParamsOf(jsonText(text))
					assert.NoError(t, err)
				}
			}
			return
		}
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.NotContains(t, e.Error(), "\n")
		for i := range len(secret) - 4 {
			assert.NotContains(t, strings.ToLower(e.Error()+e.Hint), strings.ToLower(secret[i:i+5]), "a part of the token")
		}
		if e.Message == "the file is in UTF-16" {
			return
		}
		found := place.FindStringSubmatch(e.Error())
		require.NotNil(t, found, "no line: %s", e.Error())
		line, err := strconv.Atoi(found[1])
		require.NoError(t, err)
		assert.Positive(t, line)
		assert.LessOrEqual(t, line, strings.Count(text, "\n")+1)
	})
}

// jsonText is JSON as it is.
type jsonText []byte

func (j jsonText) MarshalJSON() ([]byte, error) { return j, nil }
