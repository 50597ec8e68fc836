//go:build unix

package serve

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
)

// program is one whose runs are made by a shell script. It starts in a temporary
// folder, which is also where runs have their own.
func program(t *testing.T, script string) *Program {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	path := filepath.Join(dir, "program")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700))
	return &Program{Path: func() (string, error) { return path, nil }, Dir: dir, Env: []string{"PATH=" + os.Getenv("PATH")}, Getenv: os.LookupEnv}
}

// start makes a run, and returns its end and its log.
func start(ctx context.Context, p *Program, r *history.Run, d schedule.Definition) (end history.End, lines []history.Line) {
	return startFrom(ctx, p, &Loaded{}, r, d)
}

func startFrom(ctx context.Context, p *Program, from *Loaded, r *history.Run, d schedule.Definition) (end history.End, lines []history.Line) {
	got := make(chan history.Line, 1000)
	end = p.Launch(ctx, from, r, d, Output{Line: func(l history.Line) { got <- l }, Progress: func(history.Progress) {}})
	close(got)
	for l := range got {
		lines = append(lines, l)
	}
	return end, lines
}

func messages(lines []history.Line, level string) (list []string) {
	for _, l := range lines {
		if l.Level == level {
			list = append(list, l.Message)
		}
	}
	return list
}

// TestWhatARunIsGiven: its settings arrive as options, its parameters and the
// configuration of the service in the environment.
func TestWhatARunIsGiven(t *testing.T) {
	p := program(t, `for a in "$@"; do echo "arg $a"; done
pwd
env | grep ^PHSCRIPT_ | grep -v -e COPY -e MARK | sort
cat "$PHSCRIPT_CONFIG_COPY"`)
	params, err := config.ParamsOf(map[string]int{"days": 3})
	require.NoError(t, err)
	d := schedule.Definition{
		Schedule: config.Schedule{
			AllowWrite: []string{"out"}, AllowRead: []string{"in"}, AllowEnv: []string{"REGION"}, DryRun: true, Args: []string{"-x", "y"}, Params: params,
		},
		Timeout: 90 * time.Second, MaxMemory: 64 << 20,
	}
	p.Flags = []string{"--allow-host", "x.example"}
	release := t.TempDir()
	from := &Loaded{Config: config.Config{File: "/etc/phscript.toml", Text: []byte("# as loaded")}, Dir: release}
	end, lines := startFrom(t.Context(), p, from, &history.Run{ID: 7, Schedule: "nightly", Script: "-odd.lua"}, d)
	require.Equal(t, history.Succeeded, end.Status, end.Error)
	got := messages(lines, "print")
	var args, rest []string
	for _, text := range got {
		if arg, ok := strings.CutPrefix(text, "arg "); ok {
			args = append(args, arg)
		} else {
			rest = append(rest, text)
		}
	}
	after := func(flag string) string { return args[slices.Index(args, flag)+1] }
	for flag, want := range map[string]string{
		"--timeout": "1m30s", "--max-memory": strconv.Itoa(64<<20) + "B", "--allow-write": "out", "--allow-read": "in", "--allow-env": "REGION", "--allow-host": "x.example",
		"--config": "/etc/phscript.toml", "--log-format": "json",
	} {
		assert.Equal(t, want, after(flag), flag)
	}
	assert.Contains(t, args, "--dry-run")
	assert.Equal(t, []string{"./-odd.lua", "--", "-x", "y"}, args[len(args)-4:])
	dir, err := filepath.EvalSymlinks(release)
	require.NoError(t, err)
	assert.Equal(t, []string{dir, "PHSCRIPT_JOURNAL=7", `PHSCRIPT_PARAMS={"days":3}`, "PHSCRIPT_RUN=7", "PHSCRIPT_SCHEDULE=nightly", "# as loaded"}, rest)
	left, err := filepath.Glob(filepath.Join(p.Dir, folderPrefix+"*"))
	require.NoError(t, err)
	assert.Empty(t, left, "the run's own folder, with the configuration in it, is removed")

	// What is not set is not passed.
	p.Flags = nil
	dir, err = filepath.EvalSymlinks(p.Dir)
	require.NoError(t, err)
	_, lines = start(t.Context(), p, &history.Run{ID: 8, Script: "a.lua"}, schedule.Definition{Timeout: time.Minute})
	got = messages(lines, "print")
	for _, flag := range []string{"--config", "--max-memory", "--dry-run", "--", "--allow-host"} {
		assert.NotContains(t, got, "arg "+flag)
	}
	assert.Equal(t, []string{"arg a.lua", dir, "PHSCRIPT_JOURNAL=8", "PHSCRIPT_RUN=8"}, got[len(got)-4:])
}

// TestHowARunEnds: people see the end of the report, and what the program said in
// order.
func TestHowARunEnds(t *testing.T) {
	p := program(t, `i=0
while [ $i -lt 100 ]; do echo "line $i" >&2; i=$((i+1)); done
record='{"time":"2026-01-02T03:04:05Z","level":"WARN","msg":"slow","rows":3}'
printf '\n%s%s\n' "$PHSCRIPT_LOG_MARK" "$record" >&2
exit 1`)
	once := schedule.Definition{Timeout: time.Minute}
	end, lines := start(t.Context(), p, &history.Run{ID: 1, Script: "a.lua"}, once)
	assert.Equal(t, history.Failed, end.Status)
	assert.Equal(t, 1, *end.ExitCode)
	report := strings.Split(end.Error, "\n")
	assert.Equal(t, []string{"line 60", "line 99"}, []string{report[0], report[len(report)-1]}, "the last %d lines", tailLines)
	assert.Len(t, report, tailLines)
	assert.Len(t, messages(lines, "stderr"), 100)
	assert.Equal(t, []string{"slow"}, messages(lines, "warn"), "the report leaves out lines of the program's log")
	assert.JSONEq(t, `{"rows":3}`, string(lines[len(lines)-1].Fields))

	p = program(t, `printf '\n%s{"summary":{"calls":7,"rejected":2}}\n' "$PHSCRIPT_LOG_MARK" >&2; exit 3`)
	end, lines = start(t.Context(), p, &history.Run{ID: 1, Script: "a.lua"}, once)
	assert.Equal(t, []int{7, 2}, []int{end.Calls, end.Rejected}, "the file could not be written")
	assert.JSONEq(t, `{"calls":7,"rejected":2}`, string(end.Summary))
	assert.Empty(t, lines)

	p = program(t, "kill -9 $$")
	end, _ = start(t.Context(), p, &history.Run{ID: 2, Script: "a.lua"}, once)
	assert.Equal(t, history.Failed, end.Status)
	assert.Nil(t, end.ExitCode)
	assert.Contains(t, end.Reason, "the process was killed (signal: killed)")

	missing := filepath.Join(p.Dir, "missing")
	p.Path = func() (string, error) { return missing, nil }
	end, _ = start(t.Context(), p, &history.Run{ID: 3, Script: "a.lua"}, once)
	assert.Equal(t, history.Failed, end.Status)
	assert.Contains(t, end.Error, "the run could not start: ")
}

// TestRunsAreAskedToStop: a cancelled run may clean up, one that is killed may not,
// and neither may what it started.
func TestRunsAreAskedToStop(t *testing.T) {
	p := program(t, `trap 'echo asked; exit 130' INT
echo ready
while :; do sleep 0.05; done`)
	for _, tt := range []struct {
		cause  error
		status history.Status
		said   []string
	}{
		{errCancelled, history.Cancelled, []string{"ready", "asked"}},
		{errKilled, history.Failed, []string{"ready"}},
	} {
		ctx, stop := context.WithCancelCause(t.Context())
		var said []string
		end := p.Launch(ctx, &Loaded{}, &history.Run{ID: 1, Script: "a.lua"}, schedule.Definition{Timeout: time.Minute}, Output{Line: func(l history.Line) {
			said = append(said, l.Message)
			stop(tt.cause)
		}})
		assert.Equal(t, tt.status, end.Status, tt.cause)
		assert.Equal(t, tt.said, said, tt.cause)
	}
}

// TestWhySomeRowsOrTheTimeEndedARun: the summary and the limit say it, not the report.
func TestWhySomeRowsOrTheTimeEndedARun(t *testing.T) {
	p := program(t, `while [ "$1" != --summary ]; do shift; done
echo '{"calls":4,"rejected":2}' >"$2"
exit 3`)
	end, _ := start(t.Context(), p, &history.Run{ID: 1, Script: "a.lua"}, schedule.Definition{Timeout: time.Minute})
	assert.Equal(t, history.Rejected, end.Status)
	assert.Equal(t, "2 rows were rejected", end.Reason)
	assert.Equal(t, 4, end.Calls)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "exit 130")
	late := conclude(cmd, cmd.Run(), true, nil, "said\nlast")
	assert.Equal(t, history.TimedOut, late.Status)
	assert.Equal(t, "it ran past its time limit and was killed", late.Reason)
	assert.Equal(t, "said\nlast", late.Error)
}
