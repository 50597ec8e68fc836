package planhat

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPausesAreTheContexts(t *testing.T) {
	var paused time.Duration
	ctx := WithPause(t.Context(), func(_ context.Context, d time.Duration) error {
		paused += d
		return nil
	})
	require.NoError(t, sleep(ctx, time.Hour))
	require.NoError(t, sleep(ctx, 0))
	assert.Equal(t, time.Hour, paused)
	assert.NotNil(t, PauseOf(context.WithoutCancel(ctx)))
	assert.Nil(t, PauseOf(t.Context()))

	ended, cancel := context.WithCancel(ctx)
	cancel()
	assert.ErrorIs(t, sleep(ended, time.Hour), context.Canceled)
	assert.Equal(t, time.Hour, paused)
}

func TestInFlightCountsWritesUntilTheyAreAnswered(t *testing.T) {
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
	assert.Zero(t, during)
	_, err = c.Company.Create(context.WithoutCancel(ctx), Record(`{"name":"Acme"}`))
	require.NoError(t, err)
	assert.Equal(t, 1, during)
	assert.Zero(t, InFlight(ctx))
}
