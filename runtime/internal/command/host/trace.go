package host

import (
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/wire"
)

// traceHead is the first line of a file of --trace-http.
const traceHead = "# HTTP requests and responses, without secrets\n"

// traceFile is what --trace-http names.
var traceFile = printing.Output{Flag: "--trace-http", What: "the HTTP trace", Begins: traceHead, Private: true}

// toStderr is the value of --trace-http without a file.
const toStderr = "-"

// AddTrace adds the flag --trace-http to a command.
func (o *Options) AddTrace(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.TraceHTTP, "trace-http", "", "Show each HTTP request and its response on standard error, without secrets; =`FILE` writes them to a file")
	f.Lookup("trace-http").NoOptDefVal = toStderr
}

// trace shows the requests of runs if --trace-http asks for it.
func (o *Options) trace(env *environment.Env, h *Opened, options *runtime.Options) error {
	to := env.Stderr
	switch o.TraceHTTP {
	case "":
		return nil
	case toStderr:
	default:
		if err := traceFile.Check(env, o.TraceHTTP); err != nil {
			return err
		}
		name := env.Path(o.TraceHTTP)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err == nil {
			_, err = f.WriteString(traceHead)
		}
		if err != nil {
			return printing.NotWritten(o.TraceHTTP, traceFile.What, err)
		}
		h.traced, to = f, f
		options.PrivateFiles = append(options.PrivateFiles, name)
	}
	t, inside := wire.New(to, h.Secrets, env.Now), options.Transport
	options.Transport = t.Transport
	if inside != nil {
		options.Transport = func(next http.RoundTripper) http.RoundTripper { return t.Transport(inside(next)) }
	}
	return nil
}
