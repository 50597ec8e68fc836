package storage

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// AddReason adds the flag --reason to a command that changes what runs.
func (o *Options) AddReason(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.reason, "reason", "", "Say why: `TEXT` is kept with your name")
}

// Ask is what the user of the command asks for.
func (o *Options) Ask(env *environment.Env) serve.Ask {
	process := quota.ProcessName()
	return serve.Ask{
		By:  audit.Actor{Name: env.User(), Role: audit.CommandLine, Address: process[:max(0, strings.LastIndexByte(process, ':'))]},
		Why: o.reason,
	}
}
