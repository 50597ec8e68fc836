//go:build !linux

package serve

import "os"

// ChildEnded is not sent: containers run Linux.
var ChildEnded os.Signal

func reap(func(pid int) bool) {}
