package planhat

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACreateThatMayHaveHappened(t *testing.T) {
	lost := func(w http.ResponseWriter, _ request) { cut(w) }
	found := func(w http.ResponseWriter, _ request) { answerWith(w, 200, `{"_id":"9","companyId":"1"}`) }
	missing := func(w http.ResponseWriter, _ request) { answerWith(w, 404, `{}`) }
	type step = func(http.ResponseWriter, request)
	gone := slices.Repeat([]step{missing}, searches)
	company := slices.Repeat([]string{"GET /companies/extid-a"}, searches)
	for _, tt := range []struct {
		name, model, row string
		steps            []step
		want             string
		requests         []string
		kind             Kind
		message          string
	}{
		{"found by external id", "company", `{"externalId":"a 1"}`, []step{lost, found}, "9",
			[]string{"POST /companies", "GET /companies/extid-a%201"}, "", ""},
		{"found by source id", "task", `{"sourceId":"s","companyId":"1"}`, []step{lost, found}, "9",
			[]string{"POST /tasks", "GET /tasks/srcid-s"}, "", ""},
		{"not there, created again", "company", `{"externalId":"a"}`, slices.Concat([]step{lost}, gone, []step{found}), "9",
			slices.Concat([]string{"POST /companies"}, company, []string{"POST /companies"}), "", ""},
		{"stored later than the answer", "company", `{"externalId":"a"}`, slices.Concat([]step{lost}, gone[1:], []step{found}), "9",
			slices.Concat([]string{"POST /companies"}, company), "", ""},
		{"a key that Planhat may allow twice", "license", `{"externalId":"a"}`, slices.Concat([]step{lost}, gone), "",
			slices.Concat([]string{"POST /licenses"}, slices.Repeat([]string{"GET /licenses/extid-a"}, searches)), KindNetwork, "may have been stored"},
		{"got through after the look-up", "company", `{"externalId":"a"}`,
			slices.Concat([]step{lost}, gone, []step{func(w http.ResponseWriter, _ request) { answerWith(w, 400, `externalId duplicated`) }, found}), "9",
			slices.Concat([]string{"POST /companies"}, company, []string{"POST /companies", "GET /companies/extid-a"}), "", ""},
		{"refused for its key, and only another company's record is found", "license", `{"sourceId":"a","companyId":"aaaaaaaaaaaaaaaaaaaaaaaa"}`,
			slices.Concat([]step{lost}, gone, []step{func(w http.ResponseWriter, _ request) { answerWith(w, 409, `sourceId duplicated`) }, missing}), "",
			slices.Concat([]string{"POST /licenses"}, slices.Repeat([]string{"GET /licenses/srcid-a"}, searches), []string{"POST /licenses", "GET /licenses/srcid-a"}),
			KindValidation, "may have been stored"},
		{"somebody has changed the key meanwhile", "enduser", `{"sourceId":"s","email":"a@b.c","companyId":"1"}`,
			slices.Concat([]step{lost}, gone, []step{func(w http.ResponseWriter, _ request) {
				answerWith(w, 200, `[{"_id":"9","email":"A@b.c","companyId":"2","sourceId":"t"}]`)
			}}), "",
			slices.Concat([]string{"POST /endusers"}, slices.Repeat([]string{"GET /endusers/srcid-s"}, searches), []string{"GET /endusers"}),
			KindNetwork, "may have been stored"},
		{"none of its keys is there, created again", "enduser", `{"sourceId":"s","email":"a@b.c","companyId":"1"}`,
			slices.Concat([]step{lost}, gone, []step{func(w http.ResponseWriter, _ request) { answerWith(w, 200, `[]`) }, found}), "9",
			slices.Concat([]string{"POST /endusers"}, slices.Repeat([]string{"GET /endusers/srcid-s"}, searches), []string{"GET /endusers", "POST /endusers"}), "", ""},
		{"no key", "company", `{"name":"a"}`, []step{lost}, "", []string{"POST /companies"}, KindNetwork, "may have been stored"},
		{"a 502 is as open", "company", `{"name":"a"}`, []step{func(w http.ResponseWriter, _ request) { answerWith(w, 502, "") }}, "",
			[]string{"POST /companies"}, KindServer, "may have been stored"},
		{"a 400 is not", "company", `{"name":"a"}`, []step{func(w http.ResponseWriter, _ request) { answerWith(w, 400, "no") }}, "",
			[]string{"POST /companies"}, KindValidation, "no"},
		{"found by email", "enduser", `{"email":"A@b.c","companyId":"1"}`,
			[]step{lost, func(w http.ResponseWriter, _ request) {
				answerWith(w, 200, `[{"_id":"8","email":"xa@b.c"},{"_id":"9","email":"a@b.c"}]`)
			}}, "9",
			[]string{"POST /endusers", "GET /endusers"}, "", ""},
		{"the newest of several with an email", "enduser", `{"email":"a@b.c","companyId":"1","name":"A"}`,
			[]step{lost, func(w http.ResponseWriter, _ request) {
				answerWith(w, 200, `[{"_id":"8","email":"a@b.c"},{"_id":"9","email":"a@b.c","name":"A"}]`)
			}}, "9",
			[]string{"POST /endusers", "GET /endusers"}, "", ""},
		{"an older record that lacks what was sent", "enduser", `{"email":"a@b.c","companyId":"1","name":"A"}`,
			[]step{lost, func(w http.ResponseWriter, _ request) {
				answerWith(w, 200, `[{"_id":"8","email":"a@b.c","companyId":"1"}]`)
			}}, "",
			[]string{"POST /endusers", "GET /endusers"}, KindNetwork, "its name differs from what was sent"},
		{"an older record without custom fields", "company", `{"externalId":"a","custom":{"Tier":"gold"}}`,
			[]step{lost, func(w http.ResponseWriter, _ request) { answerWith(w, 200, `{"_id":"7","externalId":"a"}`) }}, "",
			[]string{"POST /companies", "GET /companies/extid-a"}, KindNetwork, "its custom.Tier differs from what was sent"},
		{"an email that is not there", "enduser", `{"email":"A@b.c","companyId":"1"}`,
			append([]step{lost}, slices.Repeat([]step{func(w http.ResponseWriter, _ request) { answerWith(w, 200, `[]`) }}, searches)...), "",
			append([]string{"POST /endusers"}, slices.Repeat([]string{"GET /endusers"}, searches)...), KindNetwork, "may have been stored"},
		{"the record of another company", "license", `{"externalId":"a","companyId":"aaaaaaaaaaaaaaaaaaaaaaaa"}`,
			slices.Concat([]step{lost}, slices.Repeat([]step{func(w http.ResponseWriter, _ request) {
				answerWith(w, 200, `{"_id":"7","companyId":"bbbbbbbbbbbbbbbbbbbbbbbb"}`)
			}}, searches), []step{found}), "9",
			slices.Concat([]string{"POST /licenses"}, slices.Repeat([]string{"GET /licenses/extid-a"}, searches), []string{"POST /licenses"}), "", ""},
		{"an older record with the key", "company", `{"externalId":"a","name":"New"}`,
			[]step{lost, func(w http.ResponseWriter, _ request) {
				answerWith(w, 200, `{"_id":"7","externalId":"a","name":"Old"}`)
			}}, "",
			[]string{"POST /companies", "GET /companies/extid-a"}, KindNetwork, "its name differs from what was sent"},
		{"an older record that differs in a custom field", "company", `{"externalId":"a","name":"A","custom":{"Tier":"gold","Seats":5}}`,
			[]step{lost, func(w http.ResponseWriter, _ request) {
				answerWith(w, 200, `{"_id":"7","externalId":"a","name":"A","custom":{"Seats":6,"Tier":"Gold"}}`)
			}}, "",
			[]string{"POST /companies", "GET /companies/extid-a"}, KindNetwork, "its custom.Seats differs from what was sent"},
		{"an older record, found after a refusal", "company", `{"externalId":"a","mrr":5}`,
			slices.Concat([]step{lost}, gone, []step{func(w http.ResponseWriter, _ request) { answerWith(w, 400, `externalId duplicated`) },
				func(w http.ResponseWriter, _ request) { answerWith(w, 200, `{"_id":"7","mrr":6}`) }}), "",
			slices.Concat([]string{"POST /companies"}, company, []string{"POST /companies", "GET /companies/extid-a"}), KindValidation, "externalId duplicated"},
		{"the same record as Planhat writes it", "license", `{"externalId":1,"companyId":"extid-1","value":5.0,"fromDate":"2026-01-01","name":" A ","product":"","tags":[1]}`,
			[]step{lost, func(w http.ResponseWriter, _ request) {
				answerWith(w, 200, `{"_id":"9","externalId":"1","companyId":"aaaaaaaaaaaaaaaaaaaaaaaa","value":5,"fromDate":"2026-01-01T00:00:00.000Z","name":"A","product":"x","tags":[]}`)
			}}, "9", []string{"POST /licenses", "GET /licenses/extid-1"}, "", ""},
		{"the look-up is refused", "company", `{"externalId":"a"}`, []step{lost, func(w http.ResponseWriter, _ request) { answerWith(w, 403, "") }}, "",
			[]string{"POST /companies", "GET /companies/extid-a"}, KindNetwork, "may have been stored"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, func(w http.ResponseWriter, q request, n int) {
				if assert.LessOrEqual(t, n, len(tt.steps)) {
					tt.steps[n-1](w, q)
				}
			})
			got, err := newClient(t, s).resources[tt.model].Create(t.Context(), Record(tt.row))
			var seen []string
			for _, q := range s.requests() {
				seen = append(seen, q.method+" "+q.path)
			}
			assert.Equal(t, tt.requests, seen)
			if tt.kind != "" {
				e := in(t, err)
				assert.Equal(t, tt.kind, e.Kind)
				assert.Contains(t, e.Message, tt.message)
				assert.Equal(t, tt.kind != KindValidation || strings.Contains(tt.message, "may have been stored"), e.Uncertain)
				assert.False(t, e.Retryable)
				return
			}
			require.NoError(t, err)
			members, err := readObject(got)
			require.NoError(t, err)
			assert.Equal(t, tt.want, text(members.get("_id")))
		})
	}
}
