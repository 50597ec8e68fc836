package command

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/phscript/phscript/planhat/simulator"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"phscript": func() { os.Exit(Main()) }})
}

// TestScripts runs tests/cli: the program as a whole, each script in a folder
// of its own beside a simulated Planhat. $SIM_URL, $SIM_TOKEN and $SIM_TENANT
// point there; no token is set unless a script does so.
//
// [file:PATH] holds where the machine has that file.
//
// exits CODE phscript ARGS... runs the program and demands that exit code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../../tests/cli",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			server, err := simulator.Start(simulator.Options{Companies: 3, Seed: 7, CallsPerMinute: -1})
			if err != nil {
				return err
			}
			env.Defer(func() { _ = server.Close() })
			env.Setenv("SIM_URL", server.URL())
			env.Setenv("SIM_TOKEN", server.APIToken())
			env.Setenv("SIM_TENANT", server.TenantToken())
			// What is shared by a machine or belongs to a user stays in the script's own folder.
			env.Setenv("HOME", filepath.Join(env.WorkDir, ".home"))
			env.Setenv("PHSCRIPT_STATE", filepath.Join(env.WorkDir, ".state", "state.db"))
			env.Values["server"] = server
			return nil
		},
		Condition: func(condition string) (bool, error) {
			name, ok := strings.CutPrefix(condition, "file:")
			if !ok {
				return false, fmt.Errorf("there is no condition %s", condition)
			}
			_, err := os.Stat(name)
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"calls": calls,
		},
	})
}

// exits runs a command and checks its exit code; what it printed is there for
// stdout and stderr as after exec.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE command args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		code, ok := strings.CutPrefix(err.Error(), "exit status ")
		if !ok {
			ts.Fatalf("the command did not run: %v", err)
		}
		got, err = strconv.Atoi(code)
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// calls demands a number of calls of an operation at the simulator:
// calls company.get_list 1.
func calls(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: calls model.operation COUNT")
	}
	server := ts.Value("server").(*simulator.Server)
	if got := strconv.Itoa(server.CountsByOperation()[args[0]]); got != args[1] {
		ts.Fatalf("%s calls of %s, not %s; there were %v", got, args[0], args[1], server.CountsByOperation())
	}
}
