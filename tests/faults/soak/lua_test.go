package soak

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
)

// runScript carries out the script as Lua, in the real runtime.
func runScript(ctx context.Context, t *tenant, l *lane) ([]claim, planhat.Summary, error) {
	var places []int
	rt, err := runtime.New(runtime.Options{
		Planhat: l.config(t), Quota: planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1}, MaxMemory: -1,
		Values: map[string]any{"mark": func() { places = append(places, t.place()) }},
	})
	if err != nil {
		return nil, planhat.Summary{}, fmt.Errorf("the runtime: %w", err)
	}
	result, err := rt.Run(unhurried(ctx), runtime.Script{Name: "soak.lua", Source: []byte(luaOf(t.scenario))})
	if err != nil {
		return nil, planhat.Summary{}, fmt.Errorf("the script: %w", err)
	}
	var claims []claim
	if err := json.Unmarshal([]byte(result.Values[0].(string)), &claims); err != nil {
		return nil, planhat.Summary{}, fmt.Errorf("the claims: %w", err)
	}
	for i := range claims {
		claims[i].Start, claims[i].End = places[2*i], places[2*i+1]
		claims[i].Read = len(claims[i].IDs)
		claims[i].Unseen = result.Summary.Unseen
	}
	return claims, result.Summary, nil
}

// luaHead collects what each call was told.
const luaHead = `
local planhat, json = require "planhat", require "json"
local claims = json.array{}

local function ids(list)
  local out = json.array{}
  for i, record in ipairs(list) do out[i] = record._id end
  return out
end

local function claim(call)
  mark()
  local told = { IDs = json.array{}, Made = json.array{} }
  local ok, result = pcall(call, told)
  mark()
  told.OK = ok
  if not ok then
    told.Kind, told.Message, told.Uncertain = result.kind, tostring(result.message or result), result.uncertain
    result = result.result
  end
  if type(result) == "table" and result.errors then
    told.Result = true
    told.Created, told.Updated, told.Unchanged = result.created, result.updated, result.unchanged
    told.UncertainOutcome, told.Rows = result.uncertain_outcome, result.rows
    told.Errors, told.Outcomes = json.array{}, json.object{}
    for i, e in ipairs(result.errors) do
      told.Errors[i] = { Index = (e.index or 0) - 1, Uncertain = e.uncertain, Message = e.message }
    end
    for i = 1, result.rows do
      if result.outcomes[i] then told.Outcomes[tostring(i - 1)] = result.outcomes[i] end
    end
  elseif type(result) == "table" and result._id then
    told.ID = result._id
  end
  claims[#claims + 1] = told
end
`

// luaOf writes a scenario as a script.
func luaOf(s *scenario) string {
	var b strings.Builder
	b.WriteString(luaHead)
	for _, o := range s.ops {
		model := "planhat." + o.Model
		options := map[string]any{}
		for name, value := range map[string]any{"sort": o.Sort, "page_size": o.PageSize, "limit": o.Limit, "companyId": o.Company, "chunk_size": o.Chunk} {
			if value != "" && value != 0 {
				options[name] = value
			}
		}
		rows := make([]any, len(o.Rows))
		for i, row := range o.Rows {
			rows[i] = row
		}
		body := ""
		switch o.Kind {
		case "create":
			body = fmt.Sprintf("return %s.create(%s)", model, lua(rows[0]))
		case "update":
			body = fmt.Sprintf("return %s.update(%s, %s)", model, lua(o.ID), lua(rows[0]))
		case "delete":
			body = fmt.Sprintf("%s.delete(%s)", model, lua(o.ID))
		case "get":
			body = fmt.Sprintf("return %s.get_by_id(%s)", model, lua(o.ID))
		case "list":
			body = fmt.Sprintf("told.IDs = ids(%s.get_list(%s))", model, lua(options))
		case "lean":
			body = fmt.Sprintf("told.IDs = ids(%s.get_lean_list())", model)
		case "bulk":
			body = fmt.Sprintf("return %s.bulk_upsert(%s, %s)", model, lua(rows), lua(options))
		case "metrics":
			body = fmt.Sprintf("return %s.bulk_insert_metrics(%s, %s)", model, lua(rows), lua(options))
		case "activities":
			body = fmt.Sprintf("return %s.bulk_create_activity(%s, %s)", model, lua(rows), lua(options))
		case "sweep":
			body = sweepOf(o, model, options)
		}
		fmt.Fprintf(&b, "claim(function(told)\n  %s\nend)\n", body)
	}
	b.WriteString("return json.encode(claims)\n")
	return b.String()
}

func sweepOf(o op, model string, options map[string]any) string {
	do := ""
	switch o.Do {
	case "delete":
		do = "pcall(" + model + ".delete, record._id)"
	case "archive":
		do = "pcall(" + model + ".update, record._id, { archived = true, isArchived = true })"
	case "update":
		do = "pcall(" + model + `.update, record._id, { name = "N0" })`
	case "create":
		do = "local ok, made = pcall(" + model + ".create, " + lua(o.Rows[0]) + ")\n    if ok then told.Made[#told.Made + 1] = made._id end"
	}
	return fmt.Sprintf("for record in %s.each(%s) do\n    told.IDs[#told.IDs + 1] = record._id\n    assert(#told.IDs <= %d, \"the loop does not end\")\n    %s\n  end",
		model, lua(options), most, do)
}

// lua writes a value as Lua.
func lua(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, fmt.Sprintf("[%q] = %s", name, lua(v[name])))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case []any:
		var parts []string
		for _, item := range v {
			parts = append(parts, lua(item))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case string:
		return fmt.Sprintf("%q", v)
	default:
		return fmt.Sprint(v)
	}
}
