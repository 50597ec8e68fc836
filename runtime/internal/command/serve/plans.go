package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/plans"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// keeper keeps the plans of runs in the store.
type keeper struct {
	*plans.Plans
	env     *environment.Env
	secrets *redact.Secrets
}

func newKeeper(env *environment.Env, db *store.DB, engine serve.Engine, secrets *redact.Secrets, log *slog.Logger) *keeper {
	k := &keeper{plans.New(db, log), env, secrets}
	k.Tell = serve.NewSchedules(db, engine).TellOfPlan
	return k
}

// Save implements serve.PlanKeeper.
func (k *keeper) Save(ctx context.Context, id int64, file string) ([]string, error) {
	flags, err := plans.Flags(ctx, k.DB, id)
	if err == nil {
		err = plans.Save(ctx, k.DB, id, file)
	}
	if err != nil {
		return nil, fmt.Errorf("plan %d: %w", id, err)
	}
	return flags, nil
}

// Keep implements serve.PlanKeeper.
func (k *keeper) Keep(ctx context.Context, from *serve.Loaded, r *history.Run, d schedule.Definition, file string) (string, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "nothing to change", k.Nothing(ctx, r.Schedule, r.ID)
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	result, err := k.Submit(ctx, plans.Submission{
		File: f, Secret: func(text string) bool { return k.secrets.String(text) != text }, Profile: profileOf(k.env, from.Config),
		Schedule: r.Schedule, Run: r.ID, Definition: d.Schedule, By: audit.Actor{Name: r.AskedBy}, Why: r.AskedWhy,
		Defaults: from.Config.Serve.OnFailure, Now: k.env.Now(),
	})
	if err != nil {
		return "", err
	}
	if result.Same {
		return fmt.Sprintf("the same changes as in plan %d, which is %s", result.Plan.ID, result.Plan.State), nil
	}
	return fmt.Sprintf("plan %d waits for approval: %s", result.Plan.ID, plans.Says(result.Plan.Sum())), nil
}

// profileOf returns what a configuration says about a profile.
func profileOf(env *environment.Env, c config.Config) func(name string) (consent.Profile, error) {
	return func(name string) (consent.Profile, error) {
		err := c.Choose(config.Choice{Name: name, Simulated: true, Getenv: env.Getenv})
		return host.Profile(c), err
	}
}
