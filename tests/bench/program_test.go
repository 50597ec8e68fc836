package bench

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
)

// find returns the path of an interpreter to compare with, or "" where there
// is none.
func find(name string) string {
	found, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	if name == "python3" { // the one behind a version manager's shim
		if real, err := exec.Command(found, "-c", "import sys; print(sys.executable)").Output(); err == nil {
			return strings.TrimSpace(string(real))
		}
	}
	return found
}

// write puts a script into the benchmark's folder.
func write(b *testing.B, name, text string) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), name)
	require.NoError(b, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// environment is what a program sees: the way to a simulator, and nothing of
// the person who runs the benchmarks.
func environment(server *simulator.Server) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "PHSCRIPT_STATE=memory"}
	if server != nil {
		env = append(env, server.Environment()...)
	}
	return env
}

// outcome is what is known about a program that ran.
type outcome struct {
	wall   time.Duration
	cpu    time.Duration
	peak   int64 // the most resident memory in bytes, 0 where it is unknown
	stdout string
}

// execute runs a program to its end.
func execute(b *testing.B, server *simulator.Server, name string, args ...string) outcome {
	b.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Dir = environment(server), os.TempDir()
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	began := time.Now()
	err := cmd.Run()
	wall := time.Since(began)
	require.NoError(b, err, "%s", stderr.String())
	return outcome{wall: wall, stdout: stdout.String()}
}

// executeToCode runs a program that ends with an exit code other than 0.
func executeToCode(b *testing.B, code int, name string, args ...string) time.Duration {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Dir = environment(nil), os.TempDir()
	began := time.Now()
	err := cmd.Run()
	wall := time.Since(began)
	var exit *exec.ExitError
	require.ErrorAs(b, err, &exit)
	require.Equal(b, code, exit.ExitCode())
	return wall
}

// hold runs a program that prints a line when its work is done and then waits
// for its input to end, so that its memory can be read from outside. What the
// system tells of a child that has ended includes the parent's own memory.
func hold(b *testing.B, server *simulator.Server, name string, args ...string) outcome {
	b.Helper()
	return holdIn(b, server, os.TempDir(), name, args...)
}

// holdIn is hold for a program that works in a folder.
func holdIn(b *testing.B, server *simulator.Server, folder, name string, args ...string) outcome {
	b.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Dir, cmd.Stderr = environment(server), folder, &stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(b, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	began := time.Now()
	require.NoError(b, cmd.Start())
	var text bytes.Buffer
	for one := make([]byte, 1); !bytes.HasSuffix(text.Bytes(), []byte("\n")); text.Write(one) {
		if _, err := io.ReadFull(stdout, one); err != nil {
			_ = cmd.Wait()
			require.FailNow(b, "the program ended early", "%s", stderr.String())
		}
	}
	o := outcome{wall: time.Since(began), stdout: text.String(), peak: peak(cmd.Process.Pid)}
	require.NoError(b, stdin.Close())
	require.NoError(b, cmd.Wait(), "%s", stderr.String())
	o.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return o
}

// peak returns the most resident memory that a process has had, in bytes.
func peak(pid int) int64 {
	size, _, _ := strings.Cut(field("/proc/"+strconv.Itoa(pid)+"/status", "VmHWM"), " ")
	kib, err := strconv.ParseInt(size, 10, 64)
	if err != nil {
		return 0
	}
	return kib * 1024
}
