package runtime

import (
	"context"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// newTokens finds the tokens of other systems: in the caller's store, or in memory while
// the Runtime lasts. What stubs issue is worth nothing elsewhere.
func (r *Runtime) newTokens(o *Options) bindings.TokenStore {
	if o.Tokens == nil || o.Stubs != nil {
		return &r.tokens
	}
	return o.Tokens
}

// privateKey reads a private key for a module, which does not give it to the script.
func (h *host) privateKey(ctx context.Context, file, variable string) ([]byte, error) {
	if file != "" {
		text, err := h.box.ReadKey(file)
		if err != nil {
			return nil, bindings.FileError(h.box, "read", file, err)
		}
		return text, nil
	}
	text, _ := h.opts.Env(variable)
	if text == "" && h.opts.Credential != nil {
		var err error
		if text, err = h.opts.Credential(ctx, variable); err != nil {
			return nil, err
		}
	}
	if text == "" {
		return nil, &planhat.Error{Kind: planhat.KindConfig, Message: "the environment variable " + variable + ", which holds the private key, is not set"}
	}
	return []byte(text), nil
}
