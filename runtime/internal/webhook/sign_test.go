package webhook

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSignedMessagesAreValid: a message that is signed here is one that its sender could
// have sent.
func TestSignedMessagesAreValid(t *testing.T) {
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			by := v.verifier(t, v.secret, v.secret+"BBBB")
			m := Message{Method: http.MethodPost, URL: "https://hooks.example.com/hooks/x", Header: http.Header{}, Body: []byte(v.body)}
			at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
			m.URL = by.Sign(&m, "evt-1", at)
			secret, err := by.Match(m, at)
			require.NoError(t, err)
			assert.Zero(t, secret, "the first one")
			secret, err = v.verifier(t, v.secret+"BBBB", v.secret).Match(m, at)
			require.NoError(t, err)
			assert.Equal(t, 1, secret)
			m.Body = append(m.Body, ' ')
			s, _ := find(v.scheme)
			assert.Equal(t, s.compares == nowhere, by.Verify(m, at) != nil)
			if s.time != nil {
				assert.Error(t, by.Verify(m, at.Add(time.Hour)))
			}
		})
	}
}

// TestOwnSchemes: systems that sign with HMAC-SHA256 in a header of their choice.
func TestOwnSchemes(t *testing.T) {
	m := func(value string) Message {
		return Message{Method: http.MethodPost, Header: http.Header{"X-Signature": {value}}, Body: []byte(one)}
	}
	for _, c := range []struct{ encoding, prefix, value string }{
		{"", "sha256=", "sha256=da3557bb01e9adb585273452a18d40553fcd71fd1aeeae35eb30c81a7b082850"},
		{"hex", "", "da3557bb01e9adb585273452a18d40553fcd71fd1aeeae35eb30c81a7b082850"},
		{"base64", "v1,", "v1,2jVXuwHprbWFJzRSoY1AVT/Ncf0a7q416zDIGnsIKFA="},
	} {
		v, err := NewHMAC([]string{"topsecret"}, "X-Signature", c.encoding, c.prefix)
		require.NoError(t, err)
		assert.NoError(t, v.Verify(m(c.value), time.Time{}))
		assert.Error(t, v.Verify(m("x"+c.value), time.Time{}))
		assert.Error(t, v.Verify(m(""), time.Time{}))
		other, err := NewHMAC([]string{"another"}, "X-Signature", c.encoding, c.prefix)
		require.NoError(t, err)
		assert.ErrorIs(t, other.Verify(m(c.value), time.Time{}), errWrong)
	}
	for _, c := range []struct {
		header, encoding, want string
		secrets                []string
	}{
		{"", "", "the name of the header is missing", []string{"topsecret"}},
		{"X-Signature", "base32", "unknown encoding", []string{"topsecret"}},
		{"X-Signature", "", "there is no secret", nil},
		{"X-Signature", "", "secret 1 is empty", []string{" "}},
	} {
		_, err := NewHMAC(c.secrets, c.header, c.encoding, "")
		assert.ErrorContains(t, err, c.want)
	}
}
