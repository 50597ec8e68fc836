package lualib_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/machine"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// The tests of this package hold phscript's Lua to its claim, that it computes
// what Lua 5.1 computes: fixed cases and generated programs run here and in
// Debian's lua5.1, and have to print the same.

// memoryHost is a host without files.
type memoryHost struct{ out bytes.Buffer }

var errNone = errors.New("there are no files here")

func (h *memoryHost) ReadSource(string) ([]byte, string, error)      { return nil, "", errNone }
func (h *memoryHost) OpenRead(string) (io.ReadCloser, error)         { return nil, errNone }
func (h *memoryHost) OpenWrite(string, bool) (io.WriteCloser, error) { return nil, errNone }
func (h *memoryHost) OpenUpdate(string, byte) (lualib.ReadWriteSeekCloser, error) {
	return nil, errNone
}
func (h *memoryHost) Remove(string) error                            { return errNone }
func (h *memoryHost) Rename(string, string) error                    { return errNone }
func (h *memoryHost) TempName() (string, error)                      { return "", errNone }
func (h *memoryHost) Getenv(string) (string, bool)                   { return "", false }
func (h *memoryHost) ReadStdin(context.Context, []byte) (int, error) { return 0, io.EOF }
func (h *memoryHost) Stdout() io.Writer                              { return &h.out }
func (h *memoryHost) Stderr() io.Writer                              { return io.Discard }
func (h *memoryHost) Exit(_ context.Context, code int) error         { return fmt.Errorf("exit %d", code) }
func (h *memoryHost) Now() time.Time                                 { return time.Unix(1700000000, 0) }
func (h *memoryHost) Location() *time.Location                       { return time.UTC }

// argumentOf matches the part of a message that Lua writes as "?" when it does
// not know by which name a function was called. phscript always knows.
var argumentOf = regexp.MustCompile(`(bad argument #-?\d+) to '[^']*'`)

// nameOf matches the part of a message that names a value. Lua and phscript know
// different ones; testdata/errors.lua compares those that both know.
var nameOf = regexp.MustCompile(`(?:local|global|upvalue|field|method) '[^']*' \(a (\w+) value\)`)

// addressOf matches the text of a value without one.
var addressOf = regexp.MustCompile(`(table|function|thread|userdata): (?:builtin: )?(?:0x)?[0-9a-fA-F]+`)

// comparable leaves out what may differ between two right answers.
func comparable(output string) string {
	if strings.HasPrefix(output, refused) {
		return refused
	}
	output = addressOf.ReplaceAllString(output, "$1")
	output = argumentOf.ReplaceAllString(output, "$1")
	return nameOf.ReplaceAllString(output, "a $1 value")
}

// refused begins the output of a program that does not compile.
const refused = "does not compile: "

// chunkName is what positions in messages show on both sides.
const chunkName = "p"

// mostInstructions is how many instructions a program may take. All of them end within
// milliseconds in the real Lua: one that takes this many does not end. A limit of time
// would tell how busy the machine is.
const mostInstructions = 10_000_000

// counted is a context that ends after mostInstructions.
type counted struct {
	context.Context
	end  context.CancelFunc
	left int
}

// Tick implements machine.Meter.
func (c *counted) Tick(instructions int) {
	if c.left -= instructions; c.left < 0 {
		c.end()
	}
}

// Before implements machine.Meter.
func (c *counted) Before(int) {}

// mostShown bounds what is shown of a program that does not end.
const mostShown = 2000

// runHere runs a program in phscript's Lua and returns what it prints, and the
// error that it ends with, if any, as a last line.
func runHere(program string) string { return runWith(compile.Options{}, program) }

// runWith does so with a program that is compiled in another way.
func runWith(o compile.Options, program string) (output string) {
	host := &memoryHost{}
	inner, cancel := context.WithCancel(context.Background())
	defer cancel()
	ctx := &counted{Context: inner, end: cancel, left: mostInstructions}
	L := lua.NewState(lualib.StateOptions())
	defer L.Close()
	machine.SetContext(L, ctx)
	lualib.Open(L, host, lualib.Limits{})
	// The end of the context is raised through everything, as a run's is.
	defer func() {
		if p := recover(); p != nil {
			if ctx.Err() == nil {
				panic(p)
			}
			shown := host.out.String()
			output = shown[:min(len(shown), mostShown)] + "\nthe program does not end\n"
		}
	}()
	proto, err := o.Compile([]byte(program), chunkName)
	if err != nil {
		return refused + err.Error()
	}
	if _, err := lualib.Call(L, L.NewFunctionFromProto(proto)); err != nil {
		var failure *lua.ApiError
		errors.As(err, &failure)
		fmt.Fprintf(&host.out, "error: %s\n", lualib.ToString(L, failure.Object))
	}
	return host.out.String()
}

// driver runs every program of a batch in the real Lua.
const driver = `
local programs, mark = dofile(arg[1]), arg[2]
for i, source in ipairs(programs) do
  local out = {}
  local env = setmetatable({}, { __index = _G })
  env._G = env
  env.print = function(...)
    local line = {}
    for i = 1, select("#", ...) do line[i] = tostring((select(i, ...))) end
    out[#out + 1] = table.concat(line, "\t") .. "\n"
  end
  local fn, problem = loadstring(source, "=p")
  if not fn then out[1] = "does not compile: " .. problem
  else
    setfenv(fn, env)
    local ok, err = pcall(fn)
    if not ok then out[#out + 1] = "error: " .. tostring(err) .. "\n" end
  end
  io.write(table.concat(out), mark)
end
`

// batchMark ends each program's output.
const batchMark = "\x01end of program\x01\n"

// runReal runs programs in one process of the real Lua.
func runReal(t testing.TB, programs []string) []string {
	t.Helper()
	dir := t.TempDir()
	var batch strings.Builder
	batch.WriteString("return {\n")
	for _, program := range programs {
		batch.WriteString("[======[\n" + program + "]======],\n")
	}
	batch.WriteString("}\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "batch.lua"), []byte(batch.String()), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "driver.lua"), []byte(driver), 0o600))
	cmd := exec.Command("lua5.1", "driver.lua", "batch.lua", batchMark)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	parts := strings.Split(string(out), batchMark)
	require.Len(t, parts, len(programs)+1, string(out))
	return parts[:len(programs)]
}

// needLua skips a test on a machine without the real Lua.
func needLua(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("lua5.1"); err != nil {
		t.Skip("lua5.1 is not installed; apt-get install lua5.1 brings it")
	}
}
