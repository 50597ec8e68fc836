//go:build unix

package unfinished

import (
	"io/fs"
	"os"
	"syscall"
)

// take locks a file for as long as what it returns is open. It fails if another process
// holds the file. The lock is one of the file itself, so it survives the file's writer
// closing it, and ends with the process, however that ends.
func take(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// held reports whether a file is in use as far as its description says.
func held(fs.FileInfo) bool { return false }
