package bindings

import (
	"context"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// CheckpointStore keeps one value between the runs of a script, as JSON.
type CheckpointStore interface {
	// Load returns the value, or nil if there is none.
	Load(ctx context.Context) ([]byte, error)
	Save(ctx context.Context, value []byte) error
	Clear(ctx context.Context) error
}

// checkpointField is the option of calls that checkpointed reads.
var checkpointField = Field{Name: "checkpoint", Type: "string", Doc: "A name under which the rows that were sent are recorded. If the run fails, the next run does not send them again in a call with this name. " +
	"The record is deleted when a run ends without an error."}

// checkpointed returns the context of a call as its options in argument i say.
func checkpointed(ctx context.Context, a *Args, i int) (context.Context, error) {
	name := a.Options(i).String(checkpointField.Name)
	if name == "" || a.Host.Journal == nil {
		return ctx, nil
	}
	j, err := a.Host.Journal(ctx, name)
	if err != nil || j == nil {
		return ctx, err
	}
	return planhat.WithJournal(ctx, j), nil
}

// mostCheckpoint is the most bytes that a checkpoint may have.
const mostCheckpoint = 1 << 20

// Checkpoint returns the module checkpoint, which saves how far a script got.
func Checkpoint() *Module {
	return &Module{
		Name: "checkpoint",
		Doc: "Saves how far a script got. If a run fails, the next run can continue from there. Each schedule, and each script that you " +
			"run by hand, has its own checkpoint. It is deleted when a run ends without an error, so the next run starts from the " +
			"beginning. With `--dry-run`, with `--simulate` or without a store, checkpoints last only as long as the process.\n\n" +
			"    local done = checkpoint.load() or { row = 0 }\n" +
			"    -- ... do the rows after done.row, in parts ...\n" +
			"    checkpoint.save{ row = last }",
		Funcs: []*Func{
			{
				Name:    "load",
				Doc:     "Returns the last value that an earlier, failed run saved.",
				Returns: []Return{{Type: "any", Doc: "The saved value, or `nil` if there is none."}},
				Example: `local from = (checkpoint.load() or { page = 1 }).page`,
				Call: func(a *Args) (int, error) {
					text, err := a.Host.Checkpoint.Load(a.Context())
					if err != nil || text == nil {
						return 0, err
					}
					v, err := CodecOf(a.L).DecodeBytes(text, DecodeOptions{Nulls: true, Numbers: true})
					return a.give(v, err)
				},
			},
			{
				Name: "save",
				Doc:  "Saves a value, which replaces the previous one. Save after a part of the work is done, not before.",
				Params: []Param{{Name: "value", Type: "any",
					Doc: "A table, string, number or boolean that can be encoded as JSON, at most 1 MiB."}},
				Errors:  "When the value cannot be encoded as JSON or is too large.",
				Example: `checkpoint.save{ page = 7 }`,
				Call: func(a *Args) (int, error) {
					if a.Get(0) == lua.LNil {
						return 0, a.Errorf("the value is nil; to delete the checkpoint, call checkpoint.clear()")
					}
					text, err := encodeText(a.L, a.Get(0), 0)
					if err != nil {
						return 0, err
					}
					if len(text) > mostCheckpoint {
						return 0, fmt.Errorf("the checkpoint is %d bytes of JSON, but at most %d are allowed; save the position, not the data", len(text), mostCheckpoint)
					}
					return 0, a.Host.Checkpoint.Save(a.Context(), text)
				},
			},
			{
				Name:    "clear",
				Doc:     "Deletes the checkpoint, so the next run starts from the beginning even if this one fails.",
				Example: `checkpoint.clear()`,
				Call:    func(a *Args) (int, error) { return 0, a.Host.Checkpoint.Clear(a.Context()) },
			},
		},
	}
}
