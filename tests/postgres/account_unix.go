//go:build unix

package postgres

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is an account that programs run under.
type account syscall.Credential

// ownerOf hands a folder to the account that PostgreSQL's packages make.
func ownerOf(dir string) (*account, error) {
	found, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(found.Uid)
	gid, _ := strconv.Atoi(found.Gid)
	return &account{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}

// run lets a program run under the account.
func (a *account) run(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: (*syscall.Credential)(a)}
}
