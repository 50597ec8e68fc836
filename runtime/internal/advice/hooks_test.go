package advice

import "strings"

// hook returns a configuration with one webhook, which takes no events, so nothing warns of
// its secret.
func hook(lines ...string) map[string]string {
	return map[string]string{"phscript.toml": "[webhooks]\nlisten = \"127.0.0.1:8628\"\n[[webhook]]\nenabled = false\n" + strings.Join(lines, "\n") + "\n", "handle.lua": ""}
}

var checkHooks = []string{"serve", "--check", "--simulate"}

// webhooks are trials of hints about webhooks.
var webhooks = []advised{
	{
		hint:  "give it one, such as name = \"jira\"",
		files: hook(`script = "handle.lua"`, `scheme = "jira"`, `secret_env = "S"`), in: "phscript.toml", args: checkHooks,
		replace: "enabled = false\n", found: `such as (.*)$`, by: "enabled = false\n$1\n",
		want: "WEBHOOK  SCRIPT      PATH         SCHEME\njira     handle.lua  /hooks/jira  jira\n",
	},
	{
		hint:  "name the file that handles its events: script = \"handle.lua\"",
		files: hook(`name = "a"`, `scheme = "jira"`, `secret_env = "S"`), in: "phscript.toml", args: checkHooks,
		replace: "enabled = false\n", found: `events: (.*)$`, by: "enabled = false\n$1\n",
		want: "WEBHOOK  SCRIPT      PATH      SCHEME\na        handle.lua  /hooks/a  jira\n",
	},
	{
		hint:  "write it like path = \"/hooks/jira\"",
		files: hook(`name = "a"`, `script = "handle.lua"`, `scheme = "jira"`, `secret_env = "S"`, `path = "hooks"`), in: "phscript.toml", args: checkHooks,
		replace: `path = "hooks"`, found: `like (.*)$`, by: "$1",
		want: "WEBHOOK  SCRIPT      PATH         SCHEME\na        handle.lua  /hooks/jira  jira\n",
	},
	{
		hint:  "name the environment variable that holds the secret of the sender, such as secret_env = \"JIRA_WEBHOOK_SECRET\"; to rotate secrets, list several under secrets",
		files: hook(`name = "a"`, `script = "handle.lua"`, `scheme = "jira"`), in: "phscript.toml", args: checkHooks,
		replace: "enabled = false\n", found: `such as ([^;]*);`, by: "enabled = false\n$1\n",
		want: "WEBHOOK  SCRIPT      PATH      SCHEME\na        handle.lua  /hooks/a  jira\n",
	},
	{
		hint:  "add batch, such as batch = 100, or delete within",
		files: hook(`name = "a"`, `script = "handle.lua"`, `scheme = "jira"`, `secret_env = "S"`, `within = "5s"`), in: "phscript.toml", args: checkHooks,
		replace: "enabled = false\n", found: `such as ([^,]*),`, by: "enabled = false\n$1\n",
		want: "WEBHOOK  SCRIPT      PATH      SCHEME\na        handle.lua  /hooks/a  jira\n",
	},
	{
		hint:  "write the address that HubSpot sends to under [webhooks]: public_url = \"https://hooks.example.com\"",
		files: hook(`name = "a"`, `script = "handle.lua"`, `scheme = "hubspot_v3"`, `secret_env = "S"`), in: "phscript.toml", args: checkHooks,
		replace: "[webhooks]\n", found: `under (\[webhooks\]): (.*)$`, by: "$1\n$2\n",
		want: "WEBHOOK  SCRIPT      PATH      SCHEME\na        handle.lua  /hooks/a  hubspot_v3\n",
	},
}
