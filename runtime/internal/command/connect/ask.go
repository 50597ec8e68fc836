package connect

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

// choose returns the way of the flag, the one whose variables are set, or the one that is
// chosen on the terminal. Without a terminal, what is stored counts as well.
func (o *options) choose(ctx context.Context, env *environment.Env, opened *host.Opened, s *system, in *bufio.Reader) (way, error) {
	named := func(name string) int {
		return slices.IndexFunc(s.ways, func(w way) bool { return w.name == name && name != "" })
	}
	var names []string
	for _, w := range s.ways {
		names = append(names, w.name)
	}
	if o.way != "" {
		if i := named(o.way); i >= 0 {
			return s.ways[i], nil
		}
		if len(s.ways) == 1 {
			return way{}, &usage.Error{Message: "--way: there is only one way to connect " + s.title, Hint: "leave --way out"}
		}
		return way{}, &usage.Error{Message: fmt.Sprintf("--way: %q is not a way to connect %s", o.way, s.title), Hint: "the ways are: " + strings.Join(names, ", ")}
	}
	if len(s.ways) == 1 {
		return s.ways[0], nil
	}
	for _, w := range s.ways {
		if !slices.ContainsFunc(w.credentials, func(e entry) bool {
			value, _ := env.Getenv(e.name)
			if value == "" && !env.OnTerminal() {
				value, _ = s.credentials(opened).Get(ctx, e.name) // ask reports an error
			}
			return value == ""
		}) {
			return w, nil
		}
	}
	if !env.OnTerminal() {
		return way{}, &usage.Error{Message: "there are several ways to connect " + s.title, Hint: "choose one with --way: " + strings.Join(names, " or ")}
	}
	for i, w := range s.ways {
		fmt.Fprintf(env.Stdout, "%d. %s: %s\n", i+1, w.name, w.title)
	}
	for {
		answer, err := readLine(env, in, fmt.Sprintf("\nWhich way (1 to %d)? ", len(s.ways)))
		if err != nil {
			return way{}, err
		}
		i := named(answer) + 1
		if n, err := strconv.Atoi(answer); err == nil {
			i = n
		}
		if i >= 1 && i <= len(s.ways) {
			fmt.Fprintln(env.Stdout)
			return s.ways[i-1], nil
		}
	}
}

// others are the credentials that only other ways need.
func (s *system) others(w way) (names []string) {
	for _, other := range s.ways {
		for _, one := range other.credentials {
			if !slices.ContainsFunc(w.credentials, func(e entry) bool { return e.name == one.name }) {
				names = append(names, one.name)
			}
		}
	}
	return names
}

// forgetOthers removes what is stored for other ways: the connector would use it in place of
// what was given now.
func forgetOthers(ctx context.Context, env *environment.Env, opened *host.Opened, s *system, w way) error {
	credentials := s.credentials(opened)
	if credentials == nil {
		return nil
	}
	for _, name := range s.others(w) {
		if stored, err := credentials.Get(ctx, name); err == nil && stored == "" {
			continue
		}
		if err := credentials.Set(ctx, name, ""); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "removed the stored %s, which this way does not use\n", name)
	}
	return nil
}

// readLine reads what is typed on the terminal.
func readLine(env *environment.Env, in *bufio.Reader, prompt string) (string, error) {
	fmt.Fprint(env.Stdout, prompt)
	line, err := in.ReadString('\n')
	return strings.TrimSpace(line), err
}

// ask asks for the credentials that neither the environment nor the store has, and
// returns what was typed.
func ask(ctx context.Context, env *environment.Env, opened *host.Opened, s *system, w way, in *bufio.Reader) (given []entry, err error) {
	credentials := s.credentials(opened)
	for _, one := range w.credentials {
		if value, ok := env.Getenv(one.name); ok && value != "" {
			fmt.Fprintf(env.Stdout, "%s is set in the environment\n", one.name)
			continue
		}
		if credentials == nil {
			return nil, &usage.Error{Message: one.name + " is not set, and cannot be stored without a store", Hint: "set " + one.name + " to " + one.what}
		}
		stored, err := credentials.Get(ctx, one.name)
		if err != nil {
			fmt.Fprintf(env.Stderr, "warning: cannot read the stored %s: %v\n", one.name, err)
		}
		if !env.OnTerminal() {
			if stored != "" {
				continue
			}
			return nil, &usage.Error{Message: one.name + " is not set", Hint: fmt.Sprintf("set the environment variable %s to %s, or run connect on a terminal, which asks for it", one.name, one.what)}
		}
		value, err := one.read(ctx, env, in, stored != "")
		if err != nil {
			return nil, err
		}
		if value == "" && stored == "" {
			return nil, &usage.Error{Message: one.name + " is empty", Hint: "run connect again, and enter " + one.what}
		}
		if value != "" {
			if !one.shown {
				s.hold(opened, value)
			}
			given = append(given, entry{name: one.name, what: value})
		}
	}
	return given, nil
}

// read asks for a credential on the terminal. It is empty if the stored one stays.
func (e entry) read(ctx context.Context, env *environment.Env, in *bufio.Reader, stored bool) (string, error) {
	notes := []string{e.what}
	switch {
	case e.file:
		notes = append(notes, "as the path of the file")
	case !e.shown:
		notes = append(notes, "not shown")
	}
	prompt := fmt.Sprintf("%s (%s", e.name, strings.Join(notes, ", "))
	if stored {
		prompt += "; Enter keeps the stored one"
	}
	prompt += "): "
	if !e.shown && !e.file {
		fmt.Fprint(env.Stdout, prompt)
		value, err := env.ReadSecret(ctx)
		fmt.Fprintln(env.Stdout)
		return strings.TrimSpace(value), err
	}
	value, err := readLine(env, in, prompt)
	if err != nil || !e.file || value == "" {
		return value, err
	}
	if below, ok := strings.CutPrefix(value, "~/"); ok { // no shell has seen it
		if home, ok := env.Getenv("HOME"); ok {
			value = filepath.Join(home, below)
		}
	}
	text, err := os.ReadFile(env.Path(value))
	if err != nil {
		return "", &usage.Error{Message: fmt.Sprintf("cannot read %s: %v", e.what, err), Hint: "give the path of the file, such as downloads/key.json"}
	}
	if text := strings.TrimSpace(string(text)); text != "" {
		return text, nil
	}
	return "", &usage.Error{Message: value + " is empty"}
}
