package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTokensThatCannotBeRight(t *testing.T) {
	for token, want := range map[string]string{
		"abc": "", "": "", `a"b`: "", "eyJhbGciOi.J9-_=": "",
		`"abc"`: "quotes", "'abc'": "quotes", `"abc`: "quotes", "“abc”": "quotes",
		"Bearer abc": "Bearer", "bearer abc": "Bearer",
		"abc\n": "a space or a line break", " abc": "a space or a line break", "a bc": "a space or a line break",
	} {
		for _, c := range []Config{{APIToken: token}, {TenantToken: token}} {
			err := c.CheckTokens()
			if want == "" {
				assert.NoError(t, err, token)
				continue
			}
			require.ErrorContains(t, err, want, token)
			assert.NotContains(t, err.Error(), "abc")
		}
	}
}
