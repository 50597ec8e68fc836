package serve

import (
	"errors"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/schedule"
)

// checkProfile returns the error about the profile of a schedule, or nil.
func (l *Loader) checkProfile(c config.Config, d schedule.Definition, source string) error {
	if l.Choose == nil {
		return nil
	}
	err := l.Choose(c, d.Profile)
	e, ok := errors.AsType[*config.Error](err)
	if !ok {
		return err
	}
	hint := e.Hint
	if d.Profile == "" {
		hint = `name one for this schedule, such as profile = "sandbox", or start the service with --profile NAME`
	}
	return &config.Error{Where: source, Message: "schedule '" + d.Name + "': " + e.Message, Hint: hint}
}
