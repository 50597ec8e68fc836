package web

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"

	"github.com/go-json-experiment/json"
)

// checkKey returns an error if a text is not an RSA key. The error shows nothing of it.
func checkKey(text []byte) error {
	block, _ := pem.Decode(text)
	if block == nil {
		return errors.New("this is not a private key in PEM form, which begins with -----BEGIN PRIVATE KEY-----")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return errors.New("the private key has a passphrase; store it without one, readable only for the account that runs phscript")
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return errors.New("the PEM block is not a private key, or it is damaged")
	}
	if _, ok := key.(*rsa.PrivateKey); !ok {
		return errors.New("the private key is not an RSA key, which RS256 needs")
	}
	return nil
}

// keyFile is the JSON that Google gives for a key of a service account.
type keyFile struct {
	Email string `json:"client_email"`
	Key   string `json:"private_key"`
	ID    string `json:"private_key_id"`
}

// readKey reads a private key: in PEM form, also with \n in place of its line breaks as in
// JSON, or the JSON that Google gives for a key of a service account. The errors show
// nothing of it.
func readKey(text []byte) (file keyFile, err error) {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("{")) {
		if err := json.Unmarshal(text, &file); err != nil {
			return file, errors.New("this begins like JSON, but is not valid JSON; use the file of the key as it was downloaded")
		}
		if file.Key == "" {
			return file, errors.New("the JSON has no private_key, so it is not the key of a service account")
		}
	} else {
		file.Key = string(text)
	}
	key := []byte(file.Key)
	if !bytes.Contains(key, []byte("\n")) {
		key = bytes.ReplaceAll(key, []byte(`\n`), []byte("\n"))
	}
	file.Key = string(key)
	return file, checkKey(key)
}
