package serve

import (
	"io"
	"os/exec"
	"syscall"
)

// ownGroup puts a program into a new process group, so that Ctrl-C at the terminal
// does not reach it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// askToStop asks a program to end by closing its input: on Windows, no signal reaches
// a program without a console.
func askToStop(_ *exec.Cmd, stdin io.Closer) { _ = stdin.Close() }

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
