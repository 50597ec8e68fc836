package host

import (
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/quota"
)

// sharedWindow makes windows in the store. run is the number of a scheduled
// run, or "". If it is urgent, calls fail while the store cannot be written.
func sharedWindow(stored *storage.Lazy, run string, urgent bool) func(runtime.WindowUser) planhat.Window {
	return func(u runtime.WindowUser) planhat.Window {
		o := quota.Options{
			Open: stored.Open, URL: u.URL, Token: u.Token, Limit: u.Spec.Limit, Length: u.Spec.Length, Spacing: u.Spec.Spacing,
			Run: quota.ProcessName(), Script: u.Script, Urgent: urgent, Log: stored.Log,
		}
		if run != "" {
			o.Run = "run " + run
		}
		return quota.New(o)
	}
}
