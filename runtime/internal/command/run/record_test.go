package run

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/command/trial"
)

func TestARecordedRunIsResumedByRun(t *testing.T) {
	for line, want := range map[string]string{
		"run s.lua -o x":                                 "phscript run --resume s.lua -o x",
		"record -o r.jsonl --strict s.lua a b":           "phscript run --resume --strict s.lua a b",
		"record s.lua a --out=r.jsonl --anonymize b":     "phscript run --resume s.lua a b",
		"record --key k --state x.db s.lua -o r -- -o z": "phscript run --resume --state x.db s.lua -- -o z",
	} {
		r := trial.New(t, nil)
		r.Env.Args = strings.Fields(line)
		assert.Equal(t, want, resumeCommand(r.Env), line)
	}
}

func TestRecordingsAndReplaysExcludeEachOther(t *testing.T) {
	r := trial.New(t, map[string]string{"s.lua": "print(1)"})
	_, _, err := r.Run(NewRecord, "--replay", "x.jsonl", "-o", "y.jsonl", "s.lua")
	assert.EqualError(t, err, "a replay cannot be recorded")
	_, _, err = r.Run(NewRecord, "s.lua")
	assert.EqualError(t, err, "-o needs the name of a file")
	_, stderr, err := r.Run(NewRecord, "--simulate", "s.lua", "-o", "y.jsonl")
	assert.Error(t, err) // finished
	assert.Contains(t, stderr, "the script sent no requests; y.jsonl was not written")
	assert.NoFileExists(t, r.Env.Path("y.jsonl"))
}
