package runtime

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRunPrintsAndReturns(t *testing.T) {
	b := newBench(t)
	r, err := b.run(t, `
		local first, second = ...
		print("hello", first, second, args[0], #args, nil, 1.5)
		return 1, "two", { "a", "b" }, { name = "x", list = {} }, nil, true, print`, "A", "B")
	require.NoError(t, err)
	assert.Equal(t, "hello\tA\tB\tmain.lua\t2\tnil\t1.5\n", b.stdout.String())
	assert.Equal(t, []any{
		1.0, "two", []any{"a", "b"}, map[string]any{"name": "x", "list": []any{}}, nil, true, nil,
	}, r.Values)
	assert.Positive(t, r.Duration)
}

func TestDecode(t *testing.T) {
	b := newBench(t)
	r, err := b.run(t, `return { count = 3, names = { "a" }, extra = {} }`)
	require.NoError(t, err)
	var got struct {
		Count int
		Names []string
		Extra []int
	}
	require.NoError(t, r.Decode(&got))
	assert.Equal(t, 3, got.Count)
	assert.Equal(t, []string{"a"}, got.Names)
	var number int
	assert.ErrorContains(t, r.Decode(&number), "does not fit *int")
	assert.ErrorContains(t, r.Decode(number), "pointer")

	r, err = b.run(t, `return {}`)
	require.NoError(t, err)
	var empty map[string]string
	require.NoError(t, r.Decode(&empty))
	r, err = b.run(t, ``)
	require.NoError(t, err)
	assert.ErrorContains(t, r.Decode(&empty), "returned nothing")
}

func TestValueOfCycleEnds(t *testing.T) {
	b := newBench(t)
	r, err := b.run(t, `local t = { 1 } t[2] = t return t`)
	require.NoError(t, err)
	assert.Equal(t, []any{[]any{1.0, nil}}, r.Values)
}

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) Add(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += n
	return c.n
}

func TestGoValues(t *testing.T) {
	b := newBench(t)
	c := &counter{}
	b.opts.Values = map[string]any{"counter": c}
	r, err := b.run(t, `counter:Add(2) return counter:Add(3), counter`)
	require.NoError(t, err)
	assert.Equal(t, []any{5.0, c}, r.Values)
}

func TestRunsShareNothing(t *testing.T) {
	b := newBench(t)
	rt, err := New(b.opts)
	require.NoError(t, err)
	source := []byte(`
		assert(leaked == nil and string.leaked == nil and inspect.leaked == nil)
		leaked, string.leaked, inspect.leaked = 1, 1, 1
		local tables = require "tables"
		assert(tables.leaked == nil)
		tables.leaked = 1
		local sum = 0
		for i = 1, 2000 do sum = sum + i end
		return sum, ...`)
	program, err := rt.Compile(t.Context(), Script{Name: "a.lua", Source: source})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			name := fmt.Sprint("run", i)
			r, err := program.Run(t.Context(), RunOptions{Args: []string{name}})
			if assert.NoError(t, err) {
				assert.Equal(t, []any{2001000.0, name}, r.Values)
			}
		})
	}
	wg.Wait()
}

func TestExit(t *testing.T) {
	b := newBench(t)
	for code, source := range map[int]string{
		0: `os.exit() print("after")`,
		3: `pcall(function() os.exit(3) end) print("after")`,
		1: `coroutine.wrap(function() os.exit(1) end)() print("after")`,
	} {
		r, err := b.run(t, source)
		assert.Equal(t, code, r.ExitCode, source)
		if code == 0 {
			assert.NoError(t, err)
		} else {
			var exit *ExitError
			require.ErrorAs(t, err, &exit, source)
			assert.Equal(t, code, exit.Code)
		}
	}
	assert.Empty(t, b.stdout.String())
}

func TestPrintIsWholeBeforeInputIsRead(t *testing.T) {
	b := newBench(t)
	b.opts.Stdin = strings.NewReader("Ada\n42\n")
	_, err := b.run(t, `io.write("name? ") print(io.read(), io.read("*n"))`)
	require.NoError(t, err)
	assert.Equal(t, "name? Ada\t42\n", b.stdout.String())
}
