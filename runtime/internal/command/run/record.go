package run

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/anonymize"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/recording"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// NewRecord returns the command record, which runs a script as run does.
func NewRecord(env *environment.Env) *cobra.Command {
	cmd, o := build(env)
	run := cmd.RunE
	cmd.Args = cobra.ArbitraryArgs
	cmd.Use, cmd.Short = "record [flags] FILE.lua -o FILE [args...]", "Run a script, and record its HTTP requests for tests"
	cmd.Long = "record runs a script as 'phscript run' does, including its writes, and saves all its HTTP requests and\n" +
		"responses in FILE: those to Planhat and those of the module http. 'phscript run --replay FILE' and the\n" +
		"option replay of run_script in tests answer the same requests from FILE, and send nothing.\n\n" +
		"Tokens, passwords, cookies and other secrets are replaced before anything is written. --anonymize also\n" +
		"replaces names, addresses and other text about people and companies. Look at the file before you share it.\n\n" +
		"Exit codes: as for 'phscript run'."
	cmd.Example = "  phscript record sync.lua -o tests/sync.jsonl accounts.csv\n" +
		"  phscript run --replay tests/sync.jsonl sync.lua accounts.csv\n" +
		"  phscript record mask --anonymize tests/sync.jsonl"
	f := cmd.Flags()
	f.StringVarP(&o.tape.out, "out", "o", "", "Write the recording to `FILE`, in JSON lines")
	f.BoolVar(&o.tape.anonymize, "anonymize", false, anonymizeUsage)
	f.Lookup("key").Usage = keyUsage
	usage.Complete(cmd, "out", cobra.FixedCompletions([]cobra.Completion{"jsonl"}, cobra.ShellCompDirectiveFilterFileExt))
	_ = f.MarkHidden("replay")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if asksForHelp(args) {
			return run(cmd, args)
		}
		args, err := o.tape.after(args)
		if err != nil {
			return err
		}
		switch {
		case o.tape.out == "" || o.tape.out == "-":
			return &usage.Error{Message: "-o needs the name of a file", Hint: "name a file for the recording, such as -o recording.jsonl"}
		case o.tape.replay != "":
			return &usage.Error{Message: "a replay cannot be recorded", Hint: "leave out --replay"}
		}
		return run(cmd, args)
	}
	cmd.AddCommand(newMask(env))
	return cmd
}

// What the flags of anonymizing mean.
const (
	anonymizeUsage = "Replace names, addresses and other text about people and companies"
	keyUsage       = "With --anonymize: use the key in `FILE`, which is created if it is missing (default a file in the state directory)"
)

// newMask returns the command record mask.
func newMask(env *environment.Env) *cobra.Command {
	t := &tape{}
	var out, configFile string
	var variables []string
	cmd := &cobra.Command{
		Use:   "mask [flags] FILE",
		Short: "Replace secrets in a recording again",
		Long: "mask replaces secrets in a recording: what this version of phscript recognizes as a secret, the tokens\n" +
			"of the configuration, and the values of the environment variables that you name.",
		Example: "  phscript record mask --secret-env ERP_KEY tests/sync.jsonl",
		Args:    usage.OneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := config.Load(configFile, env.Dir, env.ReadConfig, env.Getenv)
			if err != nil {
				return err
			}
			file, err := Recording(env, args[0])
			if err != nil {
				return err
			}
			m := &recording.Masks{Secrets: &redact.Secrets{}}
			for _, secret := range []string{c.APIToken, c.TenantToken} {
				m.Secrets.Add(secret)
			}
			for _, name := range variables {
				value, ok := env.Getenv(name)
				if !ok || value == "" {
					return &usage.Error{Message: "--secret-env: the environment variable " + name + " is not set", Hint: "set it to the secret that was used for the recording"}
				}
				m.Secrets.Add(value)
			}
			switch {
			case t.anonymize && file.Header.Key == "":
				where := file.Header.APIURL
				if where == "" {
					where = host.Simulated
				}
				key, err := host.MaskKey(env, t.key, where, true)
				if err != nil {
					return err
				}
				m.People = &recording.People{Masker: anonymize.New(key)}
			case t.anonymize:
				return &usage.Error{Message: args[0] + " is anonymized already", Hint: "leave out --anonymize"}
			}
			if out == "" {
				out = args[0]
			}
			if err := recordingFile.Check(env, out); err != nil {
				return err
			}
			return file.Write(env.Path(out), m)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&out, "out", "o", "", "Write the result to `FILE` (default the same file)")
	f.StringSliceVar(&variables, "secret-env", nil, "Also replace the value of the environment variable `NAME`")
	f.BoolVar(&t.anonymize, "anonymize", false, anonymizeUsage)
	f.StringVar(&t.key, "key", "", keyUsage)
	usage.AddConfig(f, &configFile)
	usage.CompleteNothing(cmd, "secret-env")
	return cmd
}

// after takes the flags of record from the arguments after the script, up to --, where people
// write them. The script gets the others.
func (t *tape) after(args []string) ([]string, error) {
	rest := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		switch {
		case i == 0:
			rest = append(rest, args[i])
		case args[i] == "--":
			return append(rest, args[i:]...), nil
		case name == "--anonymize" && !joined:
			t.anonymize = true
		case slices.Contains(recordsOnly, name):
			if !joined {
				if i++; i == len(args) {
					return nil, &usage.Error{Message: name + " needs the name of a file", Hint: "name a file, such as -o recording.jsonl"}
				}
				value = args[i]
			}
			if name == "--key" {
				t.key = value
			} else {
				t.out = value
			}
		default:
			rest = append(rest, args[i])
		}
	}
	return rest, nil
}

// unrecorded returns the arguments of the command record as those of run.
func unrecorded(args []string) []string {
	if len(args) == 0 || args[0] != "record" {
		return args
	}
	rest, err := (&tape{}).after(args) // whose first one is the command
	if err != nil {
		return args
	}
	return rest[1:]
}

// recordsOnly are the flags of record with a value that run does not have, or means in
// another way.
var recordsOnly = []string{"-o", "--out", "--key"}
