//go:build unix

package serve

import (
	"io"
	"os/exec"
	"syscall"
)

// ownGroup puts a program into a new process group, so that Ctrl-C at the terminal
// does not reach it, and everything that it starts can be killed.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// askToStop asks a program to end, as Ctrl-C does.
func askToStop(cmd *exec.Cmd, _ io.Closer) { _ = cmd.Process.Signal(syscall.SIGINT) }

func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
