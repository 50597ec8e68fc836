package runtime

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

func TestFieldsOfErrors(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	fields := func(cause error, object map[string]lua.LValue) map[string]string {
		t := L.NewTable()
		for name, v := range object {
			t.RawSetString(name, v)
		}
		out := map[string]string{}
		for _, f := range errorFields(t, cause, &Secrets{}) {
			out[f.Name] = f.Value
		}
		return out
	}
	assert.Equal(t, map[string]string{"kind": "config"}, fields(errors.New("x"), map[string]lua.LValue{"kind": lua.LString("config")}))
	assert.Equal(t, map[string]string{
		"kind": "rate_limited (the same call may succeed later)", "status": "429", "request": "GET /companies", "attempts": "3", "retry after": "30 s",
	}, fields(errors.New("x"), map[string]lua.LValue{
		"kind": lua.LString("rate_limited"), "retryable": lua.LTrue, "status": lua.LNumber(429), "method": lua.LString("GET"),
		"path": lua.LString("/companies"), "attempts": lua.LNumber(3), "retry_after": lua.LNumber(30),
	}))

	items := []planhat.RowError{{Index: 4, Key: "a", Message: "no name"}}
	assert.Empty(t, fields(&planhat.Error{Message: "row 5: no name", Items: items}, nil), "the message says it")
	assert.Equal(t, map[string]string{"rows": "1 failed:\nrow 5 (a): no name"}, fields(&planhat.Error{Message: "no", Items: items}, nil))
	for range shownRows {
		items = append(items, planhat.RowError{Index: -1, Message: "no"})
	}
	rows := strings.Split(fields(&planhat.Error{Message: "no name", Items: items}, nil)["rows"], "\n")
	assert.Len(t, rows, shownRows+2)
	assert.Equal(t, []string{"6 failed:", "row 5 (a): no name", "a row: no"}, rows[:3])
	assert.Equal(t, "and 1 more", rows[len(rows)-1])

	for body, want := range map[string]string{
		strings.Repeat("x", shownBody):          strings.Repeat("x", shownBody),
		strings.Repeat("x", shownBody+1):        strings.Repeat("x", shownBody) + " …",
		strings.Repeat("x", shownBody-1) + "éé": strings.Repeat("x", shownBody-1) + " …",
		" two\n\twords ":                        "two words",
	} {
		assert.Equal(t, want, fields(nil, map[string]lua.LValue{"body": lua.LString(body)})["answer"])
	}
}
