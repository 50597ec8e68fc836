// Package runtime runs Lua scripts that work on Planhat.
//
// A Runtime is made once, from Options, and runs any number of scripts, also at
// the same time. Each run has a Lua state of its own; runs share the quota of
// the tenants they talk to and nothing else.
//
//	rt, err := runtime.New(runtime.Options{Stdout: os.Stdout, Planhat: planhat.Config{APIToken: token}})
//	result, err := rt.Run(ctx, runtime.Script{Name: "sync.lua", Path: "sync.lua", Source: source})
//
// # What a script can reach
//
// Files under its own folder and the working directory can be read, and written
// only where Options.WriteDirs allows it. There are no processes and no network
// beyond the Planhat client. Environment variables are those of
// Options.EnvAllow, and tokens never are among them. Whatever is refused says
// which flag of the command line allows it.
//
// # Limits
//
// A run ends at its deadline, when its context is done, when it uses too much
// memory and when calls nest too deeply; a script cannot catch the first three.
// All of it happens inside this process: it stops scripts that went wrong, and
// is no wall against code that means harm. The memory limit is sampled over the
// whole process, so runs at the same time count for each other, and a single
// large allocation is seen only after it was made.
//
// # Errors
//
// A failed run returns a *ScriptError with the script's line, what happened,
// what to do, and the Lua calls that led there. The Go error behind it, such as
// a *planhat.Error or a *LimitError, is found with errors.As.
package runtime
