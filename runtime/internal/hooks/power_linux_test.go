package hooks

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/phscript/phscript/runtime/internal/store"
)

// disk is what the disk would have of the files of SQLite if the power failed: only what was
// written before a file was synced last. Real disks may keep more.
type disk struct {
	mu sync.Mutex
	// paths are the names of open files, by SQLite's pointers.
	paths map[uintptr]string
	// kept is what is on the disk, cached what would be lost.
	kept, cached map[string][]byte
}

// at returns the memory at an address of SQLite.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// functions are those that only SQLite calls, so the garbage collector must not take them.
var functions []any

// address returns the address of a function as SQLite stores it, and called one as a function.
func address(f any) uintptr {
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

// watchDisk sees all files that SQLite opens from now on in this process.
var watchDisk = sync.OnceValue(func() *disk {
	d := &disk{paths: map[uintptr]string{}, kept: map[string][]byte{}, cached: map[string][]byte{}}
	tls := libc.NewTLS()
	system := at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
	open := called[opens](system.FxOpen)
	system.FxOpen = address(func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
		code := open(tls, vfs, name, file, flags, out)
		if code == sqlite3.SQLITE_OK && name != 0 {
			d.watch(tls, file, libc.GoString(name))
		}
		return code
	})
	return d
})

// watch puts own methods in the place of those of a file.
func (d *disk) watch(tls *libc.TLS, file uintptr, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paths[file] = name
	f := at[sqlite3.Tsqlite3_file](file)
	own := *at[sqlite3.Tsqlite3_io_methods](f.FpMethods)
	write, truncate, sync := called[writes](own.FxWrite), called[truncates](own.FxTruncate), called[syncs](own.FxSync)
	own.FxWrite = address(func(tls *libc.TLS, file, from uintptr, n int32, offset int64) int32 {
		code := write(tls, file, from, n, offset)
		if code == sqlite3.SQLITE_OK {
			d.change(file, func(text []byte) []byte {
				if more := int(offset) + int(n) - len(text); more > 0 {
					text = append(text, make([]byte, more)...)
				}
				copy(text[offset:], unsafe.Slice(at[byte](from), n))
				return text
			})
		}
		return code
	})
	own.FxTruncate = address(func(tls *libc.TLS, file uintptr, size int64) int32 {
		code := truncate(tls, file, size)
		if code == sqlite3.SQLITE_OK {
			d.change(file, func(text []byte) []byte { return text[:min(int(size), len(text))] })
		}
		return code
	})
	own.FxSync = address(func(tls *libc.TLS, file uintptr, flags int32) int32 {
		code := sync(tls, file, flags)
		if code == sqlite3.SQLITE_OK {
			d.mu.Lock()
			defer d.mu.Unlock()
			name := d.paths[file]
			d.kept[name] = append([]byte(nil), d.cached[name]...)
		}
		return code
	})
	f.FpMethods = libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(own)))
	*at[sqlite3.Tsqlite3_io_methods](f.FpMethods) = own
}

func (d *disk) change(file uintptr, how func([]byte) []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := d.paths[file]
	d.cached[name] = how(d.cached[name])
}

// cut returns a copy of a SQLite file as it would be after a power failure now.
func (d *disk) cut(t *testing.T, name string) string {
	t.Helper()
	d.mu.Lock()
	kept := maps.Clone(d.kept)
	d.mu.Unlock()
	into := filepath.Join(t.TempDir(), "state.db")
	for _, end := range []string{"", "-wal"} {
		if text, ok := kept[name+end]; ok {
			require.NoError(t, os.WriteFile(into+end, text, 0o600))
		}
	}
	return into
}

// deliveries returns the ids of the events in a store.
func deliveries(t *testing.T, location string) map[string]bool {
	t.Helper()
	db, err := store.Open(context.Background(), location)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var whole string
	require.NoError(t, db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&whole))
	require.Equal(t, "ok", whole)
	list, err := NewEvents(db).List(t.Context(), Filter{})
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, e := range list {
		ids[e.Delivery] = true
	}
	return ids
}

// TestPowerFailure: whenever the power fails, the disk has each event that was acknowledged
// until then, although other transactions do not wait for the disk. The test itself would see
// events that do not.
func TestPowerFailure(t *testing.T) {
	d := watchDisk()
	name := filepath.Join(t.TempDir(), "state.db")
	f := newFixture(t, name)
	hooks := f.use(plain())
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	stop := make(chan struct{})
	var work sync.WaitGroup
	for sender := range 4 {
		work.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("%d-%d", sender, n)
				r := f.request(http.MethodPost, "/hooks/plain", fmt.Sprintf(`{"id":%q,"fill":%q}`, id, strings.Repeat("x", 3000)))
				r.Header.Set("X-Secret", long)
				res, err := http.DefaultClient.Do(r)
				if err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("event %s was not accepted: %v", id, err)
					return
				}
				_ = res.Body.Close()
				mu.Lock()
				acknowledged[id] = true
				mu.Unlock()
			}
		})
	}
	work.Go(func() { // others write meanwhile, and do not wait
		for {
			select {
			case <-stop:
				return
			default:
				if err := store.Exec(context.Background(), f.db, `INSERT INTO phscript_hook (name) VALUES ('busy') ON CONFLICT (name) DO UPDATE SET received = phscript_hook.received + 1`); err != nil {
					t.Errorf("the store cannot be written: %v", err)
					return
				}
			}
		}
	})
	for most := 0; most < 150; {
		mu.Lock()
		until := maps.Clone(acknowledged)
		mu.Unlock()
		found := deliveries(t, d.cut(t, name))
		for id := range until {
			require.True(t, found[id], "event %s of %d was acknowledged, but is lost", id, len(until))
		}
		most = len(until)
	}
	close(stop)
	work.Wait()

	// The usual connection would lose it, unless it happens to move the journal into the file.
	require.NoError(t, store.Exec(t.Context(), f.db, `PRAGMA wal_autocheckpoint = 0`))
	e := &Event{Hook: hooks[0].Name, Delivery: "careless", Method: http.MethodPost, Path: "/", Header: http.Header{}, Body: []byte("{}")}
	careless := &writer{db: f.db}
	again, err := careless.insert(t.Context(), []arrival{{Event: e}})
	require.NoError(t, err)
	require.False(t, again[0])
	assert.False(t, deliveries(t, d.cut(t, name))["careless"])
}
