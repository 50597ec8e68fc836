package outcome

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/fault"
)

func TestCode(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want int
	}{
		"none":                               {nil, 0},
		"a script":                           {&fault.ScriptError{Message: "x"}, 1},
		"os.exit":                            {&fault.ExitError{Code: 7}, 7},
		"os.exit, wrapped":                   {fmt.Errorf("x: %w", &fault.ExitError{Code: 8}), 8},
		"os.exit, more than a byte":          {&fault.ExitError{Code: 256}, 255},
		"os.exit, far more":                  {&fault.ExitError{Code: 1 << 40}, 255},
		"os.exit, negative":                  {&fault.ExitError{Code: -256}, 255},
		"a limit":                            {&fault.ScriptError{Cause: &fault.LimitError{What: "memory"}}, 5},
		"a deadline":                         {context.DeadlineExceeded, 5},
		"Ctrl-C":                             {&fault.ScriptError{Cause: fault.ErrInterrupted}, 130},
		"SIGTERM":                            {&fault.ScriptError{Cause: fault.StoppedBy(syscall.SIGTERM)}, 143},
		"Ctrl-C and a call that was cut off": {errors.Join(fault.ErrInterrupted, &planhat.Error{Kind: planhat.KindTimeout}), 130},
		"no token":                           {&planhat.Error{Kind: planhat.KindConfig}, 2},
		"a wrong token":                      {&fault.ScriptError{Cause: &planhat.Error{Kind: planhat.KindAuth}}, 4},
		"no permission":                      {&planhat.Error{Kind: planhat.KindPermission}, 4},
		"a slow answer":                      {&planhat.Error{Kind: planhat.KindTimeout}, 5},
		"the quota":                          {&planhat.Error{Kind: planhat.KindRateLimited}, 5},
		"rejected rows":                      {&planhat.Error{Kind: planhat.KindPartial}, 3},
		"failed requests":                    {&planhat.Error{Kind: planhat.KindPartial, Result: &planhat.BulkResult{FailedChunks: 1}}, 1},
		"a server's fault":                   {&planhat.Error{Kind: planhat.KindServer}, 1},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, Code(tt.err)) })
	}
}
