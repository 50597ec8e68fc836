package pages

import (
	"bytes"
	"sync"

	"github.com/phscript/phscript/runtime/internal/config"
)

// settings are those of the configuration that was shown last. Finding where hundreds of
// them are written takes many times as long as showing them.
type settings struct {
	mu   sync.Mutex
	file string
	text []byte
	list []config.Setting
}

// of returns the settings of a configuration. Within one process, they depend on its text alone.
func (s *settings) of(c config.Config) []config.Setting {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list == nil || s.file != c.File || !bytes.Equal(s.text, c.Text) {
		s.file, s.text, s.list = c.File, c.Text, c.Settings()
	}
	return s.list
}
