package schema_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/schema"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	tenant "github.com/phscript/phscript/runtime/internal/schema"
)

// fieldTypes are the types that Planhat documents.
var fieldTypes = catalog.Load().With(catalog.FieldDefinition).Property("type").Enum

// values are JSON values of each form.
var values = []string{
	`"Gold"`, `"Silver"`, `"gold"`, `""`, `null`, `5`, `5.5`, `"5"`, `"5.5"`, `true`, `false`, `"true"`, `"2026-01-15"`, `"2026-01-15T10:00:00.000Z"`, `"15/01/2026"`,
	`["Gold"]`, `["Gold","Silver"]`, `["gold"]`, `[5]`, `[]`, `{"a":1}`, `"USER"`, `"67d0000000000000000000ff"`, `["USER"]`, `["67d0000000000000000000ff"]`, `"Ada"`,
}

// pulled is a trial with the schema of a simulated Planhat that checks custom fields.
func pulled(t *testing.T, definitions ...map[string]any) (r *trial.Trial, client *planhat.Client, known *tenant.Schema) {
	t.Helper()
	server, err := simulator.Start(simulator.Options{Companies: 1, CallsPerMinute: 1_000_000, Switches: simulator.Switches{"custom-values": "check"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	client, err = planhat.New(planhat.Config{APIToken: server.APIToken(), BaseURL: server.URL(), Limiter: planhat.NewLimiter(planhat.LimiterConfig{CallsPerMinute: 1e6})})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	for _, d := range definitions {
		text, err := json.Marshal(d)
		require.NoError(t, err)
		_, err = client.CustomField.Create(t.Context(), text)
		require.NoError(t, err)
	}
	r = trial.New(t, nil)
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = server.APIToken(), server.URL()
	_, _, err = r.Run(schema.New, "pull")
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, tenant.FileName))
	require.NoError(t, err)
	known, err = tenant.Parse(text)
	require.NoError(t, err)
	return r, client, known
}

// TestTheSchemaAgreesWithAnAccountThatChecks: for each type of field and form of value, the
// schema has a doubt if and only if a Planhat that checks custom fields refuses the record.
// The simulator shares no code with the schema.
func TestTheSchemaAgreesWithAnAccountThatChecks(t *testing.T) {
	var definitions []map[string]any
	for _, typ := range fieldTypes {
		definitions = append(definitions, map[string]any{"name": "a " + typ, "parent": "enduser", "type": typ, "listValues": []string{"Gold", "Silver"}})
	}
	definitions = append(definitions,
		map[string]any{"name": "computed", "parent": "enduser", "type": "number", "isFormula": true, "isMandatory": true},
		map[string]any{"name": "locked", "parent": "enduser", "type": "text", "isLocked": true},
		map[string]any{"name": "open", "parent": "enduser", "type": "list"},
		map[string]any{"name": "needed", "parent": "task", "type": "text", "isMandatory": true},
	)
	_, client, known := pulled(t, definitions...)
	user := known.Tenant.FirstUser
	api := catalog.Load()
	company, err := client.Company.Create(t.Context(), planhat.Record(`{"name":"A","externalId":"a"}`))
	require.NoError(t, err)
	id := company.ID()
	n, refusals := 0, 0
	agree := func(model, record string) {
		n++
		doubts := slices.DeleteFunc(known.Record(api.Model(model), planhat.Record(record), true), func(d tenant.Doubt) bool {
			return d.Kind == tenant.Locked // people cannot edit the field, and programs can
		})
		_, err := client.Resource(api.Model(model)).Create(t.Context(), planhat.Record(record))
		if err != nil {
			refusals++
		}
		assert.Equal(t, err != nil, len(doubts) > 0, "%s %s: the schema says %v, the account %v", model, record, doubts, err)
	}
	for _, typ := range append(slices.Clone(fieldTypes), "computed", "locked", "open") {
		name := typ
		if slices.Contains(fieldTypes, typ) {
			name = "a " + typ
		}
		for _, v := range values {
			switch v {
			case `"USER"`:
				v = fmt.Sprintf("%q", user)
			case `["USER"]`:
				v = fmt.Sprintf("[%q]", user)
			}
			agree("enduser", fmt.Sprintf(`{"companyId":%q,"email":"e%d@a.example","custom":{%q:%s}}`, id, n, name, v))
		}
	}
	task := fmt.Sprintf(`{"mainType":"task","action":"Call","companyId":%q`, id)
	agree("task", task+`}`)
	agree("task", task+`,"custom":{}}`)
	agree("task", task+`,"custom":{"needed":"x"}}`)
	assert.Greater(t, refusals, n/4)
	assert.Less(t, refusals, 3*n/4)
}
