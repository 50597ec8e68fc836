package hooks

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// reader reads the secrets of webhooks.
func reader(env *environment.Env) hooks.Reader {
	return hooks.Reader{Getenv: env.Getenv, ReadFile: func(name string) ([]byte, error) { return env.ReadFile(env.Path(name)) }}
}

// send sends a body to a webhook of the running service.
func send(env *environment.Env, o *options) error {
	c, _, err := o.Look(env)
	if err != nil {
		return err
	}
	h, err := o.one(c, o.Args[0])
	if err != nil {
		return err
	}
	base, err := o.service(c)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for _, text := range o.headers {
		name, value, ok := strings.Cut(text, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return &usage.Error{Message: "--header " + text + " is not a header", Hint: "write it as NAME: VALUE"}
		}
		header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	var body []byte
	if o.file == "-" {
		body, err = io.ReadAll(env.Stdin)
	} else {
		body, err = env.ReadFile(env.Path(o.file))
	}
	if err != nil {
		failed := &usage.Error{Message: fmt.Sprintf("cannot read the body in %s: %v", o.file, err), Hint: "check the path after --file"}
		if o.file == "-" {
			failed.Hint = "name a file with --file, or pipe the body into the command"
		}
		return failed
	}
	id := o.id
	if id == "" {
		id = "test_" + rand.Text()
	}
	ctx, release := env.UntilInterrupted()
	defer release()
	var cert []byte
	if name, _ := c.Certificate(c.Webhooks.Listen, c.Dashboard.Listen); o.url == "" && name != "" {
		if cert, err = env.ReadFile(name); err != nil {
			return &usage.Error{Message: "cannot read the certificate of the service: " + err.Error(), Hint: "check tls_cert in phscript.toml"}
		}
	}
	answer, err := h.Send(ctx, reader(env), base, cert, body, header, id, env.Now())
	return o.report(env, answer, err, base)
}

// service is the address of the service on this machine.
func (o *options) service(c config.Config) (string, error) {
	if o.url != "" {
		if u, err := url.Parse(o.url); err != nil || u.Host == "" {
			return "", &usage.Error{Message: "--url " + o.url + " is not an address", Hint: "write it as http://127.0.0.1:8628"}
		}
		return o.url, nil
	}
	host, port, err := net.SplitHostPort(c.Webhooks.Listen)
	if err != nil {
		return "", &usage.Error{Message: "the service does not listen for events", Hint: `write listen = "127.0.0.1:8628" under [webhooks] in phscript.toml, or name its address with --url`}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http://"
	if name, _ := c.Certificate(c.Webhooks.Listen, c.Dashboard.Listen); name != "" {
		scheme = "https://"
	}
	return scheme + net.JoinHostPort(host, port), nil
}

// forward sends a stored event to another address.
func forward(env *environment.Env, o *options) error {
	id, err := o.eventID(o.Args[0])
	if err != nil {
		return err
	}
	if u, err := url.Parse(o.to); err != nil || u.Host == "" {
		return &usage.Error{Message: "--to is not an address", Hint: "write it as --to http://localhost:3000/hooks"}
	}
	ctx, release := env.UntilInterrupted()
	defer release()
	return o.WithStore(env, func(_ context.Context, _ *serve.Schedules, db *store.DB) error {
		e, err := hooks.NewEvents(db).Get(ctx, id)
		if err != nil {
			return o.found(id, err)
		}
		if e.NoBody {
			return &usage.Error{Message: fmt.Sprintf("event %d cannot be sent, because its body was deleted", id)}
		}
		h, _ := o.one(o.Config, e.Hook) // it may be configured on another machine
		answer, err := e.Forward(ctx, h, reader(env), o.to, env.Now())
		return o.report(env, answer, err, o.to)
	})
}

// report prints what a receiver has answered.
func (o *options) report(env *environment.Env, a hooks.Answer, err error, to string) error {
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			return &usage.Failure{Message: to + " cannot be reached: " + failed.Err.Error(), Hint: "check whether the service is running"}
		}
		return err
	}
	text := strings.TrimSpace(display.Text(a.Text))
	if a.Status >= 200 && a.Status < 300 {
		fmt.Fprintf(env.Stdout, "accepted: %d %s\n", a.Status, http.StatusText(a.Status))
		if text != "" {
			fmt.Fprintln(env.Stdout, text)
		}
		return nil
	}
	failed := &usage.Failure{Message: fmt.Sprintf("not accepted: %d %s", a.Status, http.StatusText(a.Status))}
	switch a.Status {
	case http.StatusUnauthorized, http.StatusServiceUnavailable, http.StatusRequestEntityTooLarge:
		failed.Hint = "'phscript hooks list --refused' says why, if the service is phscript"
	}
	return failed
}
