package newscript

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/proposal"
	"github.com/phscript/phscript/runtime/internal/scaffold"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// propose reads the file and returns the script, its test, and what to say.
func (o *options) propose(env *environment.Env, name string) ([]scaffold.File, error) {
	path := env.Path(o.from)
	if !env.IsFile(o.from) {
		return nil, usage.NoFile(env, "--from: there is no file "+o.from, o.from)
	}
	ctx, release := env.UntilInterrupted()
	defer release()
	c, err := config.Load("", env.Dir, env.ReadConfig, func(string) (string, bool) { return "", false })
	if err != nil {
		return nil, err
	}
	if err := c.ChooseSchema("", env.Getenv); err != nil {
		return nil, err
	}
	known, err := schema.Load(c.SchemaPath(env.Dir))
	if err != nil {
		return nil, err
	}
	t, err := o.read(ctx, env, path)
	if err != nil {
		return nil, err
	}
	for i := range t.columns {
		t.columns[i].Decimal = o.decimal
	}
	var account *schema.Schema
	if known != nil {
		account = known.Schema
	}
	p, err := o.choose(ctx, env, t, account)
	if err != nil {
		return nil, err
	}
	if err := o.adapt(p, t); err != nil {
		return nil, err
	}
	source := proposal.Source{File: filepath.Base(path), Sheet: o.sheet, Skip: o.skip, Encoding: t.encoding, Repeated: t.repeated, Constants: o.constants}
	if t.encoding != "" {
		p.Doubts = append(p.Doubts, "the file is not UTF-8, so it is read as windows-1252, which Excel on Windows writes; check names with accents before you import it")
	}
	if t.repeated {
		p.Doubts = append(p.Doubts, "some columns have the same name; the second of them is called NAME_2")
	}
	if t.wrong == 1 {
		p.Doubts = append(p.Doubts, "1 row can't be read and will be rejected: "+t.problem)
	} else if t.wrong > 1 {
		p.Doubts = append(p.Doubts, fmt.Sprintf("%d rows can't be read and will be rejected, such as %s", t.wrong, t.problem))
	}
	base := filepath.Base(name)
	script := scaffold.File{Name: base + ".lua", Text: p.Script(base+".lua", source)}
	test, err := o.testOf(ctx, env, p, script, source)
	if err != nil {
		return nil, err
	}
	o.report(env, p, t)
	return []scaffold.File{script, test}, nil
}

// choose chooses the model.
func (o *options) choose(ctx context.Context, env *environment.Env, t *table, known *schema.Schema) (*proposal.Proposal, error) {
	names := make([]string, 0, 32)
	for _, m := range proposal.Importable() {
		names = append(names, m.Snake)
	}
	if o.model != "" {
		m := catalog.Load().ModelNamed(o.model)
		if m == nil || !slices.Contains(names, m.Snake) {
			return nil, &usage.Error{Message: "--model: files cannot be imported into " + o.model + catalog.Aside(catalog.Nearest(o.model, names)), Hint: "the models are: " + strings.Join(names, ", ")}
		}
		return proposal.For(m, t.columns, known), nil
	}
	what := o.from
	if o.sheet != "" {
		what = o.sheet
	}
	ranked := proposal.Rank(strings.TrimSuffix(filepath.Base(what), filepath.Ext(what)), t.columns, known)
	if proposal.Clear(ranked) {
		return ranked[0], nil
	}
	ranked = ranked[:min(len(ranked), 5)]
	var likely []string
	for _, p := range ranked {
		likely = append(likely, p.Model.Snake)
	}
	if !env.OnTerminal() {
		hint := "name the model with --model, such as " + strings.Join(likely, ", ")
		if instead := t.instead(); instead != "" {
			hint = instead + "; otherwise " + hint
		}
		return nil, &usage.Error{Message: "it is not clear what the rows of " + o.from + " are", Hint: hint}
	}
	fmt.Fprintf(env.Stdout, "What are the rows of %s?\n", o.from)
	for i, p := range ranked {
		fmt.Fprintf(env.Stdout, "%d. %s: %s\n", i+1, p.Model.Snake, p.Model.Doc)
	}
	in := bufio.NewReader(env.Typed(ctx))
	for {
		fmt.Fprintf(env.Stdout, "\n1 to %d, or the name of another model: ", len(ranked))
		line, err := in.ReadString('\n')
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			return nil, &usage.Error{Message: "no model was chosen", Hint: "name it with --model"}
		}
		line = strings.TrimSpace(line)
		if i, err := strconv.Atoi(line); err == nil && i >= 1 && i <= len(ranked) {
			return ranked[i-1], nil
		}
		if m := catalog.Load().ModelNamed(line); m != nil && slices.Contains(names, m.Snake) {
			return proposal.For(m, t.columns, known), nil
		}
	}
}

// adapt applies the flags, and says what is missing.
func (o *options) adapt(p *proposal.Proposal, t *table) error {
	o.constants = map[string]string{}
	for _, text := range o.set {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return &usage.Error{Message: "--set " + text + ": write it as PROPERTY=VALUE"}
		}
		o.constants[name] = value
	}
	if o.key != "" {
		if !slices.Contains(p.Keys(), o.key) {
			hint := "no column becomes a key"
			if keys := p.Keys(); len(keys) > 0 {
				hint = "the keys that columns become are: " + strings.Join(keys, ", ")
			}
			return &usage.Error{Message: "--key: no column of the file becomes " + o.key + ", or it is not a key of " + p.Model.Plural, Hint: hint}
		}
		p.Key = o.key
	}
	var missing []string
	for _, name := range p.Needs {
		if _, given := o.constants[name]; !given {
			missing = append(missing, name)
		}
	}
	if err := o.unread(p, missing); err != nil {
		return err
	}
	if len(missing) > 0 {
		hint := "name its column as Planhat does"
		if missing[0] != "name" && !slices.Contains(p.Model.Keyables.Bulk, missing[0]) {
			hint += fmt.Sprintf(", or give all rows the same value with --set %s=VALUE", missing[0])
		}
		hint += "; --model chooses another model"
		if instead := t.instead(); instead != "" {
			hint = instead + "; otherwise " + hint
		}
		return &usage.Error{Message: fmt.Sprintf("a new %s needs %s, which no column of %s has", p.Model.Noun, strings.Join(missing, " and "), o.from), Hint: hint}
	}
	return nil
}

// unread is the error of a column that a new record needs, and that can't be read.
func (o *options) unread(p *proposal.Proposal, missing []string) error {
	for _, name := range missing {
		m := p.Unread(name)
		if m == nil {
			continue
		}
		hint := ""
		switch {
		case m.Unclear():
			hint = "if its numbers have a decimal comma, add --decimal ,; if they have a decimal point, add --decimal ."
		case m.Property != "":
			hint = "correct its cells, and run the command again"
		}
		why := strings.Join(m.Doubts, "; ")
		return &usage.Error{Message: fmt.Sprintf("a new %s needs %s, and the column %q of %s can't be read: %s", p.Model.Noun, name, m.Column, o.from, why), Hint: hint}
	}
	return nil
}

// report says what is proposed.
func (o *options) report(env *environment.Env, p *proposal.Proposal, t *table) {
	rows := humanize.Comma(int64(t.rows)) + " rows"
	if t.rows == 1 {
		rows = "1 row"
	}
	if t.more {
		rows = "the first " + rows
	}
	key := "without a key"
	if p.Key != "" {
		key = "by " + p.Key
	}
	fmt.Fprintf(env.Stdout, "%s (%s) becomes %s, %s:\n\n", display.OneLine(o.from), rows, p.Model.Plural, key)
	width := 0
	for _, m := range p.Mappings {
		width = max(width, len([]rune(display.OneLine(m.Column))))
	}
	var doubts []string
	about := map[string][]string{} // the columns, by the doubt
	for _, m := range p.Mappings {
		target := m.Property
		if m.Off {
			target = "(left out)"
		}
		if says := m.Says(); says != "" && !m.Off {
			target += "  " + says
		}
		column := display.OneLine(m.Column)
		fmt.Fprintf(env.Stdout, "  %s%s  %s\n", column, strings.Repeat(" ", width-len([]rune(column))), display.OneLine(target))
		for _, doubt := range m.Doubts {
			if about[doubt] == nil {
				doubts = append(doubts, doubt)
			}
			about[doubt] = append(about[doubt], column)
		}
	}
	for i, doubt := range doubts {
		doubts[i] = strings.Join(about[doubt], ", ") + ": " + doubt
	}
	for name, value := range o.constants {
		fmt.Fprintf(env.Stdout, "  all rows: %s = %s\n", display.OneLine(name), display.OneLine(value))
	}
	if doubts = append(doubts, p.Doubts...); len(doubts) > 0 {
		fmt.Fprintln(env.Stdout, "\nPlease check these:")
		for _, doubt := range doubts {
			fmt.Fprintln(env.Stdout, "  "+display.OneLine(doubt))
		}
	}
	fmt.Fprintln(env.Stdout)
}

// testOf returns the test of an import. It expects what the script makes of made-up rows.
func (o *options) testOf(ctx context.Context, env *environment.Env, p *proposal.Proposal, script scaffold.File, source proposal.Source) (scaffold.File, error) {
	sample := p.Sample()
	call := fmt.Sprintf("run_script(%s, { params = { path = \"rows.csv\" }, files = { [\"rows.csv\"] = rows } })", proposal.Quote(script.Name))
	find := fmt.Sprintf("simulator.records(%s)[1]", proposal.Quote(p.Model.Snake))
	if sample.Key != "" {
		find = fmt.Sprintf("simulator.record(%s, %s)", proposal.Quote(p.Model.Snake), proposal.Quote(sample.Key))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "-- Tests of %s. Each test has a simulated Planhat, which starts empty.\n--\n", script.Name)
	fmt.Fprintf(&b, "-- The rows are made up in the form of those in %s: of the file, they only have\n-- values of which there are a few, such as a status.\n\n", strings.Join(strings.Fields(source.File), " "))
	text := sample.Text
	for range source.Skip {
		text = "a line above the header\n" + text
	}
	fmt.Fprintf(&b, "local rows = [==[\n%s]==]\n\n", text)
	if sample.Seeds != "" {
		fmt.Fprintf(&b, "before_each(function()\n%send)\n\n", sample.Seeds)
	}
	head := b.String()
	name := strings.TrimSuffix(script.Name, ".lua") + "_test.lua"
	r, err := tried(ctx, env, func(string) ([]scaffold.File, error) {
		return []scaffold.File{script, {Name: name, Text: head + fmt.Sprintf(
			"it(\"observes\", function()\n  local run = %s\n  print(json.encode{ code = run.exit_code, message = run.error and run.error.message or \"\", created = run.summary.created, rejected = run.summary.rejected, record = %s })\nend)\n", call, find)}}, nil
	})
	if err != nil {
		return scaffold.File{}, err
	}
	var did struct {
		Code     int            `json:"code"`
		Message  string         `json:"message"`
		Created  int            `json:"created"`
		Rejected int            `json:"rejected"`
		Record   map[string]any `json:"record"`
	}
	if err := json.Unmarshal([]byte(lastLine(r.Files[0])), &did); err != nil || did.Code != 0 && did.Code != 3 {
		return scaffold.File{}, &usage.Failure{Message: fmt.Sprintf("the proposed script does not work, so nothing was written: %s%v", did.Message, errors.Join(r.Files[0].Err, firstFailure(r.Files[0])))}
	}
	fmt.Fprintf(&b, "it(\"imports the rows\", function()\n  local run = %s\n\n  expect(run.error).to_be_nil()\n", call)
	fmt.Fprintf(&b, "  expect(run.summary).to_include{ created = %d, rejected = %d }\n", did.Created, did.Rejected)
	if did.Record != nil {
		fmt.Fprintf(&b, "  local record = %s\n", find)
		b.WriteString(expectations(p, did.Record))
	}
	b.WriteString("end)\n")
	if p.Key != "" && did.Created > 0 {
		fmt.Fprintf(&b, "\nit(\"creates nothing the second time\", function()\n  %s\n  local run = %s\n\n  expect(run.summary.created).to_equal(0)\nend)\n", call, call)
	}
	test := scaffold.File{Name: name, Text: b.String()}
	r, err = tried(ctx, env, func(string) ([]scaffold.File, error) { return []scaffold.File{script, test}, nil })
	if err == nil {
		err = firstFailure(r.Files[0])
	}
	if err != nil {
		return scaffold.File{}, &usage.Failure{Message: "the test of the proposed script fails, so nothing was written: " + err.Error()}
	}
	if did.Rejected > 0 {
		p.Doubts = append(p.Doubts, fmt.Sprintf("the test expects %d of %d made-up rows to be rejected", did.Rejected, did.Created+did.Rejected))
	}
	return test, nil
}

// expectations are the values of a record that columns became, as Lua.
func expectations(p *proposal.Proposal, record map[string]any) string {
	var own, custom []string
	fields, _ := record["custom"].(map[string]any)
	for _, m := range p.Mappings {
		if m.Off || m.Property == "" || m.Users || m.Reference != "" {
			continue // ids differ in each run
		}
		if name, ok := strings.CutPrefix(m.Property, "custom."); ok {
			value := literal(fields[name])
			if day, ok := fields[name].(float64); ok && m.Type == "days" {
				value = fmt.Sprintf("time.epoch_days(%q)", time.Unix(int64(day)*24*60*60, 0).UTC().Format(time.DateOnly))
			}
			if value != "" {
				custom = append(custom, proposal.Field(name)+" = "+value)
			}
		} else if value := literal(record[m.Property]); value != "" {
			own = append(own, proposal.Field(m.Property)+" = "+value)
		}
	}
	var b strings.Builder
	if len(own) > 0 {
		fmt.Fprintf(&b, "  expect(record).to_include{\n    %s,\n  }\n", strings.Join(own, ",\n    "))
	}
	if len(custom) > 0 {
		fmt.Fprintf(&b, "  expect(record.custom).to_include{\n    %s,\n  }\n", strings.Join(custom, ",\n    "))
	}
	return b.String()
}

// literal returns a value as Lua, or "" for one that is left out.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return proposal.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		var items []string
		for _, one := range v {
			item := literal(one)
			if item == "" {
				return ""
			}
			items = append(items, item)
		}
		return "{ " + strings.Join(items, ", ") + " }"
	}
	return ""
}
