package bindings

import (
	"context"
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// CheckpointStore keeps one value between the runs of a script, as JSON.
type CheckpointStore interface {
	// Load returns the value, nil where there is none.
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, value []byte) error
	Clear(ctx context.Context) error
}

// mostCheckpoint is how many bytes a checkpoint may take.
const mostCheckpoint = 1 << 20

// Checkpoint returns the module checkpoint, which remembers how far a script
// came.
func Checkpoint() *Module {
	return &Module{
		Name: "checkpoint",
		Doc: "Remembers how far a script came, so that the run after one that failed goes on from there. A checkpoint belongs " +
			"to a schedule, or to a script that is run by hand. It is dropped when a run ends without an error: the next one begins " +
			"anew. With `--dry-run`, with `--simulate` and without a store, checkpoints last as long as the process.\n\n" +
			"    local done = checkpoint.load() or { row = 0 }\n" +
			"    -- ... do the rows after done.row, in parts ...\n" +
			"    checkpoint.save{ row = last }",
		Funcs: []*Func{
			{
				Name:    "load",
				Doc:     "Returns what an earlier run that failed has saved last.",
				Returns: []Return{{Type: "any", Doc: "The saved value, `nil` where there is none."}},
				Example: `local from = (checkpoint.load() or { page = 1 }).page`,
				Call: func(a *Args) (int, error) {
					text, err := a.Host.Checkpoint.Load(a.Context())
					if err != nil || text == nil {
						return 0, err
					}
					v, err := CodecOf(a.L).DecodeBytes(text, DecodeOptions{})
					if err != nil {
						return 0, err
					}
					return a.Push(v)
				},
			},
			{
				Name: "save",
				Doc:  "Saves a value, in the place of what was saved before. Save after the part of the work that it stands for is done, not before.",
				Params: []Param{{Name: "value", Type: "any",
					Doc: "A table, text, number or boolean that can be written as JSON, of at most 1 MiB."}},
				Errors:  "When the value cannot be written as JSON, or is too long.",
				Example: `checkpoint.save{ page = 7 }`,
				Call: func(a *Args) (int, error) {
					if a.Get(0) == lua.LNil {
						return 0, a.Errorf("there is no value; checkpoint.clear() drops what was saved")
					}
					text, err := CodecOf(a.L).EncodeBytes(a.Get(0), EncodeOptions{})
					if err != nil {
						return 0, err
					}
					if len(text) > mostCheckpoint {
						return 0, fmt.Errorf("the checkpoint takes %d bytes as JSON, and at most %d can be kept; save where to go on, not the data", len(text), mostCheckpoint)
					}
					return 0, a.Host.Checkpoint.Save(a.Context(), text)
				},
			},
			{
				Name:    "clear",
				Doc:     "Drops what was saved: the next run begins anew, also where this one fails.",
				Example: `checkpoint.clear()`,
				Call: func(a *Args) (int, error) {
					return 0, a.Host.Checkpoint.Clear(a.Context())
				},
			},
		},
	}
}
