package schedule

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/header"
)

// SignatureOf are the parameters that a script declares, never nil.
func SignatureOf(says *header.Header) []header.Param {
	return append([]header.Param{}, says.Params...)
}

// Asked returns the parameters of a run that somebody asks for: those of the schedule or
// of an earlier run, and over them the given ones, converted to the types that the script
// declares. null takes a parameter away. If the signature is nil, it is not known, and the
// run checks them itself. An error is a *header.ParamError, or about the length.
func Asked(own config.Params, signature []header.Param, given map[string]json.RawMessage) (config.Params, error) {
	if len(given) == 0 {
		return own, nil
	}
	set, err := header.Values([]byte(own.JSON()))
	if err != nil {
		return own, err
	}
	all := maps.Clone(set)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	maps.Copy(all, given)
	says := &header.Header{Params: slices.Clone(signature)}
	for i := range says.Params {
		p := &says.Params[i]
		if _, ok := given[p.Name]; ok && p.Secret {
			return own, &header.ParamError{
				Name: p.Name, Param: p, Message: "the parameter " + p.Name + " is a secret, and parameters of runs are kept in the history",
				Hint: "leave it out, and set the environment variable " + p.Variable() + " of the service",
			}
		}
		// The service took its own parameters when it started, so what is missing there
		// comes from its variables.
		if _, ok := set[p.Name]; !ok {
			p.Optional = true
		}
	}
	bound, failed := says.Bind(all, header.Names(given))
	if failed != nil {
		if failed.Missing {
			failed.Hint = "give it a value"
		}
		return own, failed
	}
	for name := range all {
		if value, ok := bound[name]; ok && string(all[name]) != "null" {
			all[name] = value
		} else {
			delete(all, name) // the run finds its default
		}
	}
	params, err := config.ParamsOf(all)
	if err == nil && len(params.JSON()) > MostParams {
		err = fmt.Errorf("the parameters must be at most %d KiB; put larger values in a file that the script reads", MostParams>>10)
	}
	return params, err
}
