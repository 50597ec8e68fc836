package run

import (
	"bytes"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/printing"
)

// Files of --lua-profile: text, or for pprof, which is gzip.
var (
	profileText  = printing.Output{Flag: "--lua-profile", What: "the profile", Begins: "time per line"}
	profilePprof = printing.Output{Flag: "--lua-profile", What: "the profile", Begins: "\x1f\x8b"}
)

// shownLines is how many lines of a profile are shown after the run.
const shownLines = 10

// profiling is the flag --lua-profile.
type profiling struct{ file string }

func (p *profiling) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.file, "lua-profile", "", "Measure the time of each line of Lua, show the longest, and write all to `FILE`: as text if its name ends in .txt, otherwise for 'go tool pprof'")
}

// output is what is written.
func (p *profiling) output() printing.Output {
	if strings.HasSuffix(strings.ToLower(p.file), ".txt") {
		return profileText
	}
	return profilePprof
}

// start returns the profile of a run, nil without the flag.
func (p *profiling) start(env *environment.Env) (*runtime.Profile, error) {
	if p.file == "" {
		return nil, nil
	}
	return &runtime.Profile{}, p.output().Check(env, p.file)
}

// write writes the profile of a run that has ended, and shows its longest lines unless the
// run is quiet.
func (p *profiling) write(env *environment.Env, h *host.Opened, profile *runtime.Profile, quiet bool) error {
	if profile == nil || profile.Sources == nil {
		return nil
	}
	if !quiet {
		width := 0
		if env.StderrTTY {
			width = env.Width()
		}
		if err := profile.WriteText(h.Secrets.Writer(env.Stderr), shownLines, width); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	if p.output() == profileText {
		w := h.Secrets.Writer(&out)
		if err := profile.WriteText(w, 0, 0); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
	} else if err := profile.WriteProto(&out); err != nil {
		return err
	}
	return p.output().Write(env, p.file, out.Bytes())
}
