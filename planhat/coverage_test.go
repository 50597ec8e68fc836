package planhat

import (
	"context"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/internal/services"
)

// TestEveryOperationIsReachable calls every operation of the catalog through
// its service's method and checks the request that comes out.
func TestEveryOperationIsReachable(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
		switch {
		case q.method == "GET" && !strings.HasSuffix(q.path, "/67d0"):
			answerWith(w, 200, `[]`)
		case strings.HasPrefix(q.path, "/dimensiondata/"):
			answerWith(w, 200, `{"processed":1}`)
		case q.method == "PUT" && strings.HasPrefix(q.body, "["), strings.HasSuffix(q.path, "/duplicate"):
			answerWith(w, 200, `{"created":1}`)
		default:
			answerWith(w, 200, `{"_id":"67d0"}`)
		}
	})
	c := newClient(t, s)
	for _, m := range catalog.Load().Models {
		service := reflect.ValueOf(c.Services).FieldByName(services.Field(m))
		require.True(t, service.IsValid(), m.Name)
		for _, op := range m.Operations {
			name := m.Snake + "." + op.Name
			method := service.MethodByName(services.Method(op.Name))
			require.True(t, method.IsValid(), name)
			before := len(s.requests())
			out := method.Call(arguments(t, method.Type()))
			err, _ := out[len(out)-1].Interface().(error)
			require.NoError(t, err, name)
			seen := s.requests()[before:]
			require.Len(t, seen, 1, name)
			assert.Equal(t, op.Method, seen[0].method, name)
			path := strings.NewReplacer("{id}", "67d0", "{tenantUUID}", tenantToken).Replace(op.Path)
			assert.Equal(t, path, seen[0].path, name)
			switch op.Body {
			case "array":
				assert.True(t, strings.HasPrefix(seen[0].body, "["), name)
			case "object":
				assert.True(t, strings.HasPrefix(seen[0].body, "{"), name)
			case "":
				assert.Empty(t, seen[0].body, name)
			}
		}
		// What the catalog lacks, the untyped form refuses by name.
		if m.Operation("create") == nil {
			_, err := service.MethodByName("Resource").Call(nil)[0].Interface().(*Resource).Create(t.Context(), Record(`{}`))
			assert.Equal(t, KindConfig, in(t, err).Kind)
		}
	}
}

// arguments makes up arguments that any operation of that shape accepts.
func arguments(t *testing.T, method reflect.Type) []reflect.Value {
	t.Helper()
	const row = `{"email":"a@b.c","externalId":"1","sourceId":"1","name":"a","type":"track","userId":"1"}`
	var out []reflect.Value
	for i := range method.NumIn() {
		switch in := method.In(i); {
		case in == reflect.TypeFor[context.Context]():
			out = append(out, reflect.ValueOf(t.Context()))
		case in == reflect.TypeFor[[]Record]():
			out = append(out, reflect.ValueOf([]Record{Record(`{"email":"a@b.c","externalId":"1","sourceId":"1"}`)}))
		case in == reflect.TypeFor[[]string]():
			out = append(out, reflect.ValueOf([]string{"67d0"}))
		case in.Kind() == reflect.String:
			out = append(out, reflect.ValueOf("67d0"))
		case in.Kind() == reflect.Interface:
			out = append(out, reflect.ValueOf(Record(row)))
		default:
			out = append(out, reflect.Zero(in))
		}
	}
	return out
}

// TestEveryMethodNamesItsEndpoint reads the machine-readable lines of the
// generated methods.
func TestEveryMethodNamesItsEndpoint(t *testing.T) {
	source, err := os.ReadFile("services_gen.go")
	require.NoError(t, err)
	named := map[string]int{}
	for _, m := range regexp.MustCompile(`//phscript:operation (.*)\nfunc \(s \*(\w+)Service\) (\w+)`).FindAllStringSubmatch(string(source), -1) {
		named[m[2]+"."+m[3]+" "+m[1]]++
	}
	for _, m := range catalog.Load().Models {
		for _, op := range m.Operations {
			line := services.Field(m) + "." + services.Method(op.Name) + " " + op.Method + " " + op.Path
			assert.Equal(t, 1, named[line], line)
		}
	}
}
