package planhat

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInFlightCountsRequestsUntilTheyAreAnswered(t *testing.T) {
	ctx := WithInFlight(context.Background())
	assert.Zero(t, InFlight(ctx))
	assert.Zero(t, InFlight(context.Background()))

	during := -1
	c := newClient(t, newServer(t, func(w http.ResponseWriter, _ request, _ int) {
		during = InFlight(ctx)
		_, _ = w.Write([]byte(`{"_id":"67d08140557181002fd170dd"}`))
	}))
	_, err := c.Company.GetByID(context.WithoutCancel(ctx), "67d08140557181002fd170dd")
	require.NoError(t, err)
	assert.Equal(t, 1, during)
	assert.Zero(t, InFlight(ctx))
}
