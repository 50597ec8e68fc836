//go:build unix

package serve

import (
	"io"
	"os/exec"
	"syscall"
)

// ownGroup puts a program into a process group of its own, so that Ctrl-C at
// the terminal does not reach it, and all that it started can be ended.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// askToStop asks a program to end, as Ctrl-C does.
func askToStop(cmd *exec.Cmd, _ io.Closer) { _ = cmd.Process.Signal(syscall.SIGINT) }

// killGroup ends a program and all that it started.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
