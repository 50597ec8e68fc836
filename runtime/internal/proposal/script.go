package proposal

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
)

// Source says where the rows come from.
type Source struct {
	// File is the name of the file, without folders.
	File string
	// Sheet, Skip and Encoding are how it is read, if not as usual.
	Sheet    string
	Skip     int
	Encoding string
	// Repeated says that columns have the same name.
	Repeated bool
	// Constants are properties with the same value in every row.
	Constants map[string]string
}

// Quote returns a text as a Lua string that people can read.
func Quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + text[:size])
		case r == '\n':
			b.WriteString(`\n`)
		case r == utf8.RuneError && size == 1, !unicode.IsPrint(r) && r != '\u00a0':
			for _, c := range []byte(text[:size]) {
				fmt.Fprintf(&b, `\%03d`, c)
			}
		default:
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String() + `"`
}

// Field returns a name as a key of a table.
func Field(name string) string {
	if spec.IsName(name) {
		return name
	}
	return "[" + Quote(name) + "]"
}

// examples matches the cells in a doubt. They stay out of scripts, which many people read.
var examples = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:,? such as|:) "(?:[^"\\]|\\.)*"(?:, "(?:[^"\\]|\\.)*")*`)
})

func comment(b *strings.Builder, indent, text string) {
	text = strings.Join(strings.Fields(examples().ReplaceAllString(text, "")), " ")
	const width = 96
	for line := ""; text != ""; {
		word, rest, _ := strings.Cut(text, " ")
		if line != "" && len(line)+len(word) >= width || rest == "" && line == "" {
			if line == "" {
				line, text = word, ""
			}
			b.WriteString(indent + "-- " + line + "\n")
			line = ""
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
		if text = rest; text == "" {
			b.WriteString(indent + "-- " + line + "\n")
		}
	}
}

// Script returns the script. name is its file.
func (p *Proposal) Script(name string, s Source) string {
	var b strings.Builder
	fmt.Fprintf(&b, "-- Imports %s from files like %s.\n--\n", p.Model.Plural, oneLine(s.File))
	fmt.Fprintf(&b, "--   phscript plan %s --path FILE\n--   phscript run %s --path FILE\n--\n", name, name)
	fmt.Fprintf(&b, "-- @param path:file \"The file to import\"\n-- @writes %s\n\n", p.Model.Snake)
	p.helpers(&b)
	fmt.Fprintf(&b, "local result = planhat.%s.import{\n  from = params.path,\n", p.Model.Snake)
	if s.Sheet != "" {
		fmt.Fprintf(&b, "  sheet = params.path:lower():match(\"%%.xlsx$\") and %s or nil,\n", Quote(s.Sheet))
	}
	if s.Skip > 0 {
		fmt.Fprintf(&b, "  skip = %d,\n", s.Skip)
	}
	if s.Encoding != "" {
		fmt.Fprintf(&b, "  encoding = %s,\n", Quote(s.Encoding))
	}
	if s.Repeated {
		b.WriteString("  repeated = \"rename\",\n")
	}
	if p.Trim {
		b.WriteString("  trim = true,\n")
	}
	if p.Key != "" {
		fmt.Fprintf(&b, "  key = %s,\n", Quote(p.Key))
	}
	b.WriteString("  columns = {\n")
	for _, m := range p.Mappings {
		for _, doubt := range m.Doubts {
			comment(&b, "    ", doubt)
		}
		b.WriteString(m.withoutMissing())
		line := "    " + Field(m.Column) + " = " + m.target() + ",\n"
		if m.Off {
			line = "    -- " + strings.TrimLeft(line, " ")
		}
		if m.Property != "" {
			b.WriteString(line)
		}
	}
	b.WriteString("  },\n")
	if len(s.Constants) > 0 {
		b.WriteString("  constants = {")
		for i, name := range slices.Sorted(keys(s.Constants)) {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(" " + Field(name) + " = " + constant(p.Model.Property(name), s.Constants[name]))
		}
		b.WriteString(" },\n")
	}
	b.WriteString("}\n\nprint((\"%d created, %d updated, %d unchanged, %d rejected\"):format(result.created, result.updated, result.unchanged, result.rejected))\n")
	return b.String()
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range m {
			if !yield(name) {
				return
			}
		}
	}
}

// constant returns a value of a property as Lua.
func constant(prop *catalog.Property, value string) string {
	if prop != nil && (prop.Type == catalog.Number || prop.Type == catalog.Integer) && patterns().plain.MatchString(value) || prop != nil && prop.Type == catalog.Boolean && isBoolean(value) {
		return strings.ToLower(value)
	}
	return Quote(value)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// local returns the name of the variable with the values of a column.
func (m *Mapping) local() string {
	var b strings.Builder
	for _, r := range m.Property[strings.LastIndex(m.Property, ".")+1:] {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) && b.Len() > 0) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return cmp.Or(b.String(), "column") + "_values"
}

// helpers writes what the columns need.
func (p *Proposal) helpers(b *strings.Builder) {
	if slices.ContainsFunc(p.Mappings, func(m Mapping) bool { return m.Users && !m.Off }) {
		user := catalog.Load().With(catalog.TeamMember)
		fmt.Fprintf(b, `-- The _id of each user, by e-mail address.
local ids
local function user(cell)
  if not ids then
    ids = {}
    for one in planhat.%s.each{ select = { "email" } } do
      if one.email then ids[one.email:lower()] = one._id end
    end
  end
  local id = ids[cell:lower()]
  if not id then return nil, "no user has the e-mail address " .. cell end
  return id
end

`, user.Snake)
	}
	if !slices.ContainsFunc(p.Mappings, func(m Mapping) bool { return len(m.Values) > 0 && !m.Off }) {
		return
	}
	b.WriteString(`-- Returns what translates cells. Rows with other cells are rejected.
local function choose(values)
  return function(cell)
    local value = values[cell]
    if value == nil then return nil, "unknown value " .. cell end
    return value
  end
end

`)
	for _, m := range p.Mappings {
		if len(m.Values) == 0 || m.Off {
			continue
		}
		fmt.Fprintf(b, "local %s = {\n", m.local())
		for _, v := range m.Values {
			if v.Planhat == "" {
				fmt.Fprintf(b, "  -- [%s] = \"\",\n", Quote(v.Cell))
			} else {
				fmt.Fprintf(b, "  %s = %s,\n", Field(v.Cell), Quote(v.Planhat))
			}
		}
		b.WriteString("}\n\n")
	}
}

// target returns what a column becomes, as Lua.
func (m *Mapping) target() string {
	var options []string
	add := func(name, value string) {
		if value != "" {
			options = append(options, name+" = "+Quote(value))
		}
	}
	add("type", m.Type)
	add("decimal", m.Decimal)
	add("date_format", m.Format)
	add("reference", m.Reference)
	switch {
	case m.Users:
		options = append(options, "convert = user")
	case m.Lower:
		options = append(options, "convert = string.lower")
	case len(m.Values) > 0 && !m.Off:
		options = append(options, "convert = choose("+m.local()+")")
	}
	if len(options) == 0 {
		return Quote(m.Property)
	}
	return "{ property = " + Quote(m.Property) + ", " + strings.Join(options, ", ") + " }"
}

// Says describes the options of a column, for people.
func (m *Mapping) Says() string {
	var parts []string
	if m.Type != "" {
		parts = append(parts, m.Type)
	}
	if m.Decimal != "" {
		parts = append(parts, "decimal sign "+m.Decimal)
	}
	if m.Format != "" {
		parts = append(parts, "dates as "+m.Format)
	}
	if m.Reference != "" {
		parts = append(parts, "by "+m.Reference)
	}
	if m.Users {
		parts = append(parts, "users by e-mail address")
	}
	if m.Lower {
		parts = append(parts, "in lower case")
	}
	if len(m.Values) > 0 {
		parts = append(parts, "translated")
	}
	return strings.Join(parts, ", ")
}
