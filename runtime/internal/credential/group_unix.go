//go:build unix

package credential

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a program into a new process group, so that ending it also ends what it has
// started.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
