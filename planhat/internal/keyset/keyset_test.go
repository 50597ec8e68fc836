package keyset

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func key(i int) Hash { return Of(fmt.Appendf(nil, "key %d", i)) }

func value(i int) (v Value) {
	binary.LittleEndian.PutUint64(v[:], uint64(i))
	return v
}

// check adds keys, and looks for them and for others.
func check(t *testing.T, s *Set, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		_, found, err := s.Get(key(i))
		require.NoError(t, err)
		require.False(t, found, "key %d", i)
		require.NoError(t, s.Add(key(i), value(i)))
		require.NoError(t, s.Add(key(i), value(-1)), "the first value stays")
	}
	for i := range to {
		v, found, err := s.Get(key(i))
		require.NoError(t, err)
		require.True(t, found, "key %d", i)
		require.Equal(t, value(i), v)
	}
}

func TestASetInMemoryAndInAFile(t *testing.T) {
	dir := t.TempDir()
	s := &Set{Dir: dir, Memory: 1 << 11, Failed: func(err error) { t.Error(err) }}
	check(t, s, 0, 1000)
	assert.False(t, s.Spilled())
	check(t, s, 1000, 20_000)
	assert.True(t, s.Spilled())
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left, "the file has no name while it is open")
	s.Close()
	_, found, err := s.Get(key(1))
	assert.NoError(t, err)
	assert.False(t, found)
}

// A full disk, a disk that fails and too many open files cost memory, never a key.
func TestKeysStayInMemoryWithoutAFile(t *testing.T) {
	t.Run("no file", func(t *testing.T) {
		var failed []error
		s := &Set{Dir: filepath.Join(t.TempDir(), "missing"), Memory: 1 << 11, Failed: func(err error) { failed = append(failed, err) }}
		defer s.Close()
		check(t, s, 0, 20_000)
		assert.Len(t, failed, 1)
	})
	for _, at := range []int{5200, 7000, 9300} {
		t.Run(fmt.Sprintf("a file that can't be written from key %d on", at), func(t *testing.T) {
			var failed []error
			s := &Set{Dir: t.TempDir(), Memory: 1 << 11, Failed: func(err error) { failed = append(failed, err) }}
			defer s.Close()
			check(t, s, 0, at)
			require.NoError(t, s.moved.flush())
			reading, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", s.moved.file.Fd()))
			if err != nil {
				t.Skip("no /proc")
			}
			_ = s.moved.file.Close()
			s.moved.file.File = reading
			check(t, s, at, at+1100)
			assert.Len(t, failed, 1)
			check(t, s, at+1100, 20_000)
			assert.Len(t, failed, 1)
		})
	}
}

func TestKeysThatCannotBeReadBackAreAnError(t *testing.T) {
	s := &Set{Dir: t.TempDir(), Memory: 1 << 11}
	check(t, s, 0, 3000)
	_ = s.moved.file.Close()
	var err error
	for i := 0; i < 3000 && err == nil; i++ {
		_, _, err = s.Get(key(i))
	}
	assert.ErrorContains(t, err, "the keys of earlier rows can't be read back")
}

func BenchmarkSet(b *testing.B) {
	s := &Set{}
	defer s.Close()
	for i := 0; b.Loop(); i++ {
		h := key(i)
		if _, found, err := s.Get(h); found || err != nil {
			b.Fatal(found, err)
		}
		if err := s.Add(h, Value{}); err != nil {
			b.Fatal(err)
		}
	}
}
