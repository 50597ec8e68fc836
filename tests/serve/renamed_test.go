package serve

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/patience"
)

// TestARenamedWebhook: events that wait for a webhook that is not configured any more are not
// forgotten in silence; the log names the webhook.
func TestARenamedWebhook(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	at := port(t)
	w.env = append(w.env, "HOOK_SECRET="+hookSecret)
	w.file("fails.lua", `error("not today")`)
	write := func(name string) {
		w.file("phscript.toml", fmt.Sprintf(`
[webhooks]
listen = "127.0.0.1:%d"

[[webhook]]
name        = %q
path        = "/hooks/orders"
script      = "fails.lua"
scheme      = "header"
header      = "X-Secret"
secret_env  = "HOOK_SECRET"
retry_pause = "1h"
`, at, name))
	}
	write("orders")
	s := w.serve()
	s.says("listening for events")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/hooks/orders", at), strings.NewReader("{}"))
	require.NoError(t, err)
	request.Header.Set("X-Secret", hookSecret)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, 200, answer.StatusCode)
	s.says("webhook=orders script=fails.lua")
	s.says("not today")
	patience.Await(t, 100*time.Millisecond, func() bool { return strings.Contains(w.do("hooks", "list", "--status", "waiting"), "not today") }, "the event does not wait")

	const warning = "1 event waits for the webhook 'orders', which is not in the configuration"
	write("sales")
	s.says(warning)
	s.stop()
	w.serve().says(warning)
}
