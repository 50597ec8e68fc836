package header

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEverything(t *testing.T) {
	h, err := Read([]byte("\ufeff#!/usr/bin/env phscript\n" + `-- phscript: ignore-file unused-local
-- Imports accounts. It runs every night.
-------------------------------------------------
-- @name "Import accounts"
-- @description Creates companies from the CSV of the CRM,
--   and updates those that Planhat has.
-- @param path:file "CSV to import"
-- @param region:choice(eu, 'us east') "Where they are" default='us east' -- a note
-- @param max_rows : integer "Rows" optional
-- @param share:number default=0.5
-- @param full:boolean default=false
-- @param since:date optional
-- @param pause:duration default=90s
-- @param key "API key" secret
-- @author Somebody
-- @allow net=api.example.com, *.example.org
-- @writes company, enduser  -- and nothing else
-- @writes license
-- @timeout 45m
-- @schedule "0 2 * * *" retries=2

--[[ @allow net=three.example ]]
print(1)
-- @name Later
`))
	require.NoError(t, err)
	assert.Equal(t, Value{"Import accounts", 5}, h.Name)
	assert.Equal(t, "Creates companies from the CSV of the CRM, and updates those that Planhat has.", h.Description.Text)
	assert.Equal(t, h.Description.Text, h.Summary)
	assert.Equal(t, []Param{
		{Name: "path", Type: File, Doc: "CSV to import", Line: 8},
		{Name: "region", Type: Choice, Choices: []string{"eu", "us east"}, Doc: "Where they are", Default: json.RawMessage(`"us east"`), Written: "us east", Line: 9},
		{Name: "max_rows", Type: Integer, Doc: "Rows", Optional: true, Line: 10},
		{Name: "share", Type: Number, Default: json.RawMessage("0.5"), Written: "0.5", Line: 11},
		{Name: "full", Type: Boolean, Default: json.RawMessage("false"), Written: "false", Line: 12},
		{Name: "since", Type: Date, Optional: true, Line: 13},
		{Name: "pause", Type: Duration, Default: json.RawMessage("90"), Written: "90s", Line: 14},
		{Name: "key", Type: String, Doc: "API key", Secret: true, Line: 15},
	}, h.Params)
	assert.Equal(t, []Value{{"api.example.com", 17}, {"*.example.org", 17}, {"three.example", 23}}, h.Net)
	assert.Equal(t, []Value{{"company", 18}, {"enduser", 18}, {"license", 19}}, h.Writes)
	assert.Equal(t, 18, h.WritesLine)
	assert.Equal(t, 45*time.Minute, h.Timeout)
	assert.Equal(t, []Value{{`"0 2 * * *" retries=2`, 21}}, h.Schedules)
	assert.Nil(t, h.CheckWrites(nil))
	assert.True(t, h.MayWrite("license"))
	assert.False(t, h.MayWrite("deal"))
}

func TestSummaries(t *testing.T) {
	for source, want := range map[string]string{
		"-- Imports accounts and\n-- sends mails. More.\nprint(1)": "Imports accounts and sends mails.",
		"-- Imports\n\n-- Other.":                                  "Imports",
		"------\n-- luacheck: no\n-- Imports. A":                   "Imports.",
		"--[[\n  License 1.2 of\n  somebody\n]]\nx()":              "License 1.2 of somebody",
		"print(1) -- Imports.":                                     "",
		"-- @name X\n-- Imports":                                   "Imports",
	} {
		h, err := Read([]byte(source))
		require.NoError(t, err, source)
		assert.Equal(t, want, h.Summary, source)
	}
}

// TestDocumentationIsNotAHeader: what LuaDoc, LDoc and the Lua language server read is left
// to them, except for tags that restrict or permit something.
func TestDocumentationIsNotAHeader(t *testing.T) {
	for _, source := range []string{
		"---@param n number\n---@return number\nfunction double(n) return 2 * n end",
		"--- Doubles.\n-- @param n the number\n-- @return the double\n-- @unknown x\nfunction double(n) return 2 * n end",
		"--[[--\nDoubles.\n@param n the number\n@name double\n@function double\n]]\nlocal x = 1",
		"-- @author A\n-- @see b\n-- @type C\n-- @class D\n-- @module e\n-- @field f\n-- @alias g\nlocal x = 1",
	} {
		h, err := Read([]byte(source))
		require.NoError(t, err, source)
		assert.Empty(t, h.Params, source)
		assert.Empty(t, h.Name.Text, source)
	}
	h, err := Read([]byte("--- Doubles.\n---@writes company\n-- @param path:file \"A\"\n-- @timeout 1m\n"))
	require.NoError(t, err)
	assert.Len(t, h.Params, 1)
	assert.False(t, h.MayWrite("enduser"))
	assert.Equal(t, time.Minute, h.Timeout)
	_, err = Read([]byte("--- Doubles.\n-- @wirtes company\n"))
	assert.EqualError(t, err, "there is no @wirtes (did you mean '@writes'?)")
}

func TestMistakes(t *testing.T) {
	for line, want := range map[string]string{
		`@parm x`:                            "there is no @parm (did you mean '@param'?)",
		`@Name x`:                            "there is no @Name (did you mean '@name'?)",
		`@zzz`:                               "there is no @zzz",
		`@name`:                              "@name has no text",
		`@description "  "`:                  "@description has no text",
		`@param`:                             "@param: the parameter has no name",
		`@param 1st:file`:                    "does not begin with a name",
		`@param my-path:file`:                "does not begin with a name",
		`@param x:int`:                       "x: there is no type 'int' (did you mean 'integer'?)",
		`@param x:fiel`:                      "x: there is no type 'fiel' (did you mean 'file'?)",
		`@param x:choice`:                    "x: a choice names its values: x:choice(eu, us)",
		`@param x:choice( , )`:               "x: a choice names its values",
		`@param x:string(a)`:                 "x: only a choice has values in parentheses",
		`@param x the name`:                  "x: put the description in quotes",
		`@param x optionel`:                  "x: unknown setting 'optionel' (did you mean 'optional'?)",
		`@param x "a" "b"`:                   "x: put the description before the other settings, and only once",
		`@param x optional "b"`:              "x: put the description before the other settings",
		`@param x "a`:                        `x: a quote (") is not closed`,
		`@param x default`:                   "x: write the default as default=VALUE",
		`@param x default=1 default=2`:       "x: there are two defaults",
		`@param x defautl=1`:                 "x: unknown setting 'defautl' (did you mean 'default'?)",
		`@param x default=1 optional`:        "x: with a default it is always optional",
		`@param x:integer default=1.5`:       `x: the default must be a whole number, not "1.5"`,
		`@param x:choice(a, b) default=c`:    `x: the default must be a or b, not "c"`,
		`@param x:date default=1.2.2026`:     `x: the default must be a date as YYYY-MM-DD, not "1.2.2026"`,
		`@param x:duration default=90`:       `x: the default must be a duration: "90" has no unit`,
		`@param x:boolean default=maybe`:     `x: the default must be true or false, not "maybe"`,
		`@param x:integer secret`:            "x: only a string can be secret",
		`@param x secret default=a`:          "x: a secret has no default",
		`@allow env=X`:                       `unknown permission "env" in @allow`,
		`@writes`:                            "@writes names no model",
		`@timeout`:                           "@timeout has no time",
		`@timeout soon`:                      `@timeout: "soon" is not a duration`,
		`@timeout 0s`:                        "@timeout: ",
		`@param ` + strings.Repeat("a", 100): "the name has more than 64 characters",
	} {
		_, err := Read([]byte("-- About.\n-- " + line + "\n"))
		require.ErrorContains(t, err, want, line)
		assert.Equal(t, 2, errorOf(t, err).Line, line)
		assert.NotEmpty(t, errorOf(t, err).Hint, line)
	}
	for source, want := range map[string]string{
		"-- @name A\n-- @name B":                   "@name is already on line 1",
		"-- @timeout 1m\n-- @timeout 2m":           "@timeout is already on line 1",
		"-- @param a\n-- @param A":                 "@param: a is already on line 1",
		"-- @param a_b\n-- @param a_b:file \"x\"":  "@param: a_b is already on line 1",
		"-- @description A\n--\n-- @description B": "@description is already on line 1",
	} {
		_, wrong := Parse([]byte(source))
		require.Len(t, wrong, 1, source)
		assert.Equal(t, want, wrong[0].Message)
	}
	h, err := Read([]byte("-- @writes company, compny"))
	require.NoError(t, err)
	assert.EqualError(t, h.CheckWrites(nil), "@writes: there is no model 'compny' (did you mean 'company'?)")
	h, err = Read([]byte("-- @writes nothing"))
	require.NoError(t, err)
	assert.Nil(t, h.CheckWrites(nil))
	assert.False(t, h.MayWrite("company"))
}

func errorOf(t *testing.T, err error) (e *Error) {
	t.Helper()
	require.ErrorAs(t, err, &e)
	return e
}
