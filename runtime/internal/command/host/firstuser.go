package host

import (
	"context"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/command/environment"
)

// FirstUser makes the smallest request, once: for the id of the first user. It shows whether
// Planhat accepts a token. Its error is a *planhat.Error.
func FirstUser(ctx context.Context, env *environment.Env, c planhat.Config) error {
	c.UserAgent, c.Retry = "phscript/"+env.Version, planhat.RetryPolicy{MaxAttempts: 1, MaxPauses: 1}
	client, err := planhat.New(c)
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = client.User.GetList(ctx, planhat.ListOptions{Select: []string{"_id"}, Limit: 1})
	return err
}
