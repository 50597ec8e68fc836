package listen

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/patience"
)

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// at routes one path to a handler.
func at(path string, handler http.HandlerFunc) func(*http.ServeMux) {
	return func(mux *http.ServeMux) { mux.HandleFunc(path, handler) }
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func open1(t *testing.T, parts ...Part) *Set {
	t.Helper()
	set, err := Open(parts, silent())
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = set.Shutdown(ctx)
	})
	return set
}

func get(t *testing.T, client *http.Client, url string) (status int, body string) {
	t.Helper()
	answer, err := client.Get(url)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(text)
}

func TestPartsShareAnAddress(t *testing.T) {
	set := open1(t, Part{Name: "pages", Address: "127.0.0.1:0", Routes: at("/", says("pages"))}, Part{Name: "events", Address: "127.0.0.1:0", Routes: at("/hooks/", says("events"))},
		Part{Name: "apart", Address: "localhost:0", Routes: at("/", says("apart"))})
	address := set.Address("pages")
	assert.Equal(t, address, set.Address("events"))
	assert.NotEqual(t, address, set.Address("apart"))
	assert.Empty(t, set.Address("other"))
	for url, want := range map[string]string{address + "/": "pages", address + "/hooks/a": "events", set.Address("apart") + "/hooks/a": "apart"} {
		_, body := get(t, http.DefaultClient, "http://"+url)
		assert.Equal(t, want, body, url)
	}
	_, err := Open([]Part{{Name: "pages", Address: address, Routes: at("/", says(""))}}, silent())
	require.ErrorContains(t, err, "cannot listen on "+address)
	_, err = Open([]Part{{Name: "pages", Address: "127.0.0.1:0", Routes: at("/", says(""))}, {Name: "events", Address: "127.0.0.1:0", Cert: "a", Key: "b"}}, silent())
	assert.EqualError(t, err, "pages and events share the address 127.0.0.1:0, so they need the same certificate")
}

// TestShutdown: what is in progress finishes, streams are told, and what does not end in
// time is cut.
func TestShutdown(t *testing.T) {
	entered, release, stopping := make(chan bool, 3), make(chan bool), make(chan bool)
	set := open1(t, Part{Name: "pages", Address: "127.0.0.1:0", Stop: func() { close(stopping) }, Routes: func(mux *http.ServeMux) {
		mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
			entered <- true
			<-release
			fmt.Fprint(w, "whole")
		})
		mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
			entered <- true
			<-stopping
			fmt.Fprint(w, "ended")
		})
	}})
	address := set.Address("pages")
	answers := make(chan string, 2)
	for _, path := range []string{"/slow", "/stream"} {
		go func() {
			answer, err := http.Get("http://" + address + path)
			if err != nil {
				answers <- err.Error()
				return
			}
			text, _ := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			answers <- string(text)
		}()
		<-entered
	}
	down := make(chan error, 1)
	go func() { down <- set.Shutdown(context.Background()) }()
	assert.Equal(t, "ended", <-answers)
	patience.Await(t, 5*time.Millisecond, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}, "new connections are still accepted")
	close(release)
	assert.Equal(t, "whole", <-answers)
	require.NoError(t, <-down)

	stuck := make(chan bool)
	defer close(stuck)
	set = open1(t, Part{Name: "pages", Address: "127.0.0.1:0", Routes: at("/", func(http.ResponseWriter, *http.Request) { entered <- true; <-stuck })})
	go func() {
		answer, err := http.Get("http://" + set.Address("pages"))
		if err == nil {
			_ = answer.Body.Close()
		}
		answers <- fmt.Sprint(err != nil)
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.NoError(t, set.Shutdown(ctx))
	assert.Equal(t, "true", <-answers)
}

// TestSlowClients: a thousand clients that send nothing keep nobody else out.
func TestSlowClients(t *testing.T) {
	set := open1(t, Part{Name: "pages", Address: "127.0.0.1:0", Routes: at("/", says("ok"))})
	for i := range 1000 {
		conn, err := net.Dial("tcp", set.Address("pages"))
		require.NoError(t, err, "connection %d", i)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = fmt.Fprint(conn, "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Le")
		require.NoError(t, err)
	}
	_, body := get(t, &http.Client{Timeout: time.Minute}, "http://"+set.Address("pages"))
	assert.Equal(t, "ok", body)
}

func TestLongHeadersAreRefused(t *testing.T) {
	set := open1(t, Part{Name: "pages", Address: "127.0.0.1:0", Routes: at("/", says("ok"))})
	r, err := http.NewRequest(http.MethodGet, "http://"+set.Address("pages"), nil)
	require.NoError(t, err)
	r.Header.Set("X-Long", fmt.Sprintf("%0100000d", 1))
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	assert.Equal(t, 431, answer.StatusCode)
}

// issue writes a certificate for a name, and returns its key's file.
func issue(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(t, os.WriteFile(file+".new", pem.EncodeToMemory(block), 0o600))
		require.NoError(t, os.Rename(file+".new", file))
	}
	return cert, key
}

// TestCertificateIsReloaded when its files change, and the last good one stays if they are
// wrong.
func TestCertificateIsReloaded(t *testing.T) {
	dir := t.TempDir()
	cert, key := issue(t, dir, "first.example")
	set := open1(t, Part{Name: "pages", Address: "127.0.0.1:0", Cert: cert, Key: key, Routes: at("/", says("ok"))})
	shown := func() string {
		conn, err := tls.Dial("tcp", set.Address("pages"), &tls.Config{InsecureSkipVerify: true})
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		assert.GreaterOrEqual(t, conn.ConnectionState().Version, uint16(tls.VersionTLS12))
		return conn.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	assert.Equal(t, "first.example", shown())
	issue(t, dir, "second.example")
	patience.Await(t, 50*time.Millisecond, func() bool { return shown() == "second.example" }, "the new certificate is not used")

	require.NoError(t, os.WriteFile(cert, []byte("nonsense"), 0o600))
	config := certificate{cert: cert, key: key, log: silent()}
	require.ErrorContains(t, config.load(), "cannot use the certificate "+cert)
	for range 3 {
		assert.Equal(t, "second.example", shown())
		time.Sleep(lookEvery / 2)
	}
	issue(t, dir, "third.example")
	patience.Await(t, 50*time.Millisecond, func() bool { return shown() == "third.example" }, "a certificate that is right again is not used")
	_, err := Open([]Part{{Name: "pages", Address: "127.0.0.1:0", Cert: filepath.Join(dir, "missing"), Key: key}}, silent())
	assert.ErrorContains(t, err, "missing")
}
