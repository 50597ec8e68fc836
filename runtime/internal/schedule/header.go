package schedule

import (
	"fmt"
	"path"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// foreign are characters that the name of a schedule cannot contain.
var foreign = pattern.Lazy(`[^A-Za-z0-9_.-]+`)

// quotedTime is the quoted time in a directive.
var quotedTime = pattern.Lazy(`^(?:"([^"]*)"|'([^']*)')\s*(.*)$`)

// FromHeader returns the schedules in the comments at the top of a script, before its
// first line of code. name is the script's path with slashes; it gives the schedules
// their names.
func FromHeader(name string, source []byte) ([]config.Schedule, error) {
	var list []config.Schedule
	says, wrong := header.Parse(source)
	for _, e := range wrong {
		if e.Tag != "schedule" && catalog.DidYouMean(e.Tag, []string{"schedule"}) != "" {
			return nil, &config.Error{Where: fmt.Sprintf("%s:%d", name, e.Line), Message: "there is no @" + e.Tag + "; use @schedule"}
		}
	}
	for _, text := range says.Schedules {
		s, err := fromDirective(text.Text)
		if err != nil {
			return nil, &config.Error{Where: fmt.Sprintf("%s:%d", name, text.Line), Message: err.Error(),
				Hint: `write it as -- @schedule "0 2 * * * Europe/Stockholm" timeout=30m retries=2`}
		}
		s.Script = name
		if s.Name == "" {
			s.Name = nameFor(name, len(list))
		}
		if s.Timeout == "" && says.Timeout > 0 {
			s.Timeout = says.Timeout.String()
		}
		list = append(list, s)
	}
	return list, nil
}

// nameFor makes a schedule's name from its script's.
func nameFor(script string, n int) string {
	name := strings.Trim(foreign().ReplaceAllString(strings.TrimSuffix(script, path.Ext(script)), "-"), "-.")
	if n > 0 {
		name = fmt.Sprintf("%s-%d", name, n+1)
	}
	return name
}

// fromDirective reads the text after @schedule.
func fromDirective(text string) (config.Schedule, error) {
	var s config.Schedule
	found := quotedTime().FindStringSubmatch(text)
	if found == nil {
		return s, fmt.Errorf("put the time of @schedule in quotes")
	}
	s.Cron = found[1] + found[2]
	if rest, ok := strings.CutPrefix(s.Cron, "every "); ok {
		s.Cron, s.Every = "", rest
	}
	for _, option := range strings.Fields(found[3]) {
		if strings.HasPrefix(option, "--") {
			break
		}
		key, value, ok := strings.Cut(option, "=")
		value = strings.Trim(value, `"'`)
		if !ok {
			return s, fmt.Errorf("'%s' is not an option of @schedule: write options as name=value", option)
		}
		targets := map[string]*string{
			"name": &s.Name, "time_zone": &s.TimeZone, "timeout": &s.Timeout, "max_memory": &s.MaxMemory,
			"overlap": &s.Overlap, "catch_up": &s.CatchUp, "jitter": &s.Jitter, "profile": &s.Profile,
		}
		switch {
		case targets[key] != nil:
			*targets[key] = value
		case key == "retries":
			if _, err := fmt.Sscanf(value, "%d", &s.Retries); err != nil {
				return s, fmt.Errorf("retries must be a whole number, not '%s'", value)
			}
		default:
			return s, fmt.Errorf("@schedule has no option '%s'; its options are name, time_zone, timeout, max_memory, overlap, catch_up, jitter, profile and retries", key)
		}
	}
	return s, nil
}
