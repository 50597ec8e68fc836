package host_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// TestNoPlaceholderIsSent: whatever a client is asked to send, the placeholders of a plan do not
// leave the process.
func TestNoPlaceholderIsSent(t *testing.T) {
	server, err := simulator.Start(simulator.Options{Companies: 1, CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	r := trial.New(t, nil)
	r.Variables["PLANHAT_API_URL"], r.Variables["PLANHAT_API_TOKEN"] = server.URL(), server.APIToken()
	o := &host.Options{AllowHost: []string{"127.0.0.1"}, State: "memory"}
	c, err := o.Settings(r.Env)
	require.NoError(t, err)
	h, err := o.Open(r.Env, c)
	require.NoError(t, err)
	t.Cleanup(h.Close)

	const mark = "00000000ab12cd34"
	for name, never := range map[string]string{"refused": mark, "sent": ""} {
		accounts := h.Accounts("a.lua", never)
		client, err := accounts.Default(t.Context())
		require.NoError(t, err)
		company, err := client.Model("company")
		require.NoError(t, err)
		before := len(server.Calls())
		for where, send := range map[string]func() error{
			"path": func() error {
				_, err := company.GetByID(t.Context(), mark+"00000001")
				return err
			},
			"query": func() error {
				_, err := client.Request(t.Context(), planhat.Request{Method: http.MethodGet, Path: "/companies", Query: map[string]string{"sort": mark + "00000001"}})
				return err
			},
			"body": func() error {
				_, err := company.Create(t.Context(), planhat.Record(`{"name":"X","externalId":"x","owner":"`+mark+`00000001"}`))
				return err
			},
			"text inside": func() error {
				_, err := client.Request(t.Context(), planhat.Request{Method: http.MethodPost, Path: "/things", Body: planhat.Record(`{"url":"https://x.example/` + mark + `00000001"}`)})
				return err
			},
		} {
			err := send()
			if never != "" {
				require.ErrorContains(t, err, "the request has the placeholder of a record that was not created, so it was not sent", where)
			}
		}
		if never == "" {
			assert.GreaterOrEqual(t, len(server.Calls())-before, 4, name)
		} else {
			assert.Len(t, server.Calls(), before, name)
		}
		accounts.Close()
	}
}
