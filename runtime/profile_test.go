package runtime_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	pprof "github.com/google/pprof/profile"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
)

// profiled runs a script and returns its profile.
func profiled(t *testing.T, source string, set ...func(*runtime.Options)) *runtime.Profile {
	t.Helper()
	o := runtime.Options{WorkDir: t.TempDir(), Profile: &runtime.Profile{}}
	for _, f := range set {
		f(&o)
	}
	rt, err := runtime.New(o)
	require.NoError(t, err)
	_, err = rt.Run(t.Context(), runtime.Script{Name: "job.lua", Source: []byte(source)})
	require.NoError(t, err)
	return o.Profile
}

// spent returns the time of a line without and with what it calls.
func spent(p *runtime.Profile, line int) (self, total time.Duration) {
	for _, l := range p.Lines() {
		if l.Name == "job.lua" && l.Line == line {
			return l.Self, l.Total
		}
	}
	return 0, 0
}

func TestProfileOfLines(t *testing.T) {
	began := time.Now()
	p := profiled(t, `local function inner()
  time.sleep(0.3)
end
local function outer()
  inner()
end
outer()
time.sleep(0.1)
for _ in function() time.sleep(0.2) return nil end do
  local x = 1
end
local co = coroutine.wrap(function()
  time.sleep(0.15)
end)
co()`)
	took := time.Since(began)
	sleeps := func(line int, self, total time.Duration) {
		t.Helper()
		s, with := spent(p, line)
		assert.GreaterOrEqual(t, s+time.Millisecond, self, "line %d", line)
		assert.GreaterOrEqual(t, with+time.Millisecond, total, "line %d with calls", line)
		assert.LessOrEqual(t, with, took)
		if self == 0 {
			assert.Less(t, s, 100*time.Millisecond+took/2, "line %d", line)
		}
	}
	sleeps(2, 300*time.Millisecond, 300*time.Millisecond)
	sleeps(5, 0, 300*time.Millisecond)
	sleeps(7, 0, 300*time.Millisecond)
	sleeps(8, 100*time.Millisecond, 100*time.Millisecond)
	sleeps(9, 200*time.Millisecond, 200*time.Millisecond)
	sleeps(13, 150*time.Millisecond, 150*time.Millisecond)
	sleeps(15, 0, 150*time.Millisecond)
}

// A line that waits for an answer has the time of the wait, also as the iterator of a loop.
func TestProfileOfWaiting(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[{"_id":"65920080b97f4a7a33001389"}]`))
	}))
	defer server.Close()
	p := profiled(t, "local n = 0\nfor c in planhat.company.each() do\n  n = n + #c._id\nend", func(o *runtime.Options) {
		o.Planhat.APIToken, o.Planhat.BaseURL = "some-token", server.URL
	})
	self, _ := spent(p, 2)
	body, _ := spent(p, 3)
	assert.GreaterOrEqual(t, self, 199*time.Millisecond)
	assert.Less(t, body, self)
}

func TestProfileForPprof(t *testing.T) {
	p := profiled(t, "local t = {}\nlocal function named()\n  time.sleep(0.1)\nend\nt.member = function()\n  named()\nend\nt.member()")
	var out bytes.Buffer
	require.NoError(t, p.WriteProto(&out))
	parsed, err := pprof.Parse(&out)
	require.NoError(t, err)
	var names []string
	for _, f := range parsed.Function {
		names = append(names, f.Name)
		assert.Equal(t, "job.lua", f.Filename)
	}
	assert.Subset(t, names, []string{"named", "t.member", "job.lua"})
	var longest *pprof.Sample
	for _, s := range parsed.Sample {
		if longest == nil || s.Value[1] > longest.Value[1] {
			longest = s
		}
	}
	require.NotNil(t, longest)
	assert.GreaterOrEqual(t, longest.Value[1], (99 * time.Millisecond).Nanoseconds())
	var stack []string
	for _, l := range longest.Location {
		stack = append(stack, l.Line[0].Function.Name)
	}
	assert.Equal(t, []string{"named", "t.member", "job.lua"}, stack)

	var text strings.Builder
	require.NoError(t, p.WriteText(&text, 1, 60))
	lines := strings.Split(text.String(), "\n")
	assert.Contains(t, lines[2], "job.lua:3  time.sleep(0.1)")
	assert.Regexp(t, `^\d+ more lines?$`, lines[3])
}
