package runtime

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestLongTextsAreShortened: one that is as long as it may be stays whole, and half
// a secret is never left.
func TestLongTextsAreShortened(t *testing.T) {
	secrets := &Secrets{}
	secrets.Add("token-1234567890")
	assert.Equal(t, "12345", shortened("12345", 5, secrets))
	assert.Equal(t, "12345 ... (6 bytes in all)", shortened("123456", 5, secrets))
	assert.Equal(t, "é ... (4 bytes in all)", shortened("éé", 3, secrets), "not half a letter")
	assert.NotContains(t, shortened("key=token-1234567890 and more", 12, secrets), "token-")
}
