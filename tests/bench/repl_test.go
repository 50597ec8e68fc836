//go:build unix

package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/program"
)

// promptRounds is how often each program is started at a terminal.
const promptRounds = 21

// BenchmarkPrompt starts phscript and Lua's own interpreter in a terminal, and
// waits for the first prompt.
func BenchmarkPrompt(b *testing.B) {
	type candidate struct {
		name, prompt string
		command      []string
	}
	programs := []candidate{
		{"phscript repl --simulate", "planhat (simulated)>", []string{program.Path(b), "repl", "--simulate"}},
		{"phscript repl", "planhat>", []string{program.Path(b), "repl"}},
	}
	if found := find("lua5.1"); found != "" {
		programs = append(programs, candidate{"lua5.1 -i", "> ", []string{found, "-i"}})
	}
	for range b.N {
		walls := make([][]time.Duration, len(programs))
		for range promptRounds {
			for i, p := range programs {
				walls[i] = append(walls[i], untilPrompt(b, p.prompt, p.command...))
			}
		}
		mine := median(walls[0])
		b.ReportMetric(float64(mine)/1e6, "ms/prompt")
		for i, p := range programs {
			m, target := median(walls[i]), ""
			if i < 2 {
				target = "60 ms"
			}
			report(p.name+", from its start to the first prompt", fmt.Sprintf("%s (90th percentile %s, phscript/this %.2f)",
				ms(m), ms(walls[i][promptRounds*9/10]), float64(mine)/float64(m)), target)
		}
	}
}

// untilPrompt starts a program in a terminal, and returns when it asks for input.
func untilPrompt(b *testing.B, prompt string, command ...string) time.Duration {
	b.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	home := b.TempDir()
	cmd.Env, cmd.Dir = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TERM=xterm-256color", "INPUTRC=/dev/null"}, home
	began := time.Now()
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 100, Rows: 30})
	require.NoError(b, err)
	var seen []byte
	buf := make([]byte, 4096)
	for !bytes.Contains(seen, []byte(prompt)) {
		n, err := terminal.Read(buf)
		require.NoError(b, err, "%s", seen)
		seen = append(seen, buf[:n]...)
	}
	wall := time.Since(began)
	_ = cmd.Process.Kill()
	_ = terminal.Close()
	_ = cmd.Wait()
	return wall
}
