package planhat_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
)

// TestWrongClock: the log says once that the clock is wrong, and nothing if the answer is
// an old one or the clocks differ by seconds.
func TestWrongClock(t *testing.T) {
	for _, tt := range []struct {
		off  time.Duration
		age  string
		want string
	}{
		{10*time.Minute + 30*time.Second, "", `the clock of this machine is 10m[0-9]+s slow, compared with Planhat's`},
		{-10*time.Minute - 30*time.Second, "", `the clock of this machine is 10m[0-9]+s fast, compared with Planhat's`},
		{-10 * time.Minute, "600", ""},
		{20 * time.Second, "", ""},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(tt.off).UTC().Format(http.TimeFormat))
			if tt.age != "" {
				w.Header().Set("Age", tt.age)
			}
			_, _ = w.Write([]byte("[]"))
		}))
		var log bytes.Buffer
		c, err := planhat.New(planhat.Config{BaseURL: srv.URL, APIToken: "token", Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		for range 2 {
			_, err := c.Company.GetList(t.Context(), planhat.ListOptions{})
			require.NoError(t, err)
		}
		srv.Close()
		assert.Equal(t, min(len(tt.want), 1), bytes.Count(log.Bytes(), []byte("the clock of")), log.String())
		assert.Regexp(t, tt.want, log.String())
	}
}
