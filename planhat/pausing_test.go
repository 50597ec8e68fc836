package planhat

import (
	"context"
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
