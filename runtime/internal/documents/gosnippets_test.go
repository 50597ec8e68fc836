package documents

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goFrame is the program that a Go block is a part of: what the blocks take for
// granted is declared here.
const goFrame = `package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
)

var (
	_ bytes.Buffer
	_ = errors.New
	_ = slog.Default
	_ = strings.NewReader
	_ = fmt.Sprint
	_ = os.Stdout
	_ = time.Now
	_ lua.LValue
	_ *bindings.Module
	_ planhat.Record
	_ simulator.Options
	_ runtime.Options
)

func main() {}
`

// TestGoSnippetsCompile compiles every Go block as the body of a function. That
// a block leaves a variable unused is no mistake.
func TestGoSnippetsCompile(t *testing.T) {
	program := goFrame
	n := 0
	for _, d := range documents(t) {
		for _, s := range d.snippets() {
			if s.info != "go" {
				continue
			}
			n++
			program += fmt.Sprintf(`
func snippet%d(t *testing.T, ctx context.Context, token string, source []byte, rows []planhat.Record, crm any) error {
//line %s:%d
%s
	return nil
}
`, n, s.document, s.line+1, s.code)
		}
	}
	require.NotZero(t, n)

	// The program lies in a folder of the module that exists for the compiler
	// only.
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(file, []byte(program), 0o644))
	place, err := filepath.Abs(filepath.Join("snippets", "main.go"))
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {place: file}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o644))
	cmd := exec.Command("go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-gcflags=-e", "-o", filepath.Join(dir, "out"), "./snippets")
	out, err := cmd.CombinedOutput()
	if err == nil {
		return
	}
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, "declared and not used") {
			assert.Fail(t, "a Go block does not compile", line)
		}
	}
}
