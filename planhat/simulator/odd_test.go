package simulator

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const twoRows = `[{"externalId":"a","name":"A"},{"externalId":"b"}]`

func TestOddAnswers(t *testing.T) {
	for shape, want := range map[Shape]string{
		ShapeEmpty: ``, ShapeObject: `{}`, ShapeNull: `null`, ShapeList: `[]`, ShapeText: `Service temporarily degraded`,
		ShapeError: `{"error":"Internal error","statusCode":500}`,
	} {
		p := faulty(t, "odd:status=201,shape="+string(shape))
		r := p.do("PUT", "/companies", twoRows)
		assert.Equal(t, 201, r.status)
		assert.Equal(t, want, r.body)
		assert.Empty(t, p.Records("company"), "%s: not carried out", shape)
		p = faulty(t, "odd:applied=true,shape="+string(shape))
		assert.Equal(t, want, p.do("PUT", "/companies", twoRows).body)
		assert.Len(t, p.Records("company"), 1, "%s: carried out", shape)
	}
	p := faulty(t, "odd:shape=html")
	r := p.do("GET", "/companies", "")
	assert.Contains(t, r.header.Get("Content-Type"), "text/html")
	assert.Contains(t, r.body, "<h1>200 OK</h1>")
}

func TestAnswersMadeOddFromTheTrueOne(t *testing.T) {
	p := faulty(t, "odd:shape=rows")
	r := p.do("PUT", "/companies", twoRows)
	require.Len(t, r.array, 2, r.body)
	assert.Contains(t, r.array[0], "error")
	assert.Equal(t, "a", r.array[1].(map[string]any)["externalId"])
	r = p.do("GET", "/companies/extid-a", "")
	require.Len(t, r.array, 1, "a record in a list")

	p = faulty(t, "odd:shape=counts")
	assert.EqualValues(t, 4, p.do("PUT", "/companies", twoRows).object["created"])
	assert.Len(t, p.Records("company"), 1)
	metric := `[{"dimensionId":"d","value":1,"externalId":"a"}]`
	assert.EqualValues(t, 3, p.do("POST", "/dimensiondata/"+p.TenantToken(), metric).object["processed"])
	r = p.do("PUT", "/companies", `[{"externalId":"c"}]`)
	assert.Equal(t, 400, r.status, "what fails anyway fails")
}

func TestOddAnswersByChanceDiffer(t *testing.T) {
	bodies := func() (out []string) {
		p := faulty(t, "odd")
		for range 12 {
			out = append(out, p.do("GET", "/users", "").body)
		}
		return out
	}
	first := bodies()
	assert.Equal(t, first, bodies(), "repeatable")
	assert.Contains(t, first, "null")
	assert.Contains(t, first, "{}")
}
