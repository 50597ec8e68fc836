package repl

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/unfinished"
)

// mostHistory bounds the inputs in a history.
const mostHistory = 2000

// History holds the inputs of this session and of earlier ones, kept in a file
// as one JSON string per line. Inputs that contain a secret are left out.
type History struct {
	file    string
	secrets *redact.Secrets
	inputs  []string
}

// OpenHistory opens the history in a file, which need not exist. With an empty
// name, the history lasts as long as the session. If the file cannot be read,
// the history is empty but usable, and the error says why.
func OpenHistory(file string, secrets *redact.Secrets) (*History, error) {
	h := &History{file: file, secrets: secrets}
	if file == "" {
		return h, nil
	}
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	h.inputs, err = readHistory(f)
	if len(h.inputs) > mostHistory {
		h.inputs = h.inputs[len(h.inputs)-mostHistory:]
		err = errors.Join(err, h.rewrite())
	}
	return h, err
}

func readHistory(f *os.File) (inputs []string, err error) {
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var input string
		if json.Unmarshal(lines.Bytes(), &input) == nil && input != "" {
			inputs = append(inputs, input)
		}
	}
	return inputs, errors.Join(lines.Err(), f.Close())
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
	f, err := os.Open(h.file)
	if err != nil {
		return err
	}
	all, err := readHistory(f)
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
