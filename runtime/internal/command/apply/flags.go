package apply

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/runtime/internal/command/usage"
)

// after takes the flags of apply that follow the name of the plan, up to the first word that is
// not a flag, and returns the script and its arguments.
func after(cmd *cobra.Command, plan string, rest []string) ([]string, error) {
	if len(rest) == 0 || rest[0] == "-" || !strings.HasPrefix(rest[0], "-") {
		return rest, nil
	}
	flags := cmd.Flags()
	err := flags.Parse(rest)
	if err == nil {
		return flags.Args(), nil
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok && unknown.GetSpecifiedShortnames() == "" {
		mistake := &usage.Error{Message: usage.FlagError(cmd, err).Error()}
		mistake.Hint = "see 'phscript apply --help'; flags of the script come after its name: phscript apply " + plan + " FILE.lua --" + unknown.GetSpecifiedName()
		return nil, mistake
	}
	return nil, usage.FlagError(cmd, err)
}
