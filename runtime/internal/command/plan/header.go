package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/params"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/pattern"
	planning "github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// making is what a plan's header is made from.
type making struct {
	env    *environment.Env
	host   *host.Opened
	script runtime.Script
	args   []string
	params []byte
	values *params.Values
	result *runtime.Result
	report *planfile.Report
}

// assumptions are what the plan takes for granted.
func (m *making) assumptions() []string {
	list := []string{"every write succeeds, except for the rows listed as rejected, which are not sent", "what Planhat computes is not part of the plan"}
	if m.report.Customs() > 0 {
		list = append(list, "a custom property is set without removing others")
	}
	return list
}

// tenants are the accounts of the plan: the configured one, and those that it writes to. apply
// needs no token for one that the script only reads.
func (m *making) tenants() []runtime.PlannedTenant {
	return slices.DeleteFunc(slices.Clone(m.result.Tenants), func(t runtime.PlannedTenant) bool {
		return !t.Default && !m.report.Writes(t.Client)
	})
}

func (m *making) header(made time.Time) *planfile.Header {
	perMinute := callsPerMinute(m.host)
	h := &planfile.Header{
		Format: planfile.Format, Version: planfile.Version, ID: planfile.NewID(), Made: made, Expires: made.Add(planfile.Life),
		Product: m.env.Version, Catalog: catalog.Hash(), Mark: m.result.Mark, Tenants: m.tenants(),
		Dir:         m.env.Dir,
		Profile:     m.host.Config.Profile.Name,
		Script:      planfile.File{Name: m.script.Name, Size: int64(len(m.script.Source)), SHA256: sum(m.script.Source)},
		Settings:    planfile.Settings{CallsPerMinute: perMinute, MostRows: m.report.MostRows},
		Assumptions: m.assumptions(), Totals: m.report.Totals(), Calls: m.report.Calls,
		Reads:       m.report.Reads(m.result.LookUps),
		Seconds:     int(planfile.Duration(m.report.Calls+m.report.Reads(m.result.LookUps), perMinute) / time.Second),
		Inexact:     slices.Concat(m.result.Unknown, m.report.Blind()),
		ExitCode:    m.result.ExitCode,
		SideEffects: planfile.SideEffects{Written: m.result.Written, Removed: m.result.Removed, Withheld: others(m.result.Planned)},
	}
	for name, n := range m.result.Summary.ByModel {
		if n.Read > 0 {
			if h.Known == nil {
				h.Known = map[string]int{}
			}
			h.Known[name] = n.Read
		}
	}
	for _, module := range m.result.Modules {
		h.Modules = append(h.Modules, planfile.File{Name: module.File, SHA256: module.SHA256})
	}
	m.arguments(h)
	m.variables(h)
	m.files(h)
	if m.result.StdinSHA256 != "" {
		h.Stdin = &planfile.File{Name: "-", Size: m.result.StdinSize, SHA256: m.result.StdinSHA256}
	}
	if m.result.ExitCode != 0 {
		h.Inexact = append(h.Inexact, planning.Unknown{Text: fmt.Sprintf("the script ended with os.exit(%d), perhaps before its end", m.result.ExitCode)})
	}
	if more := m.result.Summary.Rejected - m.report.Sum().Rejected; more > 0 {
		h.Inexact = append(h.Inexact, planning.Unknown{Text: english.Plural(more, "rejected row", "") + " more, which the plan does not list"})
	}
	return h
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}

// secretName matches names of what is secret.
var secretName = pattern.Lazy(`(?i)token|secret|passw|credential|private|api_?key`)

// arguments notes the script's arguments and parameters.
func (m *making) arguments(h *planfile.Header) {
	if len(m.args) > 0 {
		for _, arg := range m.args {
			h.Args = append(h.Args, m.host.Secrets.String(arg))
		}
		h.ArgsHash = h.Hash(strings.Join(m.args, "\x00"))
	}
	var params map[string]jsontext.Value
	if json.Unmarshal(m.params, &params) != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		value := string(params[name])
		one := planfile.Value{Name: name, Hash: h.Hash(value)}
		if !m.values.Secret(name) && !secretName().MatchString(name) && m.host.Secrets.String(value) == value {
			one.Value = params[name]
		}
		h.Params = append(h.Params, one)
	}
}

// variables notes the environment variables that the script read.
func (m *making) variables(h *planfile.Header) {
	for _, name := range m.result.Env {
		value, ok := m.env.Getenv(name)
		one := planfile.Value{Name: name, Unset: !ok}
		if ok {
			one.Hash = h.Hash(value)
		}
		h.Env = append(h.Env, one)
	}
}

// files notes the files that the script read, except those that it wrote and its modules.
func (m *making) files(h *planfile.Header) {
	own := map[string]bool{}
	for _, name := range m.result.Written {
		own[m.env.Path(name)] = true
	}
	for _, module := range m.result.Modules {
		own[m.env.Path(module.File)] = true
	}
	for _, path := range m.result.Read {
		if own[path] {
			continue
		}
		name := path
		if rel, err := filepath.Rel(m.env.Dir, path); err == nil && filepath.IsLocal(rel) {
			name = rel
		}
		size, hash, err := hashed(path)
		if err != nil {
			h.Inexact = append(h.Inexact, planning.Unknown{Text: name + " was read and can't be read again"})
			continue
		}
		empty := len(consent.Empty([]string{path})) > 0
		h.Files = append(h.Files, planfile.File{Name: name, Size: size, SHA256: hash, Empty: empty})
	}
}

// days returns what marks the changes of fields whose values are days, as far as the account's
// schema says so.
func days(env *environment.Env, c config.Config) func(*runtime.PlannedStep) {
	file, err := schema.Load(c.SchemaPath(env.Dir))
	known := file.Known()
	if err != nil || known == nil {
		return func(*runtime.PlannedStep) {}
	}
	return func(s *runtime.PlannedStep) {
		m := catalog.Load().Model(s.Model)
		if m == nil {
			return
		}
		for i := range s.Rows {
			changes := s.Rows[i].Changes
			for at := range changes {
				if name, custom := strings.CutPrefix(changes[at].Path, "custom."); custom && known.Field(m, name).IsDay() {
					changes[at].Day = true
				}
			}
		}
	}
}

// hashed returns the size and the hash of a file.
func hashed(path string) (int64, string, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	return size, hex.EncodeToString(sum.Sum(nil)), err
}
