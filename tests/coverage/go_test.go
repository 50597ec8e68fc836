package coverage

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

func TestEveryOperationFromGo(t *testing.T) {
	operations(t, func(t *testing.T, w *fixture, m *catalog.Model, op *catalog.Operation) {
		client := w.client(t)
		method := methodOf(t, client, m, op)
		results := method.Call(goArguments(t, w, m, op, method.Type()))
		err, _ := results[len(results)-1].Interface().(error)
		require.NoError(t, err)
		switch result := results[0].Interface().(type) {
		case *planhat.BulkResult:
			assert.Empty(t, result.Errors)
			assert.Positive(t, result.Rows)
		case []planhat.Record:
			assert.NotNil(t, result)
		}
	})
}

func (w *fixture) client(t *testing.T) *planhat.Client {
	t.Helper()
	client, err := planhat.New(planhat.Config{
		APIToken: w.APIToken(), TenantToken: w.TenantToken(), BaseURL: w.URL(), AnalyticsURL: w.AnalyticsURL(),
		Limiter: planhat.NewLimiter(planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1}),
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// methodOf finds the client's method for an operation: the service that says
// it is the model's, and in it the method of that name.
func methodOf(t *testing.T, client *planhat.Client, m *catalog.Model, op *catalog.Operation) reflect.Value {
	t.Helper()
	services := reflect.ValueOf(client.Services)
	for i := range services.NumField() {
		service := services.Field(i)
		of := service.Interface().(interface{ Resource() *planhat.Resource }).Resource().Model()
		if of != m {
			continue
		}
		for k := range service.NumMethod() {
			if strings.EqualFold(service.Type().Method(k).Name, strings.ReplaceAll(op.Name, "_", "")) {
				return service.Method(k)
			}
		}
	}
	require.Fail(t, "the client has no method for "+m.Snake+"."+op.Name)
	return reflect.Value{}
}

func goArguments(t *testing.T, w *fixture, m *catalog.Model, op *catalog.Operation, method reflect.Type) []reflect.Value {
	t.Helper()
	var out []reflect.Value
	for i := range method.NumIn() {
		switch in := method.In(i); {
		case in == reflect.TypeFor[context.Context]():
			out = append(out, reflect.ValueOf(t.Context()))
		case in == reflect.TypeFor[[]planhat.Record]():
			var rows []planhat.Record
			for _, row := range w.body(m, op).([]any) {
				rows = append(rows, text(t, row))
			}
			out = append(out, reflect.ValueOf(rows))
		case in == reflect.TypeFor[[]string]():
			out = append(out, reflect.ValueOf(w.body(m, op)))
		case in.Kind() == reflect.String:
			out = append(out, reflect.ValueOf(standing(m)))
		case in.Kind() == reflect.Interface:
			out = append(out, reflect.ValueOf(w.body(m, op)))
		default: // options
			out = append(out, reflect.Zero(in))
		}
	}
	return out
}
