package run

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/anonymize"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/recording"
)

// recordingFile is what phscript record writes.
var recordingFile = printing.Output{Flag: "--out", What: "the recording", Begins: recording.Begins, Private: true}

// tape records a run, or answers it from a recording.
type tape struct {
	replay string
	// out is where the recording goes, "" for none.
	out       string
	anonymize bool
	key       string
	recorder  *recording.Recorder
	start     time.Time
}

func (o *options) addReplay(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.tape.replay, "replay", "", "Answer all requests from the recording in `FILE`, and send none; see 'phscript record --help'")
	cmd.Flags().StringVar(&o.tape.key, "key", "", "With --replay: the `FILE` with the key of an anonymized recording (default a file in the state directory)")
	usage.Complete(cmd, "replay", cobra.FixedCompletions([]cobra.Completion{"jsonl"}, cobra.ShellCompDirectiveFilterFileExt))
}

// startTape sets what sees or answers the requests of the run.
func (o *options) startTape(env *environment.Env) error {
	switch {
	case o.tape.replay != "" && o.Simulated:
		return &usage.Error{Message: "--replay and --simulate cannot be used together", Hint: "leave out --simulate: a replay reaches no system"}
	case o.tape.out != "":
		if err := recordingFile.Check(env, o.tape.out); err != nil {
			return err
		}
		o.tape.recorder, o.tape.start = &recording.Recorder{}, env.Now()
		o.Transport = o.tape.recorder.Transport
	case o.tape.replay != "":
		f, err := Recording(env, o.tape.replay)
		if err != nil {
			return err
		}
		people, err := peopleOf(env, o.tape.key, f.Header)
		if err != nil {
			return err
		}
		o.Replay = recording.NewReplay(f, o.tape.replay, &recording.Masks{People: people}, env.Now)
	}
	return nil
}

// Recording reads a recording that a person named.
func Recording(env *environment.Env, name string) (*recording.File, error) {
	f, err := recording.Read(env.Path(name))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, &usage.Error{Message: "there is no recording " + name, Hint: "make one: phscript record FILE.lua -o " + name}
	case err != nil:
		return nil, &usage.Error{Message: fmt.Sprintf("cannot use the recording %s: %v", name, err), Hint: "make it again with phscript record"}
	}
	return f, nil
}

// peopleOf returns what replaced data about people in a recording, nil if nothing did or if
// this machine does not have the key.
func peopleOf(env *environment.Env, named string, h recording.Header) (*recording.People, error) {
	if h.Key == "" {
		return nil, nil
	}
	for _, where := range []string{cmp.Or(h.APIURL, planhat.DefaultBaseURL), host.Simulated} {
		key, err := host.MaskKey(env, named, where, false)
		if err != nil || key == nil {
			return nil, err
		}
		if m := anonymize.New(key); m.Fingerprint() == h.Key {
			return &recording.People{Masker: m}, nil
		}
	}
	return nil, nil
}

// mostUnused is how many requests are listed that a replay did not need.
const mostUnused = 5

// endTape writes the recording, or says how the run differs from it. It returns how the run
// ended.
func (o *options) endTape(env *environment.Env, h *host.Opened, script runtime.Script, runErr error) error {
	if o.Replay != nil {
		if list := o.Replay.Unused(); len(list) > 0 {
			more := ""
			if n := len(list) - mostUnused; n > 0 {
				more = fmt.Sprintf("\n  and %d more", n)
			}
			fmt.Fprintf(env.Stderr, "note: %s of %s %s not sent:\n  %s%s\n", english.Plural(len(list), "request", ""), o.tape.replay,
				english.PluralWord(len(list), "was", "were"), h.Secrets.String(strings.Join(list[:min(len(list), mostUnused)], "\n  ")), more)
		}
		if missed := o.Replay.Missed(); runErr == nil {
			runErr = missed // the script has caught it
		}
	}
	if o.tape.recorder == nil {
		return runErr
	}
	m := &recording.Masks{Secrets: h.Secrets}
	if o.tape.anonymize {
		where := cmp.Or(h.Config.APIURL, planhat.DefaultBaseURL)
		if o.Simulated {
			where = host.Simulated
		}
		key, err := host.MaskKey(env, o.tape.key, where, true)
		if err != nil {
			return errors.Join(runErr, err)
		}
		m.People = &recording.People{Masker: anonymize.New(key)}
	}
	f, err := o.tape.recorder.File(recording.Header{
		Script: script.Name, Start: o.tape.start.UTC().Truncate(time.Second), Took: math.Ceil(env.Now().Sub(o.tape.start).Seconds()),
		APIURL: h.Config.APIURL, AnalyticsURL: h.Config.AnalyticsURL,
	}, m)
	if err == nil && len(f.Exchanges) == 0 {
		fmt.Fprintf(env.Stderr, "the script sent no requests; %s was not written\n", o.tape.out)
		return runErr
	}
	if err == nil {
		err = f.Write(env.Path(o.tape.out), m)
	}
	if err != nil {
		return errors.Join(runErr, fmt.Errorf("the recording was not written: %w", err))
	}
	fmt.Fprintf(env.Stderr, "recorded %s to %s\n", english.Plural(len(f.Exchanges), "request", ""), o.tape.out)
	return runErr
}
