package lualib

import (
	"errors"
	"io"
	"syscall"

	lua "github.com/yuin/gopher-lua"
)

// ReadWriteSeekCloser is a file that is open for reading and writing.
type ReadWriteSeekCloser = interface {
	io.ReadWriteCloser
	io.Seeker
}

// fileSeek is file:seek.
func fileSeek(c call) int {
	f := c.file(1)
	whence := map[string]int{"set": io.SeekStart, "cur": io.SeekCurrent, "end": io.SeekEnd}
	from, ok := whence[c.optStr(2, "cur")]
	if !ok {
		c.fail(2, "invalid option '"+c.str(2)+"'")
	}
	position, err := f.seek(int64(c.optInt(3, 0)), from)
	if err != nil {
		return c.failed("", err)
	}
	return c.results(lua.LNumber(position))
}

// seek moves the position at which the file is read and written.
func (f *file) seek(offset int64, whence int) (int64, error) {
	if f.seeker == nil {
		return 0, syscall.ESPIPE
	}
	if err := f.flush(); err != nil {
		return 0, err
	}
	if f.reader != nil && whence == io.SeekCurrent {
		offset -= int64(f.reader.Buffered())
	}
	position, err := f.seeker.Seek(offset, whence)
	if err == nil && f.reader != nil {
		f.reader.Reset(f.source)
	}
	return position, err
}

// toWrite prepares for writing after reading: what was read ahead is given back.
func (f *file) toWrite() error {
	if f.seeker == nil || f.reader == nil || f.reader.Buffered() == 0 {
		return nil
	}
	_, err := f.seek(0, io.SeekCurrent)
	return err
}

// memoryFile is a temporary file, which is in memory. So it needs no permission to
// write, and leaves nothing behind.
type memoryFile struct {
	data     []byte
	position int
	most     int
}

func (m *memoryFile) Read(p []byte) (int, error) {
	if m.position >= len(m.data) {
		return 0, io.EOF
	}
	n := copy(p, m.data[m.position:])
	m.position += n
	return n, nil
}

func (m *memoryFile) Write(p []byte) (int, error) {
	end := m.position + len(p)
	if end > m.most {
		return 0, errors.New("the temporary file is too large: write to a folder that the script can write to")
	}
	if end > len(m.data) {
		m.data = append(m.data, make([]byte, end-len(m.data))...)
	}
	copy(m.data[m.position:], p)
	m.position = end
	return len(p), nil
}

func (m *memoryFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += int64(m.position)
	case io.SeekEnd:
		offset += int64(len(m.data))
	}
	if offset < 0 || offset > int64(m.most) {
		return 0, syscall.EINVAL
	}
	m.position = int(offset)
	return offset, nil
}

// Close frees the memory.
func (m *memoryFile) Close() error {
	m.data = nil
	return nil
}
