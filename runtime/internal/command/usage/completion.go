package usage

import "github.com/spf13/cobra"

// CompleteFolders lets the shell complete flags that take a folder.
func CompleteFolders(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		Complete(cmd, flag, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs))
	}
}

// CompleteNothing keeps the shell from offering files for flags that take
// something else.
func CompleteNothing(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		Complete(cmd, flag, cobra.NoFileCompletions)
	}
}

// Complete sets how the shell completes a flag's value. A flag that does not
// exist is a bug that any test finds.
func Complete(cmd *cobra.Command, flag string, values cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, values); err != nil {
		panic(err)
	}
}

// OneFolder completes the only argument of a command that takes a folder.
func OneFolder(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}
