package planhat

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/internal/services"
)

func TestGeneratedServicesAreFresh(t *testing.T) {
	want, err := services.Generate()
	require.NoError(t, err)
	have, err := os.ReadFile("services_gen.go")
	require.NoError(t, err)
	assert.Equal(t, string(want), string(have), "run go generate ./planhat")
}
