package progress_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/tests/script"
)

// told notes what it is told.
type told struct {
	planhat.ProgressObserver
	mu    sync.Mutex
	lines []string
	tasks int
}

func (o *told) note(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, fmt.Sprintf(format, args...))
}

func (o *told) Begin(t bindings.Task) bindings.Tracker {
	o.tasks++
	o.note("%d: %s, %d %s", o.tasks, t.Name, t.Total, t.Unit)
	return &one{o, o.tasks}
}

type one struct {
	*told
	id int
}

func (t *one) Add(n int64) { t.note("%d: +%d", t.id, n) }

func (t *one) Set(n int64) { t.note("%d: =%d", t.id, n) }

func (t *one) Total(n int64) { t.note("%d: of %d", t.id, n) }

func (t *one) Note(text string) { t.note("%d: %s", t.id, text) }

func (t *one) End() { t.note("%d: end", t.id) }

// tells returns what a script tells, without what comes after its end.
func tells(t *testing.T, source string) string {
	t.Helper()
	b := script.New(t)
	var o told
	b.Options.Progress = &o
	require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "large.txt"), []byte(strings.Repeat("0123456789abcde\n", 1<<16)), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "small.txt"), []byte("x\n"), 0o600))
	require.NoError(t, b.Run(t, "local progress = require 'progress'\n"+source), source)
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, "; ")
}

func TestEach(t *testing.T) {
	for source, want := range map[string]string{
		`for item, i in progress.each({ "a", "b" }, { name = "letters", unit = "letters" }) do assert(item == ({ "a", "b" })[i]) end`: "1: letters, 2 letters; 1: +1; 1: +1; 1: end",
		`for _ in progress.each({}) do end`:                      "1: progress, 0 ; 1: end",
		`for x in progress.each({ 1, 2 }, { total = 5 }) do end`: "1: progress, 5 ; 1: +1; 1: +1; 1: end",
		`local n = 0 local function next() n = n + 1 if n < 3 then return n, n * 2 end end for a, b in progress.each(next) do assert(b == a * 2) end`: "1: progress, 0 ; 1: +1; 1: +1; 1: end",
		`local next = coroutine.wrap(function() coroutine.yield(1) end) for a in progress.each(next) do assert(a == 1) end`:                           "1: progress, 0 ; 1: +1; 1: end",
	} {
		assert.Equal(t, want, tells(t, source), source)
	}
}

func TestStart(t *testing.T) {
	assert.Equal(t, "1: boxes, 3 ; 1: support; 1: +1; 1: +5; 1: =2; 1: of 9; 1: of 0; 1: end", tells(t,
		`local task = progress.start{ name = "boxes", total = 3 } task:note("support") task:add() task:add(5) task.set(2) task:total(9) task:total() task:finish()`))
}

func TestLargeFiles(t *testing.T) {
	text := tells(t, `local n = 0 for line in fs.lines("large.txt") do n = n + 1 end assert(n == 65536) fs.read("small.txt")`)
	assert.True(t, strings.HasPrefix(text, "1: large.txt, 1048576 bytes; 1: +"), text)
	assert.Contains(t, text, "; 1: end")
	assert.NotContains(t, text, "small")
}

func TestMistakes(t *testing.T) {
	b := script.New(t)
	for source, want := range map[string]string{
		`progress.each({ a = 1 })`:         "'items' must be a list",
		`progress.each(nil)`:               "items",
		`progress.start{ total = -1 }`:     "option 'total' must not be negative, but it is -1",
		`progress.start{ size = 1 }`:       "size",
		`progress.start():add(-2)`:         "'items' must not be negative, but it is -2",
		`progress.start():set("x")`:        "done",
		`progress.each({ 1 }, { nam = 1})`: "name",
	} {
		err := b.Run(t, "local progress = require 'progress'\n"+source)
		require.Error(t, err, source)
		assert.Contains(t, err.Error(), want, source)
	}
}

// Without anybody to tell, everything works all the same.
func TestNobodyIsTold(t *testing.T) {
	b := script.New(t)
	assert.Equal(t, "1 2 3", b.Prints(t, `local progress = require "progress"
local t = progress.start() t:add() t:set(3) t:total(4) t:note("x") t:finish() t:add()
local out = {} for x in progress.each{ 1, 2, 3 } do out[#out + 1] = x end io.write(table.concat(out, " "))`))
}
