package suite

import (
	"net/http"
	"sync"

	"github.com/phscript/phscript/planhat/simulator"
)

// write is a write request of a test.
type write struct {
	simulator.Call
	body []byte
}

// recorder keeps the writes of a test. It is safe for concurrent use.
type recorder struct {
	mu     sync.Mutex
	writes []write
}

// note keeps a call if it writes.
func (r *recorder) note(c simulator.Call, body []byte) {
	if c.Method == http.MethodGet || c.Method == http.MethodHead {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes = append(r.writes, write{c, body})
}

// list returns the writes, oldest first.
func (r *recorder) list() []write {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]write(nil), r.writes...)
}
