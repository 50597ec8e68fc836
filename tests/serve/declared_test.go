package serve

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/tests/history"
)

// TestDeclaredParameters: a run on a schedule has parameters of the declared types, its secret
// ones come from the environment of the service and are stored nowhere, and the script's own
// time limit and models hold.
func TestDeclaredParameters(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.env = append(w.env, "PHSCRIPT_PARAM_KEY=hunter2hunter2")
		w.file("typed.lua", "-- @param pause:duration\n-- @param days:integer\n-- @param region default=eu\n-- @param key secret\n\n"+
			"print(params.pause + 1, params.days + 1, params.region, #params.key, params.key)\nlog.info('key', { key = params.key })\nerror('with ' .. params.key)\n")
		w.file("slow.lua", "-- @timeout 1s\ntime.sleep(600)\n")
		w.file("writes.lua", "-- @writes company\npcall(planhat.enduser.create, { email = 'a@b.example' })\nprint('after')\n")
		w.file("phscript.toml", "[[schedule]]\nname = \"typed\"\nscript = \"typed.lua\"\nparams = { pause = \"1h30m\", days = \"7\" }\n"+never+
			"[[schedule]]\nname = \"slow\"\nscript = \"slow.lua\"\n"+never+"[[schedule]]\nname = \"writes\"\nscript = \"writes.lua\"\n"+never+
			"[[schedule]]\nname = \"asks\"\nscript = \"asks.lua\"\n"+never+"[[schedule]]\nname = \"jira\"\nscript = \"jira.lua\"\n"+never)
		w.file("asks.lua", "env.require('CRM_REGION')\n")
		w.file("jira.lua", "require('connectors.jira').sync{ settings = { site = 'acme' } }\n")
		s := w.serve()
		s.says("serving")
		typed, slow, writes := w.start("typed"), w.start("slow"), w.start("writes")
		w.becomes(typed, history.Failed)
		w.becomes(slow, history.TimedOut)
		w.becomes(writes, history.Failed)
		assert.Contains(t, w.do("runs", "logs", typed), "5401\t8\teu\t14\t[redacted]\n")
		assert.Contains(t, w.do("runs", "show", slow), "slow.lua:2: the script ran longer than 1s")
		assert.Contains(t, w.do("runs", "show", writes), "writes.lua:2: enduser.create: the script writes to enduser, but @writes on line 1 says that it only writes to company")
		assert.NotContains(t, w.do("runs", "logs", writes), "after")
		for schedule, want := range map[string]string{"asks": "the environment variable CRM_REGION is not declared for scripts", "jira": "Jira: set JIRA_EMAIL"} {
			id := w.start(schedule)
			w.becomes(id, history.Failed)
			said := w.do("runs", "show", id)
			assert.Contains(t, said, want)
			assert.Contains(t, said, "hint: set the variable in the environment of the service, and name it in allow_env in phscript.toml")
		}
		for _, command := range [][]string{{"runs", "show", typed}, {"runs", "show", "--json", typed}, {"runs", "logs", typed}, {"runs", "list", "--json", "-n", "0"}, {"schedule", "list", "--json"}} {
			assert.NotContains(t, w.do(command...), "hunter2", command)
		}
		s.stop()
	})
}
