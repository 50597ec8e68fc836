package command

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
)

// completeValues lets the shell complete a flag that takes one of a few values.
func completeValues(cmd *cobra.Command, flag string, values ...string) {
	complete(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeFolders lets the shell complete flags that take a folder.
func completeFolders(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		complete(cmd, flag, cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs))
	}
}

// completeNothing keeps the shell from offering files for flags that take
// something else.
func completeNothing(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		complete(cmd, flag, cobra.NoFileCompletions)
	}
}

// complete sets how the shell completes a flag's value. A flag that does not
// exist is a bug that any test finds.
func complete(cmd *cobra.Command, flag string, values cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, values); err != nil {
		panic(err)
	}
}

// completeScript completes the script to run; what follows it may be any file.
func completeScript(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return []cobra.Completion{"lua"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeModel completes a model, or behind its dot an operation of it.
func completeModel(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	for _, m := range catalog.Load().Models {
		if !strings.HasPrefix(typed, m.Snake+".") {
			list = append(list, cobra.CompletionWithDesc(m.Snake, m.Doc))
			continue
		}
		for _, op := range m.Operations {
			list = append(list, m.Snake+"."+op.Name)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// completingRun lets the shell complete "phscript --simulate FILE.lua" as what
// it is short for.
func completingRun(args []string) []string {
	if len(args) > 1 && strings.HasPrefix(args[1], "-") && args[1] != "--" {
		return append([]string{args[0], "run"}, args[1:]...)
	}
	return args
}
