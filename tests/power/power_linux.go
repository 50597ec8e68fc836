// Package power simulates power failures for SQLite files: of what programs have written, the
// disk has what was synced. Real disks may have more.
//
// Each process that uses a file calls Watch first. Beside the file and its journal, it keeps
// what the disk would have of them. All processes share that, because a sync by one of them
// also stores what others have written.
package power

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// kept is the end of the name of what the disk has of a file, and dirty of the list of
	// what was written since.
	kept, dirty = ".kept", ".dirty"
	record      = 16
	// truncated is in place of the length in the record of a file that was made shorter.
	truncated = -1
)

// file is a file that is watched, as its processes share it. It is safe for concurrent use.
type file struct {
	name string
	mu   sync.Mutex
	list *os.File
}

var (
	mu    sync.Mutex
	files = map[string]*file{}
	// open has the files by SQLite's pointers.
	open = map[uintptr]*file{}
)

func watched(name string) (*file, error) {
	mu.Lock()
	defer mu.Unlock()
	if f := files[name]; f != nil {
		return f, nil
	}
	list, err := os.OpenFile(name+dirty, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	f := &file{name: name, list: list}
	files[name] = f
	return f, nil
}

// lock keeps others from writing and syncing the file, also in other processes.
func (f *file) lock() error {
	f.mu.Lock()
	for {
		err := syscall.Flock(int(f.list.Fd()), syscall.LOCK_EX)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EINTR) {
			f.mu.Unlock()
			return err
		}
	}
}

func (f *file) unlock() {
	_ = syscall.Flock(int(f.list.Fd()), syscall.LOCK_UN)
	f.mu.Unlock()
}

// note adds to the list of what was written.
func (f *file) note(offset, length int64) error {
	var b [record]byte
	binary.LittleEndian.PutUint64(b[:], uint64(offset))
	binary.LittleEndian.PutUint64(b[8:], uint64(length))
	if _, err := f.list.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	_, err := f.list.Write(b[:])
	return err
}

// sync copies what was written to what the disk has.
func (f *file) sync() error {
	if err := f.lock(); err != nil {
		return err
	}
	defer f.unlock()
	if _, err := f.list.Seek(0, io.SeekStart); err != nil {
		return err
	}
	list, err := io.ReadAll(f.list)
	if err != nil || len(list) == 0 {
		return err
	}
	from, err := os.Open(f.name)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(f.name+kept, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }()
	for ; len(list) >= record; list = list[record:] {
		offset, length := int64(binary.LittleEndian.Uint64(list)), int64(binary.LittleEndian.Uint64(list[8:]))
		if length == truncated {
			err = to.Truncate(offset)
		} else {
			_, err = io.Copy(io.NewOffsetWriter(to, offset), io.NewSectionReader(from, offset, length))
		}
		if err != nil {
			return err
		}
	}
	return f.list.Truncate(0)
}

// at returns the memory at an address of SQLite.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// functions are those that only SQLite calls, so the garbage collector must not take them.
var functions []any

// address returns the address of a function as SQLite stores it, and called one as a function.
func address(f any) uintptr {
	mu.Lock()
	defer mu.Unlock()
	functions = append(functions, f)
	return (*[2]uintptr)(unsafe.Pointer(&f))[1]
}

func called[F any](address uintptr) F {
	return *(*F)(unsafe.Pointer(&struct{ uintptr }{address}))
}

type (
	opens     = func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32
	writes    = func(*libc.TLS, uintptr, uintptr, int32, int64) int32
	truncates = func(*libc.TLS, uintptr, int64) int32
	syncs     = func(*libc.TLS, uintptr, int32) int32
)

// Watch watches all databases that SQLite opens from now on in this process, with their
// journals.
var Watch = sync.OnceFunc(func() {
	tls := libc.NewTLS()
	system := at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
	opened := called[opens](system.FxOpen)
	system.FxOpen = address(func(tls *libc.TLS, vfs, name, pointer uintptr, flags int32, out uintptr) int32 {
		code := opened(tls, vfs, name, pointer, flags, out)
		if code != sqlite3.SQLITE_OK || name == 0 || flags&(sqlite3.SQLITE_OPEN_MAIN_DB|sqlite3.SQLITE_OPEN_WAL) == 0 {
			return code
		}
		f, err := watched(libc.GoString(name))
		if err != nil {
			return sqlite3.SQLITE_CANTOPEN
		}
		watch(tls, pointer, f)
		return code
	})
})

// watch puts own methods in the place of those of a file.
func watch(tls *libc.TLS, pointer uintptr, f *file) {
	mu.Lock()
	open[pointer] = f
	mu.Unlock()
	of := func(pointer uintptr) *file {
		mu.Lock()
		defer mu.Unlock()
		return open[pointer]
	}
	handle := at[sqlite3.Tsqlite3_file](pointer)
	own := *at[sqlite3.Tsqlite3_io_methods](handle.FpMethods)
	write, truncate, sync := called[writes](own.FxWrite), called[truncates](own.FxTruncate), called[syncs](own.FxSync)
	// change carries out a change while nobody syncs.
	change := func(pointer uintptr, offset, length int64, do func() int32) int32 {
		f := of(pointer)
		if f.lock() != nil {
			return sqlite3.SQLITE_IOERR
		}
		defer f.unlock()
		code := do()
		if code == sqlite3.SQLITE_OK && f.note(offset, length) != nil {
			return sqlite3.SQLITE_IOERR
		}
		return code
	}
	own.FxWrite = address(func(tls *libc.TLS, pointer, from uintptr, n int32, offset int64) int32 {
		return change(pointer, offset, int64(n), func() int32 { return write(tls, pointer, from, n, offset) })
	})
	own.FxTruncate = address(func(tls *libc.TLS, pointer uintptr, size int64) int32 {
		return change(pointer, size, truncated, func() int32 { return truncate(tls, pointer, size) })
	})
	own.FxSync = address(func(tls *libc.TLS, pointer uintptr, flags int32) int32 {
		if of(pointer).sync() != nil {
			return sqlite3.SQLITE_IOERR
		}
		return sync(tls, pointer, flags)
	})
	handle.FpMethods = libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(own)))
	*at[sqlite3.Tsqlite3_io_methods](handle.FpMethods) = own
}

// both are a database and its journal.
var both = []string{"", "-wal"}

// Copy returns a copy of a database as the disk has it now.
func Copy(t testing.TB, name string) string {
	t.Helper()
	into := filepath.Join(t.TempDir(), "state.db")
	Fail(t, name, func() {}, into)
	return into
}

// Fail lets the power fail: from one moment on, nothing more is written to a database. end
// must end all processes that use it. Then their files are what the disk had at that moment, at
// the same place, or at another one.
func Fail(t testing.TB, name string, end func(), into ...string) {
	t.Helper()
	to := name
	if len(into) > 0 {
		to = into[0]
	}
	for _, part := range both { // SQLite syncs the journal first
		f, err := watched(name + part)
		require.NoError(t, err)
		require.NoError(t, f.lock())
		defer f.unlock()
	}
	texts := map[string][]byte{}
	for _, part := range both {
		text, err := os.ReadFile(name + part + kept)
		if !errors.Is(err, os.ErrNotExist) {
			require.NoError(t, err)
			texts[part] = text
		}
	}
	end()
	if to == name {
		for _, part := range append(both, "-shm") {
			if err := os.Remove(name + part); !errors.Is(err, os.ErrNotExist) {
				require.NoError(t, err)
			}
		}
		for _, part := range both {
			f, err := watched(name + part)
			require.NoError(t, err)
			require.NoError(t, f.list.Truncate(0))
		}
	}
	for part, text := range texts {
		require.NoError(t, os.WriteFile(to+part, text, 0o600))
	}
}
