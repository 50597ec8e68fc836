package main

import "github.com/spf13/cobra"

// completeValues lets the shell complete a flag that takes one of a few values.
func completeValues(cmd *cobra.Command, flag string, values ...string) {
	complete(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// complete sets how the shell completes a flag's value. A flag that does not
// exist is a bug that any test finds.
func complete(cmd *cobra.Command, flag string, values cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, values); err != nil {
		panic(err)
	}
}
