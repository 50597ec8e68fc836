package planhat

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/internal/services"
)

func TestGeneratedFilesAreFresh(t *testing.T) {
	for name, generate := range map[string]func() ([]byte, error){
		"services_gen.go": services.Generate, "models_gen.go": services.GenerateStructs,
	} {
		want, err := generate()
		require.NoError(t, err)
		have, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(have), "run go generate ./planhat")
	}
}
