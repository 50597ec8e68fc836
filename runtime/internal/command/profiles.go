package command

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
)

// completeProfiles completes the names of profiles after --profile.
func completeProfiles(env *environment.Env, cmd *cobra.Command) {
	if cmd.Flags().Lookup("profile") != nil {
		usage.Complete(cmd, "profile", func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			file, _ := cmd.Flags().GetString("config")
			c, err := config.Load(file, env.Dir, env.ReadConfig, env.Getenv)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return slices.Sorted(maps.Keys(c.Profiles)), cobra.ShellCompDirectiveNoFileComp
		})
	}
	for _, below := range cmd.Commands() {
		completeProfiles(env, below)
	}
}
