package mcp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/header"
)

type checkInput struct {
	Paths []string          `json:"paths,omitempty" jsonschema:"scripts and folders to check, relative to the project; all scripts if empty"`
	Files map[string]string `json:"files,omitempty" jsonschema:"files in place of those in the project, or new ones: their text by name"`
}

type runInput struct {
	Script    string            `json:"script" jsonschema:"the script, relative to the project, such as import.lua"`
	Files     map[string]string `json:"files,omitempty" jsonschema:"files in place of those in the project, or new ones: their text by name"`
	Args      []string          `json:"args,omitempty" jsonschema:"arguments of the script"`
	Params    map[string]string `json:"params,omitempty" jsonschema:"parameters of the script, by name"`
	Stdin     string            `json:"stdin,omitempty" jsonschema:"standard input of the script"`
	Companies int               `json:"companies,omitempty" jsonschema:"how many made-up companies, with contacts and more, the simulated Planhat has at the start; at most 5000"`
}

type planInput struct {
	runInput
	Live bool `json:"live,omitempty" jsonschema:"read the user's Planhat in place of the simulated one; only if the user allows it"`
}

type testInput struct {
	Paths  []string          `json:"paths,omitempty" jsonschema:"tests and folders, relative to the project; all tests if empty"`
	Filter string            `json:"filter,omitempty" jsonschema:"run only tests with this text in their names"`
	Files  map[string]string `json:"files,omitempty" jsonschema:"files in place of those in the project, or new ones: their text by name"`
}

const mostCompanies = 5000

// ofRuns are the exit codes of runs and plans.
var ofRuns = map[int]string{
	0: "done", 1: "the script failed", 2: "wrong use", 3: "done, with rejected rows", 4: "no access", 5: "a limit was reached", 10: "there are changes",
}

func (s *server) addScripts(m *mcp.Server) {
	add(s, m, "check", "Check scripts",
		"Finds mistakes in scripts without running them: misspelled names, wrong types, properties that do not exist.",
		false, s.check)
	add(s, m, "run", "Run a script on the simulated Planhat",
		"Runs a script on a simulated Planhat, which is empty at the start and gone afterwards. The script cannot reach a network, an environment variable, or files outside the project. Returns what it printed, the summary, and the files that it wrote to out.",
		false, s.run)
	add(s, m, "test", "Run tests of scripts",
		"Runs tests (files that end in _test.lua). Each test has its own simulated Planhat. Returns the failures with their lines.",
		false, s.test)
	description := "Shows what a script would create, update and delete, property by property, on a simulated Planhat. Nothing is written."
	if s.live {
		description = "Shows what a script would create, update and delete, property by property. With live, it reads the user's Planhat; otherwise it uses a simulated one. Nothing is written."
	}
	add(s, m, "plan", "Show what a script would change", description, s.live, s.plan)
}

// inside does something in a workspace.
func (s *server) inside(files map[string]string, do func(*workspace) (string, error)) (text string, err error) {
	c, err := s.config()
	if err != nil {
		return "", err
	}
	return s.within(workspace{settings: c}, files, do)
}

// within does something in a workspace, whose settings and limits are given.
func (s *server) within(given workspace, files map[string]string, do func(*workspace) (string, error)) (text string, err error) {
	w, err := s.open(given, files)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	return do(w)
}

// config reads the settings of the project.
func (s *server) config() (config.Config, error) {
	return config.Load("", s.dir, s.env.ReadConfig, func(string) (string, bool) { return "", false })
}

// settings writes those settings of the project that a call uses, and returns the flags that
// name them.
func (s *server) settings(w *workspace, live bool) (flags []string, err error) {
	c := w.settings
	if c.File == "" {
		return nil, nil
	}
	all := map[string]any{}
	if err := toml.Unmarshal(c.Text, &all); err != nil {
		return nil, err
	}
	keep := map[string]any{}
	if !live {
		tokenFiles(all, keep)
	}
	for name, value := range all {
		if name == "model" || name == "check" || name == "schema" || live && !strings.HasPrefix(name, "allow_") && name != "schedule" && name != "serve" {
			keep[name] = value
		}
	}
	beside(keep, filepath.Dir(c.File))
	w.variables = named(keep)
	text, err := toml.Marshal(keep)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(w.dir, config.FileName)
	return []string{"--config", file}, os.WriteFile(file, text, 0o600)
}

// tokenFiles keeps the settings that name files with tokens, so that scripts cannot read them.
func tokenFiles(all, keep map[string]any) {
	of := func(from, to map[string]any) {
		for _, name := range []string{"token_file", "tenant_token_file"} {
			if file, ok := from[name]; ok {
				to[name] = file
			}
		}
	}
	of(all, keep)
	profiles, _ := all["profile"].(map[string]any)
	kept := map[string]any{}
	for name, one := range profiles {
		if one, ok := one.(map[string]any); ok {
			to := map[string]any{}
			of(one, to)
			kept[name] = to
		}
	}
	if len(kept) > 0 {
		keep["profile"] = kept
	}
}

// beside makes the names of files in settings absolute, since the settings move.
func beside(settings map[string]any, folder string) {
	for name, value := range settings {
		switch value := value.(type) {
		case map[string]any:
			beside(value, folder)
		case string:
			file := name == "schema" || name == "token_file" || name == "tenant_token_file" || name == "state" && !strings.Contains(value, "://") && value != "memory"
			if file && value != "" && !filepath.IsAbs(value) {
				settings[name] = filepath.Join(folder, value)
			}
		}
	}
}

// named lists the environment variables that settings take tokens from.
func named(settings map[string]any) (names []string) {
	for name, value := range settings {
		switch value := value.(type) {
		case map[string]any:
			names = append(names, named(value)...)
		case string:
			if name == "token_env" || name == "tenant_token_env" {
				names = append(names, value)
			}
		}
	}
	return names
}

// check also works if the settings have a mistake, without them. It then sees nothing but
// sources, since the settings say which files hold tokens.
func (s *server) check(ctx context.Context, in checkInput) (string, error) {
	c, mistake := s.config()
	given, note := workspace{settings: c}, ""
	if mistake != nil {
		given = workspace{sources: true}
		note = "The settings are not used, so models that they declare are unknown, until the user corrects them:\n" + mistake.Error() + "\n\n"
	}
	text, err := s.within(given, in.Files, func(w *workspace) (string, error) {
		return s.examine(ctx, w, in.Paths, examination{
			args: []string{"check"}, ending: ".lua", none: "the project has no scripts; pass one in files",
			meaning: map[int]string{0: "no mistakes found", 1: "mistakes found", 2: "wrong use"},
		})
	})
	if err != nil {
		return "", err
	}
	return note + text, nil
}

func (s *server) test(ctx context.Context, in testInput) (string, error) {
	args := []string{"test"}
	if in.Filter != "" {
		args = append(args, "--filter="+in.Filter)
	}
	return s.inside(in.Files, func(w *workspace) (string, error) {
		return s.examine(ctx, w, in.Paths, examination{
			args: args, ending: "_test.lua", none: "the project has no tests; pass one in files, such as import_test.lua",
			meaning: map[int]string{0: "all passed", 1: "a test failed", 2: "wrong use"},
		})
	})
}

// examination is a command that takes files.
type examination struct {
	args []string
	// ending is that of the files if none are named, and none the error if there are none.
	ending, none string
	meaning      map[int]string
}

// examine runs a command on files of a workspace.
func (s *server) examine(ctx context.Context, w *workspace, paths []string, x examination) (string, error) {
	flags, err := s.settings(w, false)
	if err != nil {
		return "", err
	}
	args := slices.Concat(x.args, flags)
	if len(paths) == 0 {
		paths = scripts(w.dir, x.ending)
	}
	if len(paths) == 0 {
		return "", errors.New(x.none)
	}
	for _, name := range paths {
		local, err := w.local(name)
		if err != nil {
			return "", err
		}
		args = append(args, unflagged(local))
	}
	f, err := s.start(ctx, w, false, "", args...)
	if err != nil {
		return "", err
	}
	return f.text(s, x.meaning), nil
}

// unflagged returns the name of a file so that it is not taken for a flag.
func unflagged(local string) string {
	if strings.HasPrefix(local, "-") {
		return "./" + filepath.ToSlash(local)
	}
	return filepath.ToSlash(local)
}

// scripts lists the files below a folder with an ending, through links.
func scripts(dir, ending string) (names []string) {
	var walk func(folder string, depth int)
	walk = func(folder string, depth int) {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil || depth > 8 {
			return
		}
		for _, entry := range entries {
			name := filepath.Join(folder, entry.Name())
			info, err := os.Stat(filepath.Join(dir, name))
			switch {
			case err != nil || strings.HasPrefix(entry.Name(), ".") || len(names) >= mostScripts:
			case info.IsDir():
				walk(name, depth+1)
			case strings.HasSuffix(name, ending):
				names = append(names, name)
			}
		}
	}
	walk(".", 0)
	return names
}

// mostScripts is how many files one call checks or tests if it names none.
const mostScripts = 500

func (s *server) run(ctx context.Context, in runInput) (string, error) {
	return s.execute(ctx, "run", in, false)
}

func (s *server) plan(ctx context.Context, in planInput) (string, error) {
	if in.Live && !s.live {
		return "", errors.New("the user has not allowed plans to read Planhat: leave live out, or ask the user to start the server as 'phscript mcp --live'")
	}
	return s.execute(ctx, "plan", in.runInput, in.Live)
}

// execute runs or plans a script.
func (s *server) execute(ctx context.Context, command string, in runInput, live bool) (string, error) {
	if in.Companies < 0 || in.Companies > mostCompanies {
		return "", fmt.Errorf("companies must be from 0 to %d", mostCompanies)
	}
	return s.inside(in.Files, func(w *workspace) (string, error) {
		script, err := w.local(in.Script)
		if err != nil {
			return "", err
		}
		args, err := s.settings(w, live)
		if err != nil {
			return "", err
		}
		args = append([]string{command}, args...)
		args = append(args, "--timeout", s.timeout.String(), "--allow-read", w.project)
		if live {
			if s.profile != "" {
				args = append(args, "--profile", s.profile)
			}
			if err := alone(filepath.Join(w.dir, script)); err != nil {
				return "", err
			}
		} else {
			args = append(args, "--simulate")
			if in.Companies > 0 {
				args = append(args, "--companies", strconv.Itoa(in.Companies))
			}
		}
		for name, value := range in.Params {
			args = append(args, "--param", name+"="+value)
		}
		args = append(args, unflagged(script), "--")
		f, err := s.start(ctx, w, live, in.Stdin, append(args, in.Args...)...)
		if err != nil {
			return "", err
		}
		return f.text(s, ofRuns) + w.written(), nil
	})
}

// alone refuses a script that asks to reach other hosts: with records of customers, it
// could send them there.
func alone(file string) error {
	source, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	says, err := header.Read(source)
	if err != nil {
		return err
	}
	if len(says.Net) > 0 {
		return errors.New("the script reaches other systems (@allow net), so it cannot read Planhat here: leave live out, or ask the user to run 'phscript plan'")
	}
	return nil
}
