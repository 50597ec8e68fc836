// Package counted tells how much of a file was read.
package counted

import "io"

// File returns a file that tells read how many bytes each read gets, and calls closed
// when it is closed. It can be read at any place if f can.
func File(f io.ReadCloser, read func(int64), closed func()) io.ReadCloser {
	one := file{f, read, closed}
	if at, ok := f.(io.ReaderAt); ok {
		return anywhere{one, at}
	}
	return one
}

type file struct {
	io.ReadCloser
	read   func(int64)
	closed func()
}

func (f file) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	f.read(int64(n))
	return n, err
}

func (f file) Close() error {
	f.closed()
	return f.ReadCloser.Close()
}

type anywhere struct {
	file
	at io.ReaderAt
}

func (f anywhere) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.at.ReadAt(p, at)
	f.read(int64(n))
	return n, err
}
