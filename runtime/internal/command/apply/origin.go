package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/params"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
)

// origins says what is not as it was when the plan was made, apart from Planhat.
func (a *applying) origins() (reasons []string) {
	add := func(format string, values ...any) { reasons = append(reasons, fmt.Sprintf(format, values...)) }
	h := a.header
	if !a.env.Now().Before(h.Expires) {
		add("the plan expired at %s", clock(h.Expires))
	}
	if h.Catalog != catalog.Hash() {
		add("the plan was made by phscript %s, which knows another version of Planhat's API than this one (%s)", h.Product, a.env.Version)
	}
	if h.Undo == nil && h.Script.Name != "-" && h.Script.Name != "stdin" {
		if why := a.changed(h.Script); why != "" {
			add("the script %s %s", h.Script.Name, why)
		}
	}
	if why := a.forbidden(); why != "" {
		reasons = append(reasons, why)
	}
	for _, module := range h.Modules {
		if why := a.changed(module); why != "" {
			add("the module %s %s", module.Name, why)
		}
	}
	for _, file := range h.Files {
		if why := a.changed(file); why != "" {
			add("the input file %s %s", file.Name, why)
		}
	}
	for _, v := range h.Env {
		value, set := a.env.Getenv(v.Name)
		switch {
		case set && v.Unset:
			add("the environment variable %s is set now, and was not", v.Name)
		case !set && !v.Unset:
			add("the environment variable %s is no longer set", v.Name)
		case set && h.Hash(value) != v.Hash:
			add("the environment variable %s has another value", v.Name)
		}
	}
	return append(reasons, a.given()...)
}

// given compares what was given after the plan with what it was made from.
func (a *applying) given() (reasons []string) {
	add := func(format string, values ...any) { reasons = append(reasons, fmt.Sprintf(format, values...)) }
	h := a.header
	values, err := a.values()
	if err != nil {
		return append(reasons, err.Error())
	}
	if len(a.command) > 0 {
		script, args := a.command[0], values.Args
		if a.env.Path(script) != a.env.Path(h.Script.Name) {
			add("the plan was made from the script %s, not from %s", h.Script.Name, script)
		}
		hash := ""
		if len(args) > 0 {
			hash = h.Hash(strings.Join(args, "\x00"))
		}
		if hash != h.ArgsHash {
			add("the arguments differ: the plan was made with %s", listed(h.Args))
		}
	}
	if len(values.Named) > 0 {
		text, err := values.Object()
		var given map[string]jsontext.Value
		if err == nil && text != nil {
			err = json.Unmarshal(text, &given)
		}
		if err != nil {
			return append(reasons, err.Error())
		}
		known := map[string]planfile.Value{}
		for _, v := range h.Params {
			known[v.Name] = v
		}
		for name, value := range given {
			if v, ok := known[name]; !ok {
				add("the plan was made without the parameter %s", name)
			} else if h.Hash(string(value)) != v.Hash {
				add("the parameter %s has another value", name)
			}
			delete(known, name)
		}
		for name := range known {
			add("the plan was made with the parameter %s, which is not given", name)
		}
	}
	if a.stdin == "" {
		return reasons
	}
	if h.Stdin == nil {
		return append(reasons, "the script read nothing from its standard input when the plan was made")
	}
	if why := a.changed(planfile.File{Name: a.stdin, SHA256: h.Stdin.SHA256}); why != "" {
		add("the standard input, from %s, %s", a.stdin, why)
	}
	return reasons
}

// forbidden says which model the plan writes to although the script's header does not name it,
// or returns "".
func (a *applying) forbidden() string {
	source, err := a.env.ReadFile(a.env.Path(a.header.Script.Name))
	if err != nil {
		return "" // a script that is missing is another reason
	}
	says, _ := header.Parse(source)
	for _, model := range slices.Sorted(maps.Keys(a.report.Models)) {
		if !says.MayWrite(model) {
			return fmt.Sprintf("the plan writes to %s, which @writes on line %d of %s does not name", header.Target(model), says.WritesLine, a.header.Script.Name)
		}
	}
	return ""
}

// values are the parameters and arguments that were given after the plan, as the script gets
// them.
func (a *applying) values() (*params.Values, error) {
	var script runtime.Script
	if name := a.header.Script.Name; a.header.Undo == nil && name != "-" && name != "stdin" {
		script.Name = name
		script.Source, _ = a.env.ReadFile(a.env.Path(name)) // a script that is missing is another reason
	}
	given := params.Given{Params: a.params, Silent: true}
	if len(a.command) > 0 {
		given.Args = a.command[1:]
	}
	return params.Of(a.env, script, given)
}

func listed(args []string) string {
	if len(args) == 0 {
		return "none"
	}
	out := make([]string, len(args))
	for i, arg := range args {
		out[i] = run.Quoted(arg)
	}
	return strings.Join(out, " ")
}

// changed says how a file differs from what the plan was made from, or returns "".
func (a *applying) changed(f planfile.File) string {
	from := a.env.Stdin
	if f.Name != "-" {
		path := a.env.Path(f.Name)
		if _, err := os.Stat(path); err != nil && a.header.Dir != "" && !filepath.IsAbs(f.Name) {
			path = filepath.Join(a.header.Dir, f.Name) // apply may be called from another folder
		}
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return "is missing"
		}
		if err != nil {
			return "can't be read"
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, from); err != nil {
		return "can't be read"
	}
	if hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return "has changed"
	}
	return ""
}

// connect returns the clients of the plan's accounts, or why they are not those of the plan.
func (a *applying) connect(ctx context.Context) (map[int]*planhat.Client, []string, error) {
	var reasons []string
	if made, now := a.header.Profile, a.host.Config.Profile.Name; made != now {
		reasons = append(reasons, fmt.Sprintf("the plan was made with %s, and apply uses %s", profile(made), profile(now)))
	}
	clients := map[int]*planhat.Client{}
	host, analytics := a.accounts.Hosts()
	for _, t := range a.header.Tenants {
		if !t.Default {
			reasons = append(reasons, fmt.Sprintf("the script writes to account %d on %s with its own token, and plans hold no tokens; run the script instead", t.Client, t.Host))
			continue
		}
		if t.Host != host {
			reasons = append(reasons, fmt.Sprintf("the plan was made for the host %s, and the settings name %s", t.Host, host))
			continue
		}
		if t.Analytics != analytics {
			reasons = append(reasons, fmt.Sprintf("the plan was made for the analytics host %s, and the settings name %s", t.Analytics, analytics))
			continue
		}
		client, err := a.accounts.Default(ctx)
		if err != nil {
			return nil, nil, err
		}
		clients[t.Client] = client
		user, err := plan.FirstUser(ctx, client.Read)
		if err != nil && t.User != "" {
			return nil, nil, fmt.Errorf("the account can't be checked: %w", err)
		}
		if t.User != "" && user != t.User {
			reasons = append(reasons, "the token belongs to another Planhat tenant than the one that the plan was made for")
		}
	}
	return clients, reasons, nil
}

func profile(name string) string {
	if name == "" {
		return "no profile"
	}
	return "the profile " + name
}
