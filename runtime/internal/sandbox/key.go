package sandbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// mostKey is the size of the largest file with a key, in bytes.
const mostKey = 64 << 10

// ReadKey reads a file with a key, which must be in a folder that the script may read.
// The script itself cannot read it if its name says that it holds a key, so the caller
// must not show the content.
func (s *Sandbox) ReadKey(name string) ([]byte, error) {
	at, err := s.locate("reading", name, true)
	if err != nil {
		return nil, err
	}
	f, err := at.root.OpenFile(at.rel, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, renamed(err, "open", name)
	}
	text, err := readKey(f, name)
	return text, errors.Join(err, f.Close())
}

func readKey(f *os.File, name string) ([]byte, error) {
	info, err := f.Stat()
	if err == nil {
		err = ordinary(info, fs.ModeType, name)
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > mostKey {
		return nil, fmt.Errorf("%s is %d bytes long, which is too long for a key", name, info.Size())
	}
	return io.ReadAll(io.LimitReader(f, mostKey))
}
