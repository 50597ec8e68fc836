package man_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/man"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

// tree returns a command that holds man, and some others.
func tree(env *environment.Env) *cobra.Command {
	root := &cobra.Command{Use: "top", Short: "Do much", Run: func(*cobra.Command, []string) {}, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true}}
	run := &cobra.Command{
		Use: "copy FILE", Short: "Copy a file", Run: func(*cobra.Command, []string) {},
		Long: "copy copies a file.\n\n" +
			"  a    kept as it is\n" +
			"  b    " + strings.Repeat("long ", 14) + "\n" +
			".dotted",
		Example: "  top copy -n a.txt\n    indented",
	}
	run.Flags().IntP("number", "n", 3, "Make `COUNT` copies")
	run.Flags().String("as", "", "Name it `NAME`")
	run.Flags().Lookup("as").NoOptDefVal = "same"
	run.Flags().Bool("force", false, "Overwrite")
	run.Flags().Bool("secret", false, "Hidden")
	_ = run.Flags().MarkHidden("secret")
	group := &cobra.Command{Use: "list", Short: "List things"}
	group.AddCommand(&cobra.Command{Use: "all", Short: "List all", Run: run.Run})
	root.AddCommand(man.New(env), run, group, &cobra.Command{Use: "gone", Hidden: true, Run: run.Run})
	return root
}

func TestPages(t *testing.T) {
	r := trial.New(t, nil)
	stdout, _, err := r.Run(tree, "man", "new/pages")
	require.NoError(t, err)
	assert.Equal(t, "top.1\ntop-copy.1\ntop-list.1\ntop-list-all.1\ntop-man.1\n", stdout, "hidden commands and help have no page")
	page := func(name string) string {
		text, err := os.ReadFile(filepath.Join(r.Env.Dir, "new/pages", name))
		require.NoError(t, err)
		return string(text)
	}
	assert.Equal(t, `.TH "TOP-COPY" "1" "" "phscript v1.2.3" "phscript"
.nh
.ad l
.SH NAME
top-copy \- Copy a file
.SH SYNOPSIS
\fBtop copy FILE [flags]\fR
.SH DESCRIPTION
copy copies a file.
.PP
.nf
  a    kept as it is
.fi
.RS 2
b    `+strings.Repeat("long ", 14)+`
.RE
\&.dotted
.SH OPTIONS
.TP
\fB\-\-as\fR[=\fINAME\fR]
Name it NAME.
.TP
\fB\-\-force\fR
Overwrite.
.TP
\fB\-h\fR, \fB\-\-help\fR
help for copy.
.TP
\fB\-n\fR, \fB\-\-number\fR \fICOUNT\fR
Make COUNT copies (default 3).
.SH EXAMPLES
.nf
top copy \-n a.txt
  indented
.fi
.SH SEE ALSO
\fBtop\fR(1)
`, page("top-copy.1"))
	group := page("top-list.1")
	assert.Contains(t, group, ".SH SYNOPSIS\n\\fBtop list\\fR\n.br\n\\fBtop list\\fR \\fICOMMAND\\fR\n")
	assert.Contains(t, group, ".SH DESCRIPTION\nList things.\n", "without a longer text, the short one describes it")
	assert.Contains(t, group, ".SH COMMANDS\n.TP\n\\fBall\\fR\nList all.\n")
	assert.Contains(t, group, ".SH SEE ALSO\n\\fBtop\\fR(1), \\fBtop\\-list\\-all\\fR(1)\n")
}

func TestFolder(t *testing.T) {
	r := trial.New(t, map[string]string{"file": ""})
	for _, tt := range [][]string{{"takes one folder"}, {"takes one folder", "a", "b"}, {"cannot create the folder", "file"}} {
		_, _, err := r.Run(man.New, tt[1:]...)
		var wrong *usage.Error
		require.ErrorAs(t, err, &wrong)
		assert.Contains(t, wrong.Message, tt[0])
		assert.NotEmpty(t, wrong.Hint)
	}
}
