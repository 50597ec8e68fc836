package host

import (
	"bytes"
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/phscript/phscript/runtime"
)

// Credentials are the credentials of other systems in the store. They are encrypted with
// the key of the state directory.
type Credentials struct {
	stored *storedTokens
	kind   string
}

// ofConnectors are the credentials that built-in connectors get, and ofScripts those that
// scripts read as environment variables if they may.
const (
	ofConnectors = "credential "
	ofScripts    = "credential of scripts "
)

// Credentials returns those of the run's store, or nil without a store.
func (h *Opened) Credentials() *Credentials { return h.credentials }

// Own returns those of connectors that are not built in. Scripts that may read their
// variables get them, and built-in connectors do not.
func (c *Credentials) Own() *Credentials {
	if c == nil {
		return nil
	}
	return &Credentials{c.stored, ofScripts}
}

func (c *Credentials) name(variable string) string { return c.kind + variable }

// bound is what an encrypted credential is bound to, so it cannot be moved to another name.
func (c *Credentials) bound(variable string) []byte {
	if c.kind == ofConnectors {
		return []byte(variable)
	}
	return []byte(c.name(variable))
}

// orStored looks up environment variables, and those of names that are not set in the store.
func (c *Credentials) orStored(getenv func(string) (string, bool), names []string, log *slog.Logger) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := getenv(name)
		if ok && value != "" || !slices.Contains(names, name) {
			return value, ok
		}
		stored, err := c.Get(context.Background(), name)
		if err != nil {
			log.Warn("cannot read the stored " + name + ": " + err.Error())
		}
		return cmp.Or(stored, value), ok || stored != ""
	}
}

func (c *Credentials) seal() (cipher.AEAD, error) {
	secret, err := c.stored.Key()
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "phscript credential", keyLength)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Get returns what is stored for a variable, "" if nothing is.
func (c *Credentials) Get(ctx context.Context, variable string) (string, error) {
	if c == nil {
		return "", nil
	}
	value, err := c.stored.Load(ctx, c.name(variable))
	if err != nil || value == nil {
		return "", err
	}
	seal, err := c.seal()
	if err != nil {
		return "", err
	}
	if len(value) < seal.NonceSize() {
		return "", errors.New("it is damaged")
	}
	text, err := seal.Open(nil, value[:seal.NonceSize()], value[seal.NonceSize():], c.bound(variable))
	if err != nil {
		return "", fmt.Errorf("it was stored with another %s; connect the system again", KeyFile)
	}
	return string(text), nil
}

// Set stores the credential for a variable, in place of an earlier one.
func (c *Credentials) Set(ctx context.Context, variable, credential string) error {
	seal, err := c.seal()
	if err != nil {
		return err
	}
	nonce := make([]byte, seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	value := seal.Seal(nonce, nonce, []byte(credential), c.bound(variable))
	for {
		old, err := c.stored.Load(ctx, c.name(variable))
		if err != nil {
			return err
		}
		if bytes.Equal(old, value) {
			return nil
		}
		replaced, err := c.stored.Replace(ctx, c.name(variable), old, value)
		if err != nil || replaced {
			return err
		}
	}
}

// With returns a runtime like the opened one, with other options.
func (h *Opened) With(change func(*runtime.Options)) (*runtime.Runtime, error) {
	options := h.options
	change(&options)
	return runtime.New(options)
}
