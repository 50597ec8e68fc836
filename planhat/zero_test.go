package planhat

import (
	"context"
	"iter"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestZeroValues calls every method of every service, of resources, pagers and
// limiters that nobody has set up: they fail with an error, and never panic.
func TestZeroValues(t *testing.T) {
	services := reflect.ValueOf((&Client{}).Services)
	var parts []reflect.Value
	for i := range services.NumField() {
		parts = append(parts, services.Field(i), reflect.New(services.Field(i).Type().Elem()))
	}
	var none *Resource
	parts = append(parts, reflect.ValueOf(none), reflect.ValueOf(&Resource{}), reflect.ValueOf(&Client{}))
	for _, part := range parts {
		for i := range part.NumMethod() {
			method := part.Type().Method(i)
			arguments := []reflect.Value{}
			for k := 1; k < method.Type.NumIn(); k++ {
				in := reflect.Zero(method.Type.In(k))
				if method.Type.In(k) == reflect.TypeFor[context.Context]() {
					in = reflect.ValueOf(t.Context())
				}
				arguments = append(arguments, in)
			}
			name := part.Type().String() + "." + method.Name
			for _, result := range part.Method(i).Call(arguments) {
				switch v := result.Interface().(type) {
				case iter.Seq2[Record, error]:
					for _, err := range v {
						assert.ErrorIs(t, err, ErrConfig, name)
					}
				case *Pager:
					_, err := v.Next(t.Context())
					assert.ErrorIs(t, err, ErrConfig, name)
				case error:
					assert.ErrorIs(t, v, ErrConfig, name)
				}
			}
		}
	}
	page, err := new(Pager).Next(t.Context())
	assert.NoError(t, err)
	assert.Empty(t, page)
	limiter := &Limiter{}
	release, err := limiter.Acquire(t.Context())
	assert.NoError(t, err)
	release()
	state, err := new(Limiter).State(t.Context())
	assert.NoError(t, err)
	assert.Equal(t, DefaultCallsPerMinute, state.Limit)
	assert.NoError(t, new(Limiter).Block(t.Context(), 0))
	assert.Empty(t, Record(nil).ID())
	assert.Equal(t, "", Record(nil).String())
	assert.NotEmpty(t, (&Error{}).Error()+" ")
	assert.Empty(t, new(Tally).Snapshot().Reasons)
	new(Tally).Outcome(Outcome{Rejected: []RowError{{}}})
}
