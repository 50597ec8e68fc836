package repl

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/runtime/internal/unfinished"
)

// mostHistory bounds the inputs in a history.
const mostHistory = 2000

// longestHistory is how many bytes at the end of its file are read.
const longestHistory = 8 << 20

var errFolder = errors.New("is a folder, not a file")

// History holds the inputs of this session and of earlier ones, kept in a file
// as one JSON string per line. Inputs that contain a secret are left out.
type History struct {
	file    string
	secrets *redact.Secrets
	inputs  []string
}

// OpenHistory opens the history in a file, which need not exist, and makes the file
// readable only for its owner. A link stays one. With an empty name, the history lasts as
// long as the session. If the file cannot be used, so does it, and the error says why.
func OpenHistory(file string, secrets *redact.Secrets) (*History, error) {
	h := &History{secrets: secrets}
	if file == "" {
		return h, nil
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	inputs, shortened, err := readHistory(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	h.file, h.inputs = file, inputs
	if len(h.inputs) > mostHistory {
		h.inputs, shortened = h.inputs[len(h.inputs)-mostHistory:], true
	}
	if shortened {
		return h, h.rewrite()
	}
	return h, nil
}

// readHistory reads the last inputs in a file. It reports whether there are others before.
func readHistory(file string) (inputs []string, shortened bool, err error) {
	f, info, err := sourcefile.Open(file)
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if info.IsDir() {
		return nil, false, &fs.PathError{Op: "open", Path: file, Err: errFolder}
	}
	// Windows has no such modes.
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		if err := f.Chmod(0o600); err != nil {
			return nil, false, err
		}
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, longestHistory+1)
	if info.Size() > longestHistory {
		shortened = true
		if _, err := f.Seek(-longestHistory, io.SeekEnd); err != nil {
			return nil, false, err
		}
		lines.Scan() // the rest of an input
	}
	for lines.Scan() {
		var input string
		if json.Unmarshal(lines.Bytes(), &input) == nil && input != "" {
			inputs = append(inputs, input)
		}
	}
	return inputs, shortened, lines.Err()
}

// Forget drops the inputs that contain a secret that became known later, such
// as a token in a variable that was then passed to a client.
func (h *History) Forget() error {
	if h.secrets == nil || !slices.ContainsFunc(h.inputs, h.secret) {
		return nil
	}
	h.inputs = slices.DeleteFunc(h.inputs, h.secret)
	if h.file == "" {
		return nil
	}
	// Another session may have added to the file.
	all, _, err := readHistory(h.file)
	if err != nil {
		return err
	}
	whole := History{file: h.file, inputs: slices.DeleteFunc(all, h.secret)}
	return whole.rewrite()
}

// secret reports whether an input contains a secret.
func (h *History) secret(input string) bool { return h.secrets.String(input) != input }

func (h *History) rewrite() error {
	return unfinished.Replace(h.file, 0o600, func(f *os.File) error {
		for _, input := range h.inputs {
			if _, err := f.Write(historyLine(input)); err != nil {
				return err
			}
		}
		return nil
	})
}

func historyLine(input string) []byte {
	line, _ := json.Marshal(input) // a string always has a form
	return append(line, '\n')
}

// Write adds an input. If the file cannot be written, the session keeps the
// input in memory only.
func (h *History) Write(input string) (int, error) {
	if err := h.Forget(); err != nil {
		return len(h.inputs), err
	}
	input = strings.TrimSpace(input)
	if input == "" || h.secrets != nil && h.secrets.String(input) != input || handsToken().MatchString(input) {
		return len(h.inputs), nil
	}
	h.inputs = append(h.inputs, input)
	if h.file == "" {
		return len(h.inputs), nil
	}
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return len(h.inputs), nil //nolint:nilerr // see above
	}
	f, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return len(h.inputs), nil //nolint:nilerr // see above
	}
	_, _ = f.Write(historyLine(input))
	_ = f.Close()
	return len(h.inputs), nil
}

// handsToken matches an input that contains a token in plain text, which may not be
// registered as a secret: a text that is given to a name of one, what HTTP calls
// authorization, and a token that can be told by its form (JWT).
var handsToken = pattern.Lazy(`(?i)(token|secret|passw(or)?d|api_?key)["'\]\s]*=\s*["'\[]|\b(bearer|basic)\s+[\w.~+/-]{6}|\beyJ[\w-]{10,}\.`)

// GetLine returns an input by its position.
func (h *History) GetLine(pos int) (string, error) {
	if pos < 0 || pos >= len(h.inputs) {
		return "", errors.New("no such input")
	}
	return h.inputs[pos], nil
}

// Len returns the number of inputs.
func (h *History) Len() int { return len(h.inputs) }

// Dump returns all inputs.
func (h *History) Dump() any { return h.inputs }
