// Package outcome has the exit code of a run, and its summary for people and other
// programs.
package outcome

import (
	"context"
	"errors"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/fault"
)

// Code returns the exit code of a process that ends with an error: that of a
// fault.Exiter in its chain, or else that of its kind.
func Code(err error) int {
	if err == nil {
		return fault.ExitDone
	}
	if exiter, ok := errors.AsType[fault.Exiter](err); ok {
		return exiter.ExitCode()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault.ExitLimit
	}
	if call, ok := errors.AsType[*planhat.Error](err); ok && call.Kind == planhat.KindPartial && call.Result != nil && call.Result.FailedChunks > 0 {
		return fault.ExitScript // requests failed: more than rows that were rejected
	}
	switch planhat.KindOf(err) {
	case planhat.KindConfig:
		return fault.ExitUsage
	case planhat.KindAuth, planhat.KindPermission:
		return fault.ExitAuth
	case planhat.KindTimeout, planhat.KindRateLimited:
		return fault.ExitLimit
	case planhat.KindPartial:
		return fault.ExitRejected
	}
	return fault.ExitScript
}
