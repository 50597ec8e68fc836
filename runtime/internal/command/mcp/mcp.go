// Package mcp is phscript mcp: it gives assistants that write scripts tools over the Model
// Context Protocol.
package mcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
)

// defaultTime is how long one call of a tool can take, and longest the most that can be set.
const (
	defaultTime = 2 * time.Minute
	longest     = time.Hour
)

// atOnce is how many scripts and tests run at the same time.
const atOnce = 2

// most is the size of a request in bytes.
const most = 4 << 20

type options struct {
	dir     string
	live    bool
	profile string
	timeout time.Duration
}

// New returns the command mcp.
func New(env *environment.Env) *cobra.Command {
	o := &options{dir: "."}
	cmd := &cobra.Command{
		Use:   "mcp [DIR]",
		Short: "Give AI assistants tools to write scripts (Model Context Protocol)",
		Long: "mcp is a server for assistants that speak the Model Context Protocol. It uses standard input and output,\n" +
			"so configure your assistant to start it in the folder of your scripts, or in DIR.\n\n" +
			"Its tools search the documentation, check scripts, and run, plan and test them on the simulated Planhat.\n" +
			"No tool writes to Planhat or to your files, and none reveals a token. With --live, plans read your Planhat.",
		Example: "  phscript mcp\n" +
			"  phscript mcp --live planhat-scripts\n" +
			"  claude mcp add phscript -- phscript mcp",
		ValidArgsFunction: usage.OneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usage.Error{Message: "mcp takes one folder, not also " + args[1], Hint: "see '" + cmd.CommandPath() + " --help'"}
			}
			if len(args) == 1 {
				o.dir = args[0]
			}
			if err := usage.Needs(cmd.Flags(), "live", "profile"); err != nil {
				return err
			}
			return o.serve(env)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.live, "live", false, "Let plans read your Planhat; records of your customers go to the assistant")
	f.StringVar(&o.profile, "profile", "", "With --live: read with the profile `NAME` of the configuration (default $"+config.ProfileVariable+")")
	usage.Duration(f, &o.timeout, "timeout", defaultTime, "End a call after `TIME`")
	return cmd
}

func (o *options) serve(env *environment.Env) error {
	if !env.IsDir(o.dir) {
		return &usage.Error{Message: "there is no folder " + o.dir, Hint: "paths are relative to the working directory, " + env.Dir}
	}
	if o.timeout <= 0 || o.timeout > longest {
		return &usage.Error{Message: "--timeout must be above 0 and at most 1 hour"}
	}
	program, err := env.Program()
	if err != nil {
		return err
	}
	s := &server{env: env, program: program, dir: env.Path(o.dir), live: o.live, profile: o.profile, timeout: o.timeout, slots: make(chan struct{}, atOnce), places: placesOf(env.Path(o.dir))}
	if env.StdinTTY {
		fmt.Fprintln(env.Stderr, "phscript mcp waits for an assistant on standard input. Configure your assistant to start it; press Ctrl-C to stop.")
	}
	ctx, release := env.UntilInterrupted()
	defer release()
	both := newStreams(env.Stdin, env.Stdout, o.timeout)
	err = s.protocol().Run(ctx, &mcp.IOTransport{Reader: both, Writer: both, MaxLineLength: most})
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) || environment.ReaderGone(err) {
		return nil
	}
	return err
}

// server has what the tools need. Its methods can be called concurrently.
type server struct {
	env     *environment.Env
	program string
	// dir is the project's folder.
	dir     string
	live    bool
	profile string
	timeout time.Duration
	slots   chan struct{}
	places  places
}

const instructions = `phscript runs Lua 5.1 scripts that read and write Planhat, a customer platform.

1. Look things up with search_docs and read_doc before you write code; do not guess names of functions, models or properties. schema lists the properties of a model, with the custom fields of this account if they are known.
2. Write a script and a test for it. A test file ends in _test.lua.
3. Call check and correct what it finds. Then call run and test: both use a simulated Planhat.
4. Call plan to see what the script would change.

Pass scripts that you have not saved in "files". No tool writes to Planhat, and none saves a file: what a script writes to the folder out is returned and then deleted. To change Planhat, ask the user to run 'phscript plan SCRIPT -o plan.jsonl' and 'phscript apply plan.jsonl'. Never ask for a token, and never put one into a script: the user sets PLANHAT_API_TOKEN.`

// protocol returns the server with its tools.
func (s *server) protocol() *mcp.Server {
	m := mcp.NewServer(&mcp.Implementation{Name: "phscript", Title: "phscript", Version: s.env.Version}, &mcp.ServerOptions{
		Instructions: instructions,
		Logger:       slog.New(slog.DiscardHandler),
		Capabilities: &mcp.ServerCapabilities{},
	})
	s.addDocumentation(m)
	s.addScripts(m)
	return m
}

// add adds a tool, which only reads. open says that it reaches another system.
func add[In any](s *server, m *mcp.Server, name, title, description string, open bool, call func(context.Context, In) (string, error)) {
	no := false
	mcp.AddTool(m, &mcp.Tool{
		Name: name, Description: description,
		Annotations: &mcp.ToolAnnotations{Title: title, ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &no, OpenWorldHint: &open},
	}, func(ctx context.Context, _ *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
		text, err := call(ctx, in)
		if err != nil {
			return nil, nil, errors.New(s.places.relative(err.Error()))
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: s.places.relative(text)}}}, nil, nil
	})
}
