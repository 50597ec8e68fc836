package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/shapes"
	"github.com/phscript/phscript/tests/standin"
)

// recorders are the names under which stand-ins record exchanges, where they differ from those of the connectors.
var recorders = map[string]string{"google_calendar": "gcal"}

// TestShapes compares all exchanges that tests of connectors have recorded, if any, with the answers of the vendors
// themselves, as far as these are known. Only types are compared: tests make records with fields that are empty or made up. tests/connectors
// compares the fields, too.
func TestShapes(t *testing.T) {
	folder := os.Getenv(standin.Exchanges)
	for _, name := range shapes.Names() {
		s, err := shapes.Load(name)
		require.NoError(t, err, name)
		recorder := name
		if other := recorders[name]; other != "" {
			recorder = other
		}
		files, err := filepath.Glob(filepath.Join(folder, recorder+"-*.jsonl"))
		require.NoError(t, err)
		problems, n := map[string]bool{}, 0
		for _, file := range files {
			for _, e := range read(t, file) {
				if e.Status >= 300 || !strings.Contains(e.AnswerType, "json") || !s.Knows(e.Method, e.URL) {
					continue
				}
				n++
				for _, problem := range s.Check(e.Method, e.URL, []byte(e.AnswerBody)) {
					if strings.HasSuffix(problem, "not so in any recording") && !strings.Contains(problem, " is null, ") {
						problems[problem] = true
					}
				}
			}
		}
		t.Logf("%s: %d recorded exchanges", name, n)
		for problem := range problems {
			t.Errorf("%s %s", name, problem)
		}
	}
}
