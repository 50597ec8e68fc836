package connectors

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
)

// testTokens: twenty processes share an authorization whose refresh token works once. One
// of them renews it, also when the token ends in the middle of the pages.
func testTokens(t *testing.T, v vendor) {
	p := newProcess(t, v)
	require.NotNil(t, p.oauth, "declare system.oauth, or say in vendor.without why tokens do not expire")
	p.env = p.oauth()
	ids := p.add(3*p.pageSize, p.clock.Now())
	p.clock.Advance(time.Hour)
	run := func(n int) {
		commands, outs := make([]*exec.Cmd, n), make([]safeBuffer, n)
		for i := range commands {
			commands[i] = p.command(t, fmt.Sprintf("sync%d.lua", i), p.script(fmt.Sprintf(`account = "%d"`, i)))
			commands[i].Stdout, commands[i].Stderr = &outs[i], &outs[i]
			require.NoError(t, commands[i].Start())
		}
		for i, cmd := range commands {
			assert.NoError(t, cmd.Wait(), "%s", &outs[i])
			for _, secret := range p.env {
				assert.NotContains(t, outs[i].String(), secret)
			}
		}
	}
	run(20)
	all(t, p.main(), ids)
	renewed, reused := p.tokens()
	assert.Equal(t, []int{1, 0}, []int{renewed, reused})

	p.expire()
	run(20)
	renewed, reused = p.tokens()
	assert.Equal(t, []int{2, 0}, []int{renewed, reused})

	var pages atomic.Int64
	p.server.Before(func(r *standin.Request) {
		if p.page(r) && pages.Add(1) == 2 {
			p.expire()
		}
	})
	code, out := p.execute(t, p.script(`full = true`))
	require.Zero(t, code, out)
	renewed, reused = p.tokens()
	assert.Equal(t, []int{3, 0}, []int{renewed, reused})

	// Killed between the answer and its storage, a run says what to do; it deletes nothing.
	p.expire()
	p.intercept(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/token") {
			next.ServeHTTP(w, r)
			return
		}
		capture(next, r)
		p.end()
	}, nil)
	code, out = p.execute(t, p.script(``))
	require.Equal(t, -1, code, out)
	p.intercept(nil, nil)
	code, out = p.execute(t, p.script(``))
	assert.Equal(t, 4, code, out)
	assert.Contains(t, out, "authorize the app")
}
