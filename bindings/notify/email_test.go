package notify_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/script"
)

// server is an SMTP server that keeps what it takes.
type server struct {
	net.Listener
	tls *tls.Config
	// answers replace those of commands, "" to end the connection.
	answers map[string]string
	silent  bool

	mu       sync.Mutex
	commands []string
	data     string
}

func newServer(t *testing.T) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{Listener: listener, answers: map[string]string{}}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); conns.Wait() })
	return s
}

func (s *server) port() int { return s.Addr().(*net.TCPAddr).Port }

func (s *server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	s.mu.Lock()
	silent, answers, config := s.silent, s.answers, s.tls
	s.mu.Unlock()
	if silent {
		_, _ = conn.Read(make([]byte, 1)) // until the other side gives up
		return
	}
	in := bufio.NewReader(conn)
	say := func(text string) { _, _ = fmt.Fprintf(conn, "%s\r\n", text) }
	say("220 test")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.commands = append(s.commands, line)
		s.mu.Unlock()
		verb := strings.ToUpper(strings.SplitN(line, " ", 2)[0])
		if answer, ok := answers[verb]; ok {
			if answer == "" {
				return
			}
			say(answer)
			continue
		}
		switch verb {
		case "EHLO":
			lines := []string{"test", "8BITMIME", "AUTH PLAIN"}
			if _, already := conn.(*tls.Conn); config != nil && !already {
				lines = append(lines, "STARTTLS")
			}
			for i, l := range lines {
				sign := "-"
				if i == len(lines)-1 {
					sign = " "
				}
				say("250" + sign + l)
			}
		case "STARTTLS":
			say("220 go")
			conn = tls.Server(conn, config)
			in = bufio.NewReader(conn)
		case "AUTH":
			say("235 ok")
		case "DATA":
			say("354 go")
			text, err := io.ReadAll(textproto.NewReader(in).DotReader())
			if err != nil {
				return
			}
			s.mu.Lock()
			s.data = string(text)
			s.mu.Unlock()
			if answer, ok := answers["."]; ok {
				if answer == "" {
					return
				}
				say(answer)
				continue
			}
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// set changes how the server behaves.
func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// email is a call that sends an e-mail through the server.
func (s *server) email(more string) string {
	return head + fmt.Sprintf(`print(notify.email{ host = "127.0.0.1", port = %d, from = "Reports <a@example.com>", to = "b@example.com", %s })`, s.port(), more)
}

func (s *server) sent() (commands, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.commands, "\n"), s.data
}

func newMailBench(t *testing.T) (*script.Bench, *server) {
	t.Helper()
	b := script.New(t)
	b.Options.AllowNet = []string{"127.0.0.1"}
	b.Options.Now = func() time.Time { return time.Date(2026, 1, 31, 9, 30, 0, 0, time.UTC) }
	return b, newServer(t)
}

func TestEmail(t *testing.T) {
	b, s := newMailBench(t)
	content := strings.Repeat("a,b\x00\xff\r\n.\r\n", 1000)
	require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "report ü.csv"), []byte(content), 0o600))
	assert.Equal(t, "true\n", b.Prints(t, s.email(`cc = { "C <c@example.com>" }, bcc = { "d@example.com", "e@example.com" }, reply_to = "r@example.com", user = "me", password = "geheim",
		subject = "Verlängerung 🎉 " .. ("lang "):rep(40), text = "Hello\n.\n.\r\nQUIT\n\226\130\172 5", html = "<b>Hello</b>", attachments = "report ü.csv"`)))
	commands, data := s.sent()
	for _, want := range []string{"MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "RCPT TO:<c@example.com>", "RCPT TO:<d@example.com>", "RCPT TO:<e@example.com>",
		"AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00me\x00geheim"))} {
		assert.Contains(t, commands, want)
	}
	msg, err := mail.ReadMessage(strings.NewReader(data))
	require.NoError(t, err)
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	require.NoError(t, err)
	assert.Equal(t, "Verlängerung 🎉 "+strings.Repeat("lang ", 40), subject)
	assert.Equal(t, `"Reports" <a@example.com>`, msg.Header.Get("From"))
	assert.Equal(t, "<b@example.com>", msg.Header.Get("To"))
	assert.Equal(t, "<r@example.com>", strings.TrimSpace(msg.Header.Get("Reply-To")))
	assert.Empty(t, msg.Header.Get("Bcc"))
	assert.Equal(t, "Sat, 31 Jan 2026 09:30:00 +0000", msg.Header.Get("Date"))
	assert.NotContains(t, data, "d@example.com")
	var parts []string
	read(t, msg.Header.Get("Content-Type"), "", msg.Body, &parts)
	require.Len(t, parts, 3)
	assert.Equal(t, "Hello\n.\n.\nQUIT\n€ 5", strings.TrimSpace(strings.ReplaceAll(parts[0], "\r", "")))
	assert.Equal(t, "<b>Hello</b>", strings.TrimSpace(parts[1]))
	assert.Equal(t, content, parts[2])
}

// read collects the parts of a message, decoded.
func read(t *testing.T, kind, encoding string, body io.Reader, parts *[]string) {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	require.NoError(t, err)
	if strings.HasPrefix(media, "multipart/") {
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return
			}
			require.NoError(t, err)
			read(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, parts)
		}
	}
	switch encoding {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	*parts = append(*parts, string(text))
}

func TestEmailErrors(t *testing.T) {
	const good = `subject = "S", text = "T", user = "u", password = "SECRET-PASSWORD"`
	for name, x := range map[string]struct {
		more, kind, want string
		answers          map[string]string
	}{
		"wrong password":  {good, "auth", "535", map[string]string{"AUTH": "535 5.7.8 SECRET-PASSWORD is wrong"}},
		"unknown to":      {good, "validation", "550", map[string]string{"RCPT": "550 5.1.1 no such user"}},
		"busy":            {good, "server", "451", map[string]string{"MAIL": "451 later"}},
		"rejected":        {good, "validation", "554", map[string]string{".": "554 spam"}},
		"gone after data": {good, "network", "did not take the e-mail", map[string]string{".": ""}},
		"gone at once":    {good, "network", "did not take the e-mail", map[string]string{"EHLO": "", "HELO": ""}},
		"subject":         {`subject = "a\r\nBcc: x@example.com", text = "T"`, "usage", "'subject' has a line break", nil},
		"recipient":       {`cc = "x@example.com\nSubject: y", subject = "S", text = "T"`, "usage", "'cc' has a line break", nil},
		"recipients":      {`cc = { "ok@example.com", "x@example.com>\r\nRCPT TO:<y@example.com" }, subject = "S", text = "T"`, "usage", "'cc' has a line break", nil},
		"reply":           {`reply_to = "a\0b@example.com", subject = "S", text = "T"`, "usage", "'reply_to' has a line break", nil},
		"not an address":  {`cc = "kim", subject = "S", text = "T"`, "usage", `is not an e-mail address, such as kim@example.com`, nil},
		"two addresses":   {`cc = "a@example.com, b@example.com", subject = "S", text = "T"`, "usage", "is not an e-mail address", nil},
		"empty":           {`subject = "S"`, "usage", "the e-mail is empty", nil},
		"no password":     {`subject = "S", text = "T", user = "u"`, "usage", "belong together", nil},
		"no file":         {`subject = "S", text = "T", attachments = "none.txt"`, "io", "there is no such file", nil},
		"forbidden file":  {`subject = "S", text = "T", attachments = "/etc/passwd"`, "permission", "--allow-read", nil},
		"large file":      {`subject = "S", text = "T", attachments = "large.bin"`, "usage", "more than 20 MiB", nil},
		"misspelled":      {`subjekt = "S", subject = "S", text = "T"`, "usage", "unknown option 'subjekt'", nil},
	} {
		b, s := newMailBench(t)
		require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "large.bin"), make([]byte, 20<<20+1), 0o600))
		s.set(func() { s.answers = x.answers })
		out := b.Prints(t, strings.Replace(s.email(x.more), `print(notify.email{`, `local _, e = pcall(notify.email, {`, 1)+` print(type(e) == "table" and e.kind or "usage", type(e) == "table" and e.uncertain, inspect(e))`)
		kind, rest, _ := strings.Cut(out, "\t")
		assert.Equal(t, x.kind, kind, "%s: %s", name, out)
		assert.Contains(t, rest, x.want, name)
		assert.Equal(t, name == "gone after data", strings.HasPrefix(rest, "true"), "%s: %s", name, out)
		assert.NotContains(t, out, "SECRET-PASSWORD", name)
	}
	b, s := newMailBench(t)
	b.Options.AllowNet = nil
	require.ErrorContains(t, b.Run(t, s.email(good)), "the script may not reach 127.0.0.1")
	b.Options.AllowNet = []string{"localhost.example"}
	require.ErrorContains(t, b.Run(t, strings.Replace(s.email(good), "127.0.0.1", "169.254.169.254", 1)), "may not reach")
	commands, _ := s.sent()
	assert.Empty(t, commands)
}

func TestEmailTimeout(t *testing.T) {
	b, s := newMailBench(t)
	s.set(func() { s.silent = true })
	require.ErrorContains(t, b.Run(t, s.email(`subject = "S", text = "T", timeout = 1`)), "did not take the e-mail within 1s")
}

// A server that offers encryption is used with it, and only if its certificate is valid.
func TestEmailEncryption(t *testing.T) {
	b, s := newMailBench(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	require.NoError(t, err)
	s.set(func() {
		s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	})
	err = b.Run(t, s.email(`subject = "S", text = "T", user = "u", password = "SECRET"`))
	require.ErrorContains(t, err, "certificate")
	commands, _ := s.sent()
	assert.NotContains(t, commands, "AUTH")
}
