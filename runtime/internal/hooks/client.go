package hooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/webhook"
)

// Answer is what a receiver has answered.
type Answer struct {
	Status     int
	Text       string
	RetryAfter string
}

// Send sends a body to the webhook at a service, as its sender would: signed with the first
// secret that is valid. base is the address of the service, and cert, if not empty, its
// certificate as PEM, which is trusted whatever name the address has.
func (h *Hook) Send(ctx context.Context, r Reader, base string, cert []byte, body []byte, header http.Header, id string, now time.Time) (Answer, error) {
	k, err := h.open(r, now)
	if err != nil {
		return Answer{}, err
	}
	signedAt := h.PublicURL
	if signedAt == "" {
		signedAt = h.Path
	}
	m := webhook.Message{Method: http.MethodPost, URL: signedAt, Header: header, Body: body}
	to := strings.TrimSuffix(base, "/") + h.Path + strings.TrimPrefix(k.Sign(&m, id, now), signedAt)
	through := client
	if len(cert) > 0 {
		if through, err = trusting(cert); err != nil {
			return Answer{}, err
		}
	}
	m.URL = to
	return request(ctx, m, through.Do)
}

// trusting returns a client for a server with this certificate.
func trusting(cert []byte) (*http.Client, error) {
	block, _ := pem.Decode(cert)
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if block == nil || !roots.AppendCertsFromPEM(cert) {
		return nil, errors.New("the certificate of the service cannot be read")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the certificate of the service cannot be read: %w", err)
	}
	// The service is reached by an address of this machine, and has the name that others know.
	config := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	if len(leaf.DNSNames) > 0 {
		config.ServerName = strings.Replace(leaf.DNSNames[0], "*", "phscript", 1)
	}
	return &http.Client{Timeout: client.Timeout, CheckRedirect: client.CheckRedirect, Transport: &http.Transport{TLSClientConfig: config}}, nil
}

// Forward sends a stored event to an address, with its body and headers as they were received.
// hook, if not nil, is its webhook: a secret that messages carry is added again.
func (e *Event) Forward(ctx context.Context, hook *Hook, r Reader, to string, now time.Time) (Answer, error) {
	header := e.Header.Clone()
	header.Del("Content-Length")
	header.Del("Host")
	if hook != nil {
		k, err := hook.open(r, now)
		if err != nil {
			return Answer{}, err
		}
		if inHeader, _ := k.Compares(); inHeader {
			header.Set(k.Header(), k.texts[0])
		}
	}
	return post(ctx, e.Method, to, header, e.Body)
}

var client = &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func post(ctx context.Context, method, to string, header http.Header, body []byte) (Answer, error) {
	return request(ctx, webhook.Message{Method: method, URL: to, Header: header, Body: body}, client.Do)
}

// request sends a message and reads the answer.
func request(ctx context.Context, m webhook.Message, send func(*http.Request) (*http.Response, error)) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, m.Method, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return Answer{}, errors.New("the address is malformed")
	}
	r.Header = m.Header
	res, err := send(r)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 16<<10))
	return Answer{Status: res.StatusCode, Text: string(text), RetryAfter: res.Header.Get("Retry-After")}, err
}

// withoutAddress is an error of a request without the address, which may hold a secret.
func withoutAddress(err error) string {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err.Error()
	}
	return err.Error()
}
