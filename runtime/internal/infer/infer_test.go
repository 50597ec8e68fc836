package infer_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/check"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/repl/complete"
)

// noValues is a session in which nothing has run, so completion knows types
// alone.
type noValues struct{}

func (noValues) Globals() *lua.LTable             { return &lua.LTable{} }
func (noValues) Local(string) lua.LValue          { return nil }
func (noValues) Locals() []string                 { return nil }
func (noValues) ReadDir(string) ([]string, error) { return nil, nil }

// TestCheckAndCompletionAgree: for each expression, the checker reports a
// misspelt property only if the value is certainly a record, and completion
// offers its properties if it may be one.
func TestCheckAndCompletionAgree(t *testing.T) {
	manual := builtins.Manual()
	checker := check.New(manual, check.Options{})
	for expression, want := range map[string]spec.Type{
		`planhat.company.get_by_id("a")`:                                              "Company",
		`planhat.company:get_by_id("a")`:                                              "Company",
		`planhat.company.get_list()[1]`:                                               "Company",
		`planhat.company.get_list()[1] or planhat.company.create{ name = "A" }`:       "Company",
		`args[1] and planhat.company.get_by_id("a") or planhat.company.get_list()[1]`: "Company",
		`args[1] and planhat.company.get_by_id("a")`:                                  "Company",
		`args[1] == "a" and planhat.company.get_by_id("a")`:                           "false|Company",
		`planhat.company.get_list()[1] or {}`:                                         "Company|table",
		`unknown or planhat.company.get_by_id("a")`:                                   "unknown|Company",
		`unknown and planhat.company.get_by_id("a")`:                                  "false|Company",
		`nil or planhat.company.get_by_id("a")`:                                       "Company",
		`planhat.company.get_by_id("a") or nil`:                                       "Company",
		`false and planhat.company.get_by_id("a")`:                                    "boolean",
		`planhat and planhat.company.get_by_id("a")`:                                  "Company",
		`planhat.try(planhat.company.get_by_id, "a")`:                                 "Company",
		`require("planhat").company.get_by_id("a")`:                                   "Company",
		`planhat.new{ api_token = "x" }.company.get_by_id("a")`:                       "Company",
		`planhat.company.get_by_id("a").name`:                                         "string",
		`planhat.company.get_list()`:                                                  "Company[]",
		`args[1] == "a" and 1 or "b"`:                                                 "number|string",
		`("x"):upper()`:                                                               "string",
		`1 + 2`:                                                                       "number",
		`{}`:                                                                          "table",
		`unknown`:                                                                     "",
		`unknown.field or unknown[1]`:                                                 "",
		`print("x")`:                                                                  infer.Nothing,
	} {
		n := &infer.Inference{Manual: manual, Name: func(name *ast.IdentExpr) infer.Value { return infer.Of(manual.Topic(name.Value)) }}
		chunk, err := compile.Parse([]byte("return "+expression), "test")
		require.NoError(t, err)
		assert.Equal(t, want, n.Value(chunk[0].(*ast.ReturnStmt).Exprs[0]).Type, expression)

		certain, possible := want == "Company", slices.Contains(want.Alternatives(), "Company")
		found := slices.ContainsFunc(checker.Source("a.lua", []byte("local x = "+expression+"\nprint(x.phasee)")), func(f report.Finding) bool {
			return f.Rule == "unknown-property" && strings.Contains(f.Message, "'phase'")
		})
		assert.Equal(t, certain, found, "the checker on %s", expression)

		engine := &complete.Engine{Manual: manual, Session: noValues{}}
		engine.Learn("x = " + expression)
		text := "print(x.phas"
		offered := slices.ContainsFunc(engine.Complete(text, len(text)).Candidates, func(c complete.Candidate) bool { return c.Label == "phase" })
		assert.Equal(t, possible, offered, "completion on %s", expression)
	}
}
