package serve

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// ChildEnded is the signal for the end of a program that this process is the parent of.
var ChildEnded os.Signal = syscall.SIGCHLD

// reap collects the children that have ended, except those that others wait for. It
// asks for each by its number: waiting for any child would take the others' away.
func reap(awaited func(pid int) bool) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it is gone
		}
		// The name, in parentheses, may contain anything.
		var state string
		var parent int
		_, err = fmt.Sscan(string(text[bytes.LastIndexByte(text, ')')+1:]), &state, &parent)
		if err != nil || state != "Z" || parent != os.Getpid() {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && !awaited(pid) {
			_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		}
	}
}
