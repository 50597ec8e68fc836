package network

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// Dial connects to a port of a host that the run may reach. The address is checked as that
// of a request, but no proxy is used.
func (n *Network) Dial(ctx context.Context, host string, port int) (net.Conn, error) {
	u := addressOf(host, port)
	if err := n.Allowed(u); err != nil {
		return nil, err
	}
	if n.options.Offline {
		return nil, &Refusal{Message: "a replay reaches no other system, so " + u.Host + " was not connected to", Kind: "not_found"}
	}
	if n.options.Stubs != nil {
		return nil, &Refusal{Message: "tests and --simulate reach no other system, so " + u.Host + " was not connected to", Kind: "not_found"}
	}
	conn, err := n.dialer.DialContext(ctx, "tcp", u.Host)
	if refused, ok := errors.AsType[*Refusal](err); ok {
		return nil, &Refusal{Message: "the script may not reach " + u.Host + ": " + refused.Message, Hint: refused.Hint}
	}
	return conn, err
}

func addressOf(host string, port int) *url.URL {
	return &url.URL{Scheme: "https", Host: net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(port))}
}

// Hold keeps a message in place of sending it, in a dry run and where stubs answer
// requests, and reports whether it did. It fails if the run may not reach the host.
func (n *Network) Hold(ctx context.Context, m bindings.Message) (bool, error) {
	u := addressOf(m.Host, m.Port)
	if err := n.Allowed(u); err != nil {
		return false, err
	}
	simulated := n.options.Stubs != nil
	if !simulated && !n.Withheld() && !n.options.Offline {
		return false, nil
	}
	why := "simulated: not sent"
	if n.options.Offline {
		why = "replay: not sent"
	}
	if n.Withheld() {
		why = "dry run: not sent"
		if n.options.Plan != nil {
			n.options.Plan(planhat.Write{Model: "notify", Operation: m.Kind, Method: strings.ToUpper(m.Kind), Path: u.Host, Rows: 1})
		}
	}
	n.options.Log.LogAttrs(ctx, slog.LevelInfo, why, slog.String("message", fmt.Sprintf("%s through %s", m.Kind, u.Host)))
	if simulated {
		n.options.Stubs.mu.Lock()
		defer n.options.Stubs.mu.Unlock()
		n.options.Stubs.held = append(n.options.Stubs.held, m)
		return true, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = append(n.held, m)
	return true, nil
}

// Held returns the messages that were not sent.
func (n *Network) Held() []bindings.Message {
	if n.options.Stubs != nil {
		n.options.Stubs.mu.Lock()
		defer n.options.Stubs.mu.Unlock()
		return slices.Clone(n.options.Stubs.held)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.held)
}
