package listen

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often a connection may look whether the files have changed.
const lookEvery = time.Second

// certificate is a certificate in files. It is loaded again when they change, as those of
// ACME clients do. If that fails, the last one stays in use.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	state  [2]state
	looked time.Time
	failed string
}

// state tells whether a file has changed.
type state struct {
	modified time.Time
	size     int64
}

func stateOf(name string) state {
	info, err := os.Stat(name)
	if err != nil {
		return state{}
	}
	return state{info.ModTime(), info.Size()}
}

func (c *certificate) load() error {
	state := [2]state{stateOf(c.cert), stateOf(c.key)}
	loaded, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("cannot use the certificate %s and the key %s: %w", c.cert, c.key, err)
	}
	c.loaded, c.state = &loaded, state
	return nil
}

// get is for tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= lookEvery {
		c.looked = now
		c.renew()
	}
	return c.loaded, nil
}

func (c *certificate) renew() {
	if c.state == [2]state{stateOf(c.cert), stateOf(c.key)} {
		return
	}
	// The files are replaced one after the other, so they may not fit together for a moment.
	if err := c.load(); err != nil {
		if c.failed != err.Error() {
			c.log.Warn("the changed certificate cannot be used; the last one stays in use", "reason", err.Error())
		}
		c.failed = err.Error()
		return
	}
	c.failed = ""
	c.log.Info("the changed certificate is now in use", "file", c.cert)
}
