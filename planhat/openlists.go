package planhat

import (
	"context"
	"slices"
	"sync"
	"weak"

	"github.com/phscript/phscript/planhat/catalog"
)

// openLists are the lists that a client has begun to read, by the path of their
// model. Those that a caller has dropped leave by themselves.
type openLists struct {
	mu     sync.Mutex
	byPath map[string][]weak.Pointer[walk]
}

func (o *openLists) enter(m *catalog.Model, w *walk) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := weak.Make(w)
	if slices.Contains(o.byPath[m.Path], p) {
		return
	}
	if o.byPath == nil {
		o.byPath = make(map[string][]weak.Pointer[walk])
	}
	o.byPath[m.Path] = append(o.byPath[m.Path], p)
}

func (o *openLists) leave(m *catalog.Model, w *walk) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.byPath[m.Path]) == 0 {
		return
	}
	gone := weak.Make(w)
	o.byPath[m.Path] = slices.DeleteFunc(o.byPath[m.Path], func(p weak.Pointer[walk]) bool {
		return p == gone || p.Value() == nil
	})
}

// bind binds the lists of a model before records are added to it. A list that
// can't be bound goes on without: it may then come to the new records as well.
func (o *openLists) bind(ctx context.Context, m *catalog.Model) {
	o.mu.Lock()
	open := slices.Clone(o.byPath[m.Path])
	o.mu.Unlock()
	for _, p := range open {
		if w := p.Value(); w != nil {
			w.bind(ctx)
		}
	}
}
