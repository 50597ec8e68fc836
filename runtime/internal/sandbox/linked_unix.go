//go:build unix

package sandbox

import (
	"io/fs"
	"syscall"
)

// linked reports whether a file has several names.
func linked(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink > 1 && info.Mode().IsRegular()
}
