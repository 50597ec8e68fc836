// Command notices writes the licenses of everything that the phscript binary
// contains, as Apache, BSD, MIT and MPL ask of whoever passes a binary on.
//
//	notices -o FILE [PACKAGE]
//
// It fails if a module has no license file, or one that it does not know.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// systems are those that releases are built for: what a binary contains differs
// between them.
var systems = []string{"linux", "darwin", "windows"}

// allowed are the licenses that a binary under the MIT license may contain.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "Unlicense", "CC0-1.0", "blessing"}

// elsewhere are licenses of parts of a module that the binary does not contain, such as
// its documentation.
var elsewhere = map[string][]string{"github.com/modelcontextprotocol/go-sdk": {"CC-BY-4.0"}}

// names begin the names of files that hold a license or a notice, in capitals.
var names = []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS"}

type module struct{ Path, Version, Dir string }

func main() {
	out := flag.String("o", "", "the file to write (default standard output)")
	flag.Parse()
	pkg := flag.Arg(0)
	if pkg == "" {
		pkg = "./cmd/phscript"
	}
	text, err := notices(pkg)
	if err == nil && *out != "" {
		err = os.WriteFile(*out, text, 0o644)
	} else if err == nil {
		_, err = os.Stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

func notices(pkg string) ([]byte, error) {
	modules := map[string]module{}
	for _, system := range systems {
		if err := list(pkg, system, modules); err != nil {
			return nil, err
		}
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "phscript contains the following software.\n")
	var failed []error
	entry := func(m module) {
		if err := describe(&text, m); err != nil {
			failed = append(failed, err)
		}
	}
	entry(module{Path: "Go, its runtime and standard library", Version: runtime.Version(), Dir: runtime.GOROOT()})
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		entry(modules[path])
	}
	return text.Bytes(), errors.Join(failed...)
}

// list adds the modules that a package needs on a system.
func list(pkg, system string, modules map[string]module) error {
	cmd := exec.Command("go", "list", "-deps", "-json=Module", pkg)
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go list %s: %w", pkg, err)
	}
	for dec := json.NewDecoder(bytes.NewReader(text)); ; {
		var p struct {
			Module *struct {
				module
				Main bool
			}
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if p.Module != nil && !p.Module.Main {
			modules[p.Module.Path] = p.Module.module
		}
	}
}

// describe writes a module's name, source, and the texts of its licenses.
func describe(w io.Writer, m module) error {
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		return err
	}
	var files []string
	for _, e := range entries {
		isNamed := func(name string) bool { return strings.HasPrefix(strings.ToUpper(e.Name()), name) }
		if !e.IsDir() && slices.ContainsFunc(names, isNamed) {
			files = append(files, filepath.Join(m.Dir, e.Name()))
		}
	}
	var ids, texts []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		base := filepath.Base(file)
		texts = append(texts, fmt.Sprintf("--- %s ---\n\n%s", base, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))))
		for _, match := range licensecheck.Scan(text).Match {
			if !slices.Contains(ids, match.ID) && !slices.Contains(elsewhere[m.Path], match.ID) {
				ids = append(ids, match.ID)
			}
		}
	}
	if len(ids) == 0 {
		return fmt.Errorf("%s %s has no license that is known; its files are %v", m.Path, m.Version, files)
	}
	for _, id := range ids {
		if !slices.Contains(allowed, id) {
			return fmt.Errorf("%s %s has the license %s, which is not in the list of allowed ones", m.Path, m.Version, id)
		}
	}
	source := ""
	if strings.Contains(m.Path, "/") {
		source = fmt.Sprintf("Source: https://pkg.go.dev/%s@%s\n", m.Path, m.Version)
	}
	_, err = fmt.Fprintf(w, "\n%s\n%s %s\nLicense: %s\n%s\n%s\n", strings.Repeat("=", 80), m.Path, m.Version, strings.Join(ids, ", "), source, strings.Join(texts, "\n\n"))
	return err
}
