package host

import (
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/quota"
)

// runReserve is how many calls of a minute scheduled runs leave to those that
// make no more than that, so that imports cannot keep a small script waiting.
const runReserve = 2

// sharedWindow makes windows in the store. run is the number of a scheduled
// run, or "".
func sharedWindow(stored *storage.Lazy, run string) func(runtime.WindowUser) planhat.Window {
	return func(u runtime.WindowUser) planhat.Window {
		o := quota.Options{
			Open: stored.Open, URL: u.URL, Token: u.Token, Limit: u.Spec.Limit, Length: u.Spec.Length, Spacing: u.Spec.Spacing,
			Run: quota.ProcessName(), Script: u.Script, Log: stored.Log,
		}
		if run != "" {
			o.Run, o.Reserve = "run "+run, min(runReserve, (u.Spec.Limit+99)/100)
		}
		return quota.New(o)
	}
}
