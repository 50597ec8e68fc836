package journal

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Holder identifies this process.
func Holder() string { return fmt.Sprintf("%s %d", hostName(), os.Getpid()) }

func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		return "?"
	}
	return strings.ReplaceAll(host, " ", "-")
}

// quiet is how long a process may record nothing before its number is taken for that of
// another process. Calls wait for Planhat as long.
const quiet = 15 * time.Minute

// Running reports whether a holder is a process of this machine, here, and whether that is
// still running, as far as this machine can tell. Text after its number does not matter.
func Running(holder string) (pid int, here, running bool) {
	host, rest, _ := strings.Cut(holder, " ")
	number, _, _ := strings.Cut(rest, " ")
	pid, err := strconv.Atoi(number)
	if err != nil || host != hostName() {
		return 0, false, false
	}
	return pid, true, alive(pid)
}

// AtWork reports whether the process that used the journal last is still running, as
// far as this machine can tell, and returns its number.
func (u *Unfinished) AtWork() (pid int, running bool) {
	host, number, _ := strings.Cut(u.Holder, " ")
	pid, err := strconv.Atoi(number)
	if err != nil || host != hostName() || pid == os.Getpid() || time.Since(u.Used) > quiet {
		return 0, false
	}
	return pid, alive(pid)
}
