package redact

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const token = "tok/en+1234567890"

func TestStringHidesEveryForm(t *testing.T) {
	var s Secrets
	assert.Equal(t, token, s.String(token), "nothing is known yet")
	s.Add(token)
	s.Add("abc")
	for name, text := range map[string]string{
		"plain":   token,
		"basic":   "dG9rL2VuKzEyMzQ1Njc4OTA6",
		"base64":  "dG9rL2VuKzEyMzQ1Njc4OTA=",
		"query":   "tok%2Fen%2B1234567890",
		"path":    "tok%2Fen+1234567890",
		"in text": "x" + token + "y",
	} {
		t.Run(name, func(t *testing.T) {
			got := s.String("<" + text + ">")
			assert.Contains(t, got, Mark)
			assert.NotContains(t, got, "1234567890")
		})
	}
	assert.Equal(t, "abc", s.String("abc"), "a value of three letters is no secret")
}

func TestHeldSecretsAreForgotten(t *testing.T) {
	var s Secrets
	s.Add("permanent")
	first, second := s.Hold(token), s.Hold(" "+token+" ")
	permanent := s.Hold("permanent")
	first()
	assert.Equal(t, Mark, s.String(token), "somebody still holds it")
	second()
	permanent()
	assert.Equal(t, token, s.String(token))
	assert.Equal(t, Mark, s.String("permanent"))
	s.Hold("a")()
	var empty Secrets
	empty.Hold(token)()
	assert.Nil(t, empty.list.Load())
}

func TestStringPrefersTheLongerSecret(t *testing.T) {
	var s Secrets
	s.Add("secret")
	s.Add("secret-and-more")
	assert.Equal(t, Mark+" "+Mark, s.String("secret-and-more secret"))
}

func TestWriterCatchesASecretInPieces(t *testing.T) {
	var s Secrets
	var out bytes.Buffer
	w := s.Writer(&out)
	s.Add(token)
	for _, c := range "a " + token + " b, to" {
		n, err := w.Write([]byte(string(c)))
		require.NoError(t, err)
		assert.Equal(t, len(string(c)), n)
	}
	assert.Equal(t, "a "+Mark+" b, ", out.String())
	require.NoError(t, w.Flush())
	assert.Equal(t, "a "+Mark+" b, to", out.String())
}

func TestHandler(t *testing.T) {
	var s Secrets
	var out bytes.Buffer
	log := slog.New(s.Handler(slog.NewJSONHandler(&out, nil)))
	log = log.With("early", token).WithGroup("g").With("err", errors.New("sent "+token))
	s.Add(token)
	log.Info("using "+token,
		"text", token,
		slog.Group("deep", "x", token),
		"any", struct{ Token string }{token},
		"number", 7)
	got := out.String()
	assert.NotContains(t, got, "1234567890")
	assert.Equal(t, 6, strings.Count(got, Mark), got)
	assert.Contains(t, got, `"number":7`)
	assert.Contains(t, got, `"g":{"err"`)
}

type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestFlushRemembersAFailedWrite(t *testing.T) {
	for _, secret := range []string{"", "a-secret-value"} {
		secrets := &Secrets{}
		secrets.Add(secret)
		w := secrets.Writer(&fullDisk{room: 5})
		_, err := w.Write([]byte("12345"))
		assert.NoError(t, err)
		_, err = w.Write([]byte("x"))
		assert.ErrorIs(t, err, io.ErrShortWrite)
		assert.ErrorIs(t, w.Flush(), io.ErrShortWrite)
	}
}

// pieces counts the writes, and the longest one.
type pieces struct{ writes, longest, bytes int }

func (p *pieces) Write(b []byte) (int, error) {
	p.writes, p.longest, p.bytes = p.writes+1, max(p.longest, len(b)), p.bytes+len(b)
	return len(b), nil
}

// A text of megabytes is searched in pieces, each of which takes several times its
// size; a secret across two of them is found.
func TestWriterSearchesALongTextInPieces(t *testing.T) {
	var secrets Secrets
	secrets.Add("a-secret-of-some-length")
	var out pieces
	w := secrets.Writer(&out)
	text := strings.Repeat("x", 65530) + "a-secret-of-some-length" + strings.Repeat("y", 1<<20)
	n, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	assert.Equal(t, len(text), n)
	assert.Less(t, out.longest, 1<<17)
	assert.Equal(t, len(text)-len("a-secret-of-some-length")+len(Mark), out.bytes)
}

func TestPassLeavesOnlyTheBeginningOfAnEscape(t *testing.T) {
	var s Secrets
	s.Add(token)
	var out bytes.Buffer
	w := s.Writer(&out)
	for _, step := range []struct{ write, want string }{
		{"7%", "7%"}, {" and ", "7% and "}, {token[:3], "7% and "}, {token[3:] + "\\", "7% and " + Mark + "\\"},
	} {
		_, err := io.WriteString(w, step.write)
		require.NoError(t, err)
		require.NoError(t, w.Pass())
		assert.Equal(t, step.want, out.String())
	}
}

// TestPassShowsNumbers: a progress is not held back because a secret in hexadecimal digits
// may begin with it, but the beginning of a secret is.
func TestPassShowsNumbers(t *testing.T) {
	var s Secrets
	s.Add("7-secret-token") // 372d7365...
	var out bytes.Buffer
	w := s.Writer(&out)
	for _, step := range []struct{ write, want string }{
		{"\r37", "\r37"}, {"%", "\r37%"}, {"\r7", "\r37%\r"}, {"5", "\r37%\r75"}, {" 372d", "\r37%\r75 "}, {"7365637265742d746f6b656e", "\r37%\r75 " + Mark}, {"!", "\r37%\r75 " + Mark + "!"},
	} {
		_, err := io.WriteString(w, step.write)
		require.NoError(t, err)
		require.NoError(t, w.Pass())
		assert.Equal(t, step.want, out.String())
	}
}
