package serve

import (
	"fmt"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/view"
)

// checkSchedules shows what would be served.
func (o *options) checkSchedules(env *environment.Env, loaded *serve.Loaded) error {
	var list []view.Checked
	for _, d := range loaded.Definitions {
		list = append(list, view.Check(d, env.Now()))
	}
	form := view.CheckedForm(list)
	form.Webhooks = view.CheckedWebhooks(loaded.Hooks)
	if o.json {
		return printing.JSON(env.Stdout, form)
	}
	if len(list) > 0 {
		if err := printing.List(env, list, "", view.CheckedColumns, view.Checked.Cells); err != nil {
			return err
		}
	}
	return showHooks(env, form.Webhooks, len(list) > 0)
}

// showHooks shows the webhooks that would be served, after the schedules if there are some.
func showHooks(env *environment.Env, list []view.CheckedWebhook, after bool) error {
	if len(list) == 0 {
		return nil
	}
	if after {
		fmt.Fprintln(env.Stdout)
	}
	return printing.List(env, list, "", view.CheckedWebhookColumns, view.CheckedWebhook.Cells)
}
