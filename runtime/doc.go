// Package runtime runs Lua scripts that work on Planhat.
//
// Make a Runtime once, from Options, compile each script once, and run it any
// number of times, also at the same time:
//
//	rt, err := runtime.New(runtime.Options{Stdout: os.Stdout, Planhat: planhat.Config{APIToken: token}})
//	program, err := rt.Compile(ctx, runtime.Script{Name: "sync.lua", Path: "sync.lua", Source: source})
//	result, err := program.Run(ctx, runtime.RunOptions{Args: []string{"--full"}})
//
// Each run has a fresh Lua state. Runs share connections, the quota of the
// tenants they talk to, and output in whole lines. [RunOptions] are the settings of one run;
// RunOptions.Then calls functions that the script has defined. A [Session]
// evaluates one input after the other in the same state, as a prompt does.
//
// # What a script can reach
//
// A script can read files under its own folder and the working directory, and
// write where Options.WriteDirs allows it. It cannot start processes, and the
// Planhat client is its only network. It sees the environment variables of
// Options.EnvAllow, and never a token. If access is refused, the error names
// the flag of the command line that allows it.
//
// Options.Values, Options.Modules and Options.LuaModules give scripts something
// of yours.
//
// # Limits
//
// A run ends at its deadline, when its context is done, when it uses too much
// memory or too many instructions, and when calls nest too deeply; a script can
// only catch the last. All of this happens inside the process: it stops scripts
// that went wrong, and is not a security boundary. Memory is measured from time to
// time, and before each long string and the growth of a large table, so a script
// can exceed its limit for a moment.
//
// # Errors
//
// A failed run returns a *ScriptError with the script's line, what happened,
// what to do, and the Lua calls that led there. Use errors.As and errors.Is to
// find the Go error that caused it: a *planhat.Error, a *LimitError, a
// *PanicError, or one that a function of yours returned.
package runtime
