package planhat

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

//go:generate go run ./internal/genservices

// Planhat's own hosts.
const (
	DefaultBaseURL      = "https://api.planhat.com"
	DefaultAnalyticsURL = "https://analytics.planhat.com"
)

// defaultRequestTimeout bounds one attempt.
const defaultRequestTimeout = 3 * time.Minute

// RegionalURL returns the main host of a cluster, such as "us2" or "eu3". The
// analytics host is the same for all clusters.
func RegionalURL(cluster string) string {
	if cluster == "" {
		return DefaultBaseURL
	}
	return "https://api-" + url.PathEscape(strings.ToLower(cluster)) + ".planhat.com"
}

// Config sets a Client up. Only a token is needed.
type Config struct {
	// APIToken is a service account's access token, for the main host.
	// TenantToken is the tenant's UUID, for writing metrics and activities.
	APIToken, TenantToken string
	// BaseURL and AnalyticsURL are the two hosts, Planhat's by default. They
	// may carry a base path.
	BaseURL, AnalyticsURL string
	// BasicAuth sends the token as a user name without a password, in place
	// of a Bearer token.
	BasicAuth bool

	// HTTPClient replaces the default one, which sends through NewTransport.
	// It is not changed, and its connections stay open at Close. Clients with
	// the same one share connections.
	HTTPClient *http.Client
	// UserAgent is sent with every request.
	UserAgent string
	// RequestTimeout bounds one attempt, answer included; default 3 minutes.
	RequestTimeout time.Duration

	// MaxAnswer is how many bytes one answer may have; default 1 GiB.
	MaxAnswer int64

	// Limiter is shared by everything that uses the same tenant. Nil makes one
	// with Planhat's limits for this client alone.
	Limiter *Limiter
	// Retry says how failures are repeated.
	Retry RetryPolicy
	// Gate sees every write before it is sent; nil lets all pass.
	Gate Gate
	// Recorder, if set, records writes.
	Recorder Recorder
	// Planner, if set, answers reads, and the writes that the gate withholds.
	Planner Planner
	// Observer is told about attempts and outcomes; nil for none.
	Observer Observer
	// Logger gets each attempt at debug level, pauses of the whole quota at
	// info level and each retry with its reason as a warning. Nil discards
	// them.
	Logger *slog.Logger
	// Quiet logs a wait once, and not again each minute.
	Quiet bool
}

// Client talks to one tenant. Its fields are the services of the models, so
// that client.Company.GetByID(ctx, id) reads a company. It is safe for
// concurrent use.
type Client struct {
	Services

	base, analytics *url.URL
	apiToken        string
	tenantToken     string
	basicAuth       bool
	userAgent       string
	timeout         time.Duration
	maxAnswer       int64

	http *http.Client
	// ownHTTP is set if the HTTP client is not the caller's.
	ownHTTP  bool
	limiter  *Limiter
	retry    RetryPolicy
	gate     Gate
	planner  Planner
	recorder Recorder
	observer Observer
	log      *slog.Logger
	quiet    bool
	redact   *Redactor

	resources map[string]*Resource
	open      openLists
	wait      waiting
	away      map[catalog.Host]*outage
	dryRuns   atomic.Int64
	clockTold atomic.Bool
	// sizes are those of the last answers, by operation.
	sizes sync.Map
}

// New returns a client, or an *Error of KindConfig. It sends nothing.
func New(cfg Config) (*Client, error) {
	c := &Client{
		apiToken:    strings.TrimSpace(cfg.APIToken),
		tenantToken: strings.TrimSpace(cfg.TenantToken),
		basicAuth:   cfg.BasicAuth,
		userAgent:   cfg.UserAgent,
		timeout:     cfg.RequestTimeout,
		maxAnswer:   cmp.Or(cfg.MaxAnswer, 1<<30),
		limiter:     cfg.Limiter,
		retry:       cfg.Retry.withDefaults(),
		gate:        cfg.Gate,
		planner:     cfg.Planner,
		recorder:    cfg.Recorder,
		observer:    cfg.Observer,
		log:         cfg.Logger,
		quiet:       cfg.Quiet,
	}
	if c.apiToken == "" && c.tenantToken == "" {
		return nil, &Error{
			Kind: KindConfig, Message: "no Planhat token is set",
			Hint: "create an access token in Planhat under Settings, Service Accounts (or Private Apps), and pass it as the API token",
		}
	}
	for _, token := range []string{c.apiToken, c.tenantToken} {
		if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r == 0x7f || r > 0xff }) {
			return nil, &Error{
				Kind: KindConfig, Message: "a Planhat token contains a space, a line break or another invalid character",
				Hint: "copy the token again, without quotes or line breaks",
			}
		}
	}
	c.redact = NewRedactor(c.apiToken, c.tenantToken)
	var err error
	if c.base, err = parseHost("BaseURL", cfg.BaseURL, DefaultBaseURL); err != nil {
		return nil, err
	}
	if c.analytics, err = parseHost("AnalyticsURL", cfg.AnalyticsURL, DefaultAnalyticsURL); err != nil {
		return nil, err
	}
	if c.timeout <= 0 {
		c.timeout = defaultRequestTimeout
	}
	if c.limiter == nil {
		c.limiter = NewLimiter(LimiterConfig{})
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.userAgent == "" {
		c.userAgent = "phscript"
	}
	c.http, c.ownHTTP = newHTTPClient(cfg.HTTPClient), cfg.HTTPClient == nil || cfg.HTTPClient.Transport == nil
	c.away = map[catalog.Host]*outage{catalog.Main: {}, catalog.Analytics: {}}
	c.resources = make(map[string]*Resource)
	for _, m := range catalog.Load().Models {
		c.resources[m.Snake] = &Resource{client: c, model: m}
	}
	c.Services = newServices(c.resources)
	return c, nil
}

func parseHost(field, given, fallback string) (*url.URL, error) {
	if given == "" {
		given = fallback
	}
	u, err := url.Parse(strings.TrimSpace(given))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, &Error{
			Kind: KindConfig, Message: field + " is not the URL of a host",
			Hint: "write it like " + fallback + ", without a query or a user name",
		}
	}
	return u, nil
}

// Close drops the idle connections, unless they are those of Config.HTTPClient.
// The client stays usable.
func (c *Client) Close() {
	if c.ownHTTP {
		c.http.CloseIdleConnections()
	}
}

// Limiter returns the limiter that the client uses.
func (c *Client) Limiter() *Limiter { return c.limiter }

// Model returns the resource with the catalog's snake_case name, or an *Error
// of KindConfig that suggests the nearest one.
func (c *Client) Model(snake string) (*Resource, error) {
	if c.resources == nil {
		return nil, errUnmade()
	}
	if r := c.resources[snake]; r != nil {
		return r, nil
	}
	names := make([]string, 0, len(c.resources))
	for _, m := range catalog.Load().Models {
		names = append(names, m.Snake)
	}
	return nil, &Error{
		Kind: KindConfig, Message: "Planhat has no model called " + quote(snake),
		Hint: cmp.Or(catalog.Question(catalog.Nearest(snake, names)), "the models are "+strings.Join(names, ", ")),
	}
}

// Resource returns the operations of a model, which catalog.Declare may have made.
func (c *Client) Resource(m *catalog.Model) *Resource {
	if c.resources == nil || m == nil {
		return nil
	}
	return &Resource{client: c, model: m}
}

// idleTimeout is shorter than that of usual servers and load balancers. One that
// closes a connection just when a create goes out on it leaves open whether the
// create was carried out.
const idleTimeout = 30 * time.Second

// NewTransport returns the transport of a client without an HTTPClient, to share
// it between clients or to wrap it. It keeps connections alive, accepts gzip,
// verifies certificates and takes its proxy from the environment.
func NewTransport() *http.Transport {
	t := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if usual, ok := http.DefaultTransport.(*http.Transport); ok {
		t = usual.Clone()
	}
	t.MaxIdleConnsPerHost = DefaultParallel
	t.IdleConnTimeout = idleTimeout
	return t
}

// newHTTPClient returns the client to send with, which never follows a
// redirect by itself: a token must not reach a host that wasn't configured.
func newHTTPClient(given *http.Client) *http.Client {
	c := &http.Client{}
	if given != nil {
		*c = *given
	}
	if c.Transport == nil {
		c.Transport = NewTransport()
	}
	if c.CheckRedirect == nil {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return c
}
