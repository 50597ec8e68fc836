package tokens

import (
	"bytes"
	"context"
	"crypto/rand"
	"sync"
	"time"
)

// Memory keeps tokens while it lasts. The zero value is ready, and safe for concurrent
// use. It implements bindings.TokenStore.
type Memory struct {
	mu   sync.Mutex
	key  []byte
	held map[string]*entry
}

type entry struct {
	value  []byte
	locked bool
}

// Key returns a key that is as old as the store.
func (m *Memory) Key() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.key == nil {
		m.key = make([]byte, 32)
		_, _ = rand.Read(m.key) // never fails
	}
	return m.key, nil
}

func (m *Memory) entry(name string) *entry {
	if m.held == nil {
		m.held = map[string]*entry{}
	}
	if m.held[name] == nil {
		m.held[name] = &entry{}
	}
	return m.held[name]
}

// Load returns a value.
func (m *Memory) Load(_ context.Context, name string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entry(name).value, nil
}

// TryLock locks a name. The holder is in this process, so the lock needs no lease.
func (m *Memory) TryLock(_ context.Context, name string, _ time.Duration) ([]byte, func(), error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(name)
	if e.locked {
		return e.value, nil, nil
	}
	e.locked = true
	return e.value, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		e.locked = false
	}, nil
}

// Replace stores a value in place of another one.
func (m *Memory) Replace(_ context.Context, name string, old, value []byte) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entry(name)
	if !bytes.Equal(e.value, old) {
		return false, nil
	}
	e.value = value
	return true, nil
}
