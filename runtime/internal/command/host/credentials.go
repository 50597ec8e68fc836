package host

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/phscript/phscript/runtime"
)

// Credentials are the credentials of other systems in the store. They are encrypted with
// the key of the state directory.
type Credentials struct{ stored *storedTokens }

// Credentials returns those of the run's store, or nil without a store.
func (h *Opened) Credentials() *Credentials { return h.credentials }

func (c *Credentials) name(variable string) string { return "credential " + variable }

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
	text, err := seal.Open(nil, value[:seal.NonceSize()], value[seal.NonceSize():], []byte(variable))
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
	value := seal.Seal(nonce, nonce, []byte(credential), []byte(variable))
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

// WithCredentials returns a runtime like the opened one, with credentials that are not
// stored yet.
func (h *Opened) WithCredentials(get func(ctx context.Context, name string) (string, error)) (*runtime.Runtime, error) {
	options := h.options
	options.Credential = get
	return runtime.New(options)
}
