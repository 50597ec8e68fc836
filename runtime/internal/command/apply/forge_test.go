package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/planfile"
)

// forge changes the header of the plan and makes its hash fit.
func (d *desk) forge(change func(*planfile.Header)) {
	d.Helper()
	d.edit(func(text string) string {
		lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
		var h planfile.Header
		require.NoError(d, json.Unmarshal([]byte(lines[0]), &h))
		change(&h)
		first, err := json.Marshal(h)
		require.NoError(d, err)
		lines[0] = string(first) + "\n"
		last := len(lines) - 1
		var end planfile.Trailer
		require.NoError(d, json.Unmarshal([]byte(lines[last]), &end))
		sum := sha256.Sum256([]byte(strings.Join(lines[:last], "")))
		end.SHA256 = hex.EncodeToString(sum[:])
		trailer, err := json.Marshal(end)
		require.NoError(d, err)
		return strings.Join(lines[:last], "") + string(trailer) + "\n"
	})
}
