package bindings

import (
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

func TestEnv(t *testing.T) {
	h := newTestHost(t)
	h.Env = testEnv{"CRM_URL": "https://crm", "EMPTY": ""}
	L := newState(t, h, Env())
	runCases(t, L, []luaCase{
		{"get", `return env.get("CRM_URL")`, []string{"https://crm"}},
		{"get unset", `return env.get("EMPTY")`, []string{"nil"}},
		{"get default", `return env.get("EMPTY", "x"), env:get("CRM_URL", "x")`, []string{"x", "https://crm"}},
		{"require", `return env.require("CRM_URL")`, []string{"https://crm"}},
		{"all", `local n = 0; for _ in pairs(env.all()) do n = n + 1 end; return n, env.all().CRM_URL`, []string{"1", "https://crm"}},
	})
	for _, c := range []struct{ name, code, kind, message string }{
		{"undeclared", `env.get("PLANHAT_API_TOKEN", "x")`, "permission", "the variable PLANHAT_API_TOKEN was not declared: run with --allow-env=PLANHAT_API_TOKEN"},
		{"undeclared but required", `env.require("CRM_ULR")`, "permission", "the variable CRM_ULR was not declared"},
		{"unset", `env.require("EMPTY")`, "config", "the environment variable EMPTY is not set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, obj := raised(t, L, c.code)
			require.NotNil(t, obj)
			require.Equal(t, c.kind, lua.LVAsString(obj.RawGetString("kind")))
			require.Contains(t, lua.LVAsString(obj.RawGetString("message")), c.message)
		})
	}
}
