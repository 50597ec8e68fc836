package planhat

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNoTokenLeavesTheClient(t *testing.T) {
	basic := base64.StdEncoding.EncodeToString([]byte(tenantToken + ":"))
	var log bytes.Buffer
	o := new(recorder)
	var writes []Write
	handlers := map[string]func(http.ResponseWriter, request, int){
		"echo": func(w http.ResponseWriter, q request, _ int) {
			answerWith(w, 400, `{"message":"bad: `+q.path+" "+strings.ReplaceAll(q.header.Get("Authorization"), `"`, "")+`"}`)
		},
		"busy":  always(503, "busy"),
		"reset": func(w http.ResponseWriter, _ request, _ int) { cut(w) },
		"moved": func(w http.ResponseWriter, q request, _ int) {
			http.Redirect(w, &http.Request{}, "http://127.0.0.1:1"+q.path, http.StatusTemporaryRedirect)
		},
	}
	for name, handler := range handlers {
		s := newServer(t, handler)
		c := newClient(t, s, func(c *Config) {
			c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			c.Observer = o
			c.Gate = func(_ context.Context, w Write) error { writes = append(writes, w); return nil }
		})
		var errs []error
		collect := func(_ any, err error) {
			require.Error(t, err, name)
			errs = append(errs, err)
		}
		collect(c.UserActivity.CreateActivity(t.Context(), Record(`{"email":"a@b.c"}`)))
		collect(c.UserActivity.Segment(t.Context(), Record(`{"type":"track","userId":"1"}`)))
		collect(c.Company.GetByID(t.Context(), "1"))
		if name != "echo" {
			collect(c.Metrics.BulkInsertMetrics(t.Context(), []Record{Record(`{"dimensionId":"d","value":1,"externalId":"1"}`)}, BulkOptions{}))
		}
		for _, err := range errs {
			e := in(t, err)
			shown := fmt.Sprintf("%v %+v %s %v %s", e, *e, e.Body, e.Header, e.Path)
			for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(next) {
				shown += fmt.Sprintf(" %v %+v", next, next)
			}
			assertNoToken(t, name, shown, basic)
		}
	}
	assertNoToken(t, "log", log.String(), basic)
	assert.Contains(t, log.String(), "level=WARN")
	assert.Contains(t, log.String(), "/analytics/[redacted]")
	assertNoToken(t, "observer", fmt.Sprintf("%+v", o.attempts)+fmt.Sprintf("%+v", o.outcomes), basic)
	assertNoToken(t, "gate", fmt.Sprintf("%+v", writes), basic)
}

func assertNoToken(t *testing.T, where, s, basic string) {
	t.Helper()
	for _, secret := range []string{apiToken, tenantToken, basic} {
		assert.NotContains(t, s, secret, where)
	}
}

func TestPrintingAClientShowsNoToken(t *testing.T) {
	cfg := Config{APIToken: apiToken, TenantToken: tenantToken, UserAgent: "me"}
	c, err := New(cfg)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("set up", "config", cfg, "pointer", &cfg, "client", c)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("set up", "config", cfg, "pointer", &cfg, "client", c)
	shown := fmt.Sprintf("%v %+v %#v %s %v %+v %#v %v", cfg, cfg, cfg, cfg, c, c, c, &cfg) + log.String()
	assertNoToken(t, "print", shown, base64.StdEncoding.EncodeToString([]byte(tenantToken+":")))
	assert.Contains(t, shown, "UserAgent:me")
	assert.Contains(t, shown, "https://api.planhat.com")
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := newServer(t, always(200, `{}`))
	s := newServer(t, func(w http.ResponseWriter, _ request, _ int) {
		w.Header().Set("Location", other.URL+"/base/companies/1")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	_, err := newClient(t, s).Company.GetByID(t.Context(), "1")
	assert.Equal(t, KindConfig, in(t, err).Kind)
	assert.Empty(t, other.requests())
}
