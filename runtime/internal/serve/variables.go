package serve

import (
	"cmp"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
)

// SameVariable reports whether two names mean the same environment variable on this
// system. Windows ignores case.
func SameVariable(a, b string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(a, b)
	}
	return a == b
}

func hasVariable(environment []string, name string) bool {
	return slices.ContainsFunc(environment, func(variable string) bool {
		set, _, _ := strings.Cut(variable, "=")
		return SameVariable(set, name)
	})
}

// variables sets the environment of a run.
func (p *Program) variables(cmd *exec.Cmd, from *Loaded, r *history.Run, d schedule.Definition) {
	cmd.Env = append(cmd.Env, p.Env...)
	passed := map[string]bool{}
	for _, name := range slices.Concat(from.Config.AllowEnv, d.AllowEnv) {
		if passed[name] {
			continue
		}
		passed[name] = true
		// Env may differ from the service's own environment on purpose: with
		// --simulate, it has the addresses of the simulated Planhat.
		if hasVariable(p.Env, name) {
			continue
		}
		if value, ok := p.Getenv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, RunVariable+"="+itoa(r.ID), JournalVariable+"="+itoa(cmp.Or(r.First, r.ID)))
	if d.Plan > 0 {
		cmd.Env = append(cmd.Env, PlanVariable+"="+itoa(d.Plan))
	}
	if r.Schedule != "" {
		cmd.Env = append(cmd.Env, ScheduleVariable+"="+r.Schedule)
	}
	if r.Cause == history.ByHook {
		cmd.Env = append(cmd.Env, HookVariable+"="+r.Definition.Name)
	}
	if !d.Params.IsZero() && d.Plan == 0 {
		cmd.Env = append(cmd.Env, ParamsVariable+"="+d.Params.JSON())
	}
}
