package view

import "github.com/phscript/phscript/runtime/internal/config"

// SettingList is what config show prints.
type SettingList struct {
	Form
	File     string           `json:"file" doc:"the configuration file that was read, or empty"`
	Settings []config.Setting `json:"settings" doc:"all settings, in the order of the documentation"`
}

// Checkup is what doctor prints.
type Checkup struct {
	Form
	OK       bool           `json:"ok" doc:"whether there are no errors"`
	Errors   int            `json:"errors" doc:"how many lines are errors"`
	Warnings int            `json:"warnings" doc:"how many lines are warnings"`
	Groups   []CheckupGroup `json:"groups" doc:"the checks, by what they are about"`
}

// CheckupGroup is the checks of one thing.
type CheckupGroup struct {
	Name   string        `json:"name" doc:"what the checks are about"`
	Checks []CheckupLine `json:"checks" doc:"the checks, in the order in which they were made"`
}

// CheckupLine is what one check found.
type CheckupLine struct {
	Check   string `json:"check" doc:"the name of the check, which stays the same"`
	Level   Level  `json:"level" doc:"ok, warning, or error for what stops runs"`
	Message string `json:"message" doc:"what was found"`
	Hint    string `json:"hint,omitempty" doc:"what to do"`
}

// Level is how bad something is that a check found.
type Level string

// The levels. An error stops runs.
const (
	LevelOK      Level = "ok"
	LevelWarning Level = "warning"
	LevelError   Level = "error"
)

// SettingForm makes the form of settings.
func SettingForm(file string, list []config.Setting) SettingList {
	return SettingList{current, file, append([]config.Setting{}, list...)}
}

// CheckupForm makes the form of what checks found.
func CheckupForm(groups []CheckupGroup) Checkup {
	c := Checkup{Form: current, Groups: append([]CheckupGroup{}, groups...)}
	for _, g := range groups {
		for _, line := range g.Checks {
			switch line.Level {
			case LevelError:
				c.Errors++
			case LevelWarning:
				c.Warnings++
			case LevelOK:
			}
		}
	}
	c.OK = c.Errors == 0
	return c
}
