// Command skeleton writes the skeleton of a vendor's stand-in, from the declaration of its
// connector:
//
//	go run ./tests/connectors/skeleton hubspot
//	go run ./tests/connectors/skeleton harbor.lua
//
// It takes the name of a connector in stdlib/connectors, or a file that returns what
// connector.new returned.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("skeleton", flag.ContinueOnError)
	out := flags.String("out", "", "folder to write to, instead of tests/standin/NAME")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("usage: go run ./tests/connectors/skeleton [-out DIR] NAME or FILE.lua")
	}
	d, err := read(context.Background(), flags.Arg(0))
	if err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join("tests", "standin", d.Package())
	}
	files, err := d.files()
	if err != nil {
		return err
	}
	if err := os.Mkdir(*out, 0o755); err != nil {
		return fmt.Errorf("%w; the skeleton is only written to a new folder", err)
	}
	for _, name := range []string{"doc.go", "server.go", "server_test.go"} {
		if err := os.WriteFile(filepath.Join(*out, name), files[name], 0o644); err != nil {
			return err
		}
		fmt.Println("created", filepath.Join(*out, name))
	}
	for _, s := range d.Streams {
		if s.Scan == nil {
			fmt.Printf("no request of the stream %s is declared; write its handler yourself\n", s.Name)
		}
	}
	fmt.Printf("\nNext: replace each TODO by what %s publishes, and add the stand-in to tests/standin/cmd\n", d.Title)
	return nil
}

// declaration is what a connector says about its system.
type declaration struct {
	Name, Title, Base, Version string
	Auth                       struct{ Kind, Header, Missing string }
	Streams                    []stream
}

// Package is the name of the stand-in's package.
func (d *declaration) Package() string { return strings.ReplaceAll(d.Name, "_", "") }

type stream struct {
	Name, Model string
	// Parts is whether records belong to parts, such as forms, and Gone whether the system
	// lists what was deleted.
	Parts, Gone bool
	// Paths are the fields of records that the connector reads.
	Paths       []string
	Scan, Delta *request
}

type request struct {
	Method, Path, Items, Next, Send, Limit string
	NextURL                                bool `json:"next_url"`
	Computed, Body                         bool
	Query                                  []string
}

// read asks a connector, by its name or its file. No request is sent.
func read(ctx context.Context, of string) (*declaration, error) {
	argument, dir := fmt.Sprintf("%q", of), "."
	if name, isFile := strings.CutSuffix(filepath.Base(of), ".lua"); isFile {
		argument, dir = fmt.Sprintf("require %q", name), filepath.Dir(of)
	}
	source := []byte("local d = require('connector.setup').skeleton(" + argument + ")\nd.streams = json.array(d.streams)\nreturn json.encode(d)")
	// A connector says which variables it reads when they are not set.
	var allowed []string
	for {
		rt, err := runtime.New(runtime.Options{WorkDir: dir, EnvAllow: allowed, Env: func(name string) (string, bool) { return "of-the-skeleton", slices.Contains(allowed, name) }})
		if err != nil {
			return nil, err
		}
		result, err := rt.Run(ctx, runtime.Script{Name: "skeleton", Source: source})
		if err != nil {
			return nil, err
		}
		d := &declaration{}
		text, _ := result.Values[0].(string)
		if err := json.Unmarshal([]byte(text), d); err != nil {
			return nil, err
		}
		names := variables(d.Auth.Missing)
		if len(names) == 0 || allowed != nil {
			return d, nil
		}
		allowed = names
	}
}

// variables are the names of environment variables in a text.
func variables(text string) (names []string) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) {
		if strings.Contains(word, "_") && !slices.Contains(names, word) {
			names = append(names, word)
		}
	}
	return names
}
