package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Webhook is one [[webhook]] as it is written. Package hooks says what it means and whether
// it makes sense.
type Webhook struct {
	Name   string `toml:"name"`
	Script string `toml:"script"`
	// Path is where events arrive, "/hooks/NAME" if it is empty.
	Path string `toml:"path"`
	// Scheme is how the sender signs. Header, Encoding and Prefix are for schemes that
	// leave them to the user.
	Scheme   string `toml:"scheme"`
	Header   string `toml:"header"`
	Encoding string `toml:"encoding"`
	Prefix   string `toml:"prefix"`
	// SecretEnv names the variable of the only secret; Secrets are several.
	SecretEnv string          `toml:"secret_env"`
	Secrets   []WebhookSecret `toml:"secrets"`
	// Key is what events have in common that are handled in order, and Dedupe what tells
	// them apart.
	Key    Places `toml:"key"`
	Dedupe Places `toml:"dedupe"`
	// Batch is how many events a run gets at most, after it has waited Within for more.
	// AtOnce is how many runs are in progress at most.
	Batch  int    `toml:"batch"`
	Within string `toml:"within"`
	AtOnce int    `toml:"at_once"`
	// MaxBody and MaxWaiting bound what is accepted.
	MaxBody    string `toml:"max_body"`
	MaxWaiting int    `toml:"max_waiting"`
	// Tries is how often an event is handed to the script, and RetryPause the first pause
	// between two tries. AfterParked is "continue" or "wait".
	Tries       int    `toml:"tries"`
	RetryPause  string `toml:"retry_pause"`
	AfterParked string `toml:"after_parked"`
	// KeepBodies is false to delete the body of an event that was handled.
	KeepBodies *bool `toml:"keep_bodies"`
	Enabled    *bool `toml:"enabled"`

	Profile   string `toml:"profile"`
	Params    Params `toml:"params"`
	Timeout   string `toml:"timeout"`
	MaxMemory string `toml:"max_memory"`
	DryRun    bool   `toml:"dry_run"`

	AllowWrite []string `toml:"allow_write"`
	AllowRead  []string `toml:"allow_read"`
	AllowEnv   []string `toml:"allow_env"`
	AllowNet   []string `toml:"allow_net"`

	OnFailure  []Action `toml:"on_failure"`
	OnRecovery []Action `toml:"on_recovery"`
}

// WebhookSecret says where a secret is, and until when it is accepted.
type WebhookSecret struct {
	Env  string `toml:"env"`
	File string `toml:"file"`
	// Until is a date or a time, "" for no end.
	Until string `toml:"until"`
}

// Webhooks is the [webhooks] table.
type Webhooks struct {
	// Listen is the address for events; empty for none.
	Listen string `toml:"listen"`
	// PublicURL is the address that senders know, without the paths of webhooks.
	PublicURL string `toml:"public_url"`
	// TLSCert and TLSKey are files with a certificate and its key.
	TLSCert string `toml:"tls_cert"`
	TLSKey  string `toml:"tls_key"`
	// MaxMemory bounds the bodies that are being received.
	MaxMemory string `toml:"max_memory"`
}

// Reactions are the webhook's own.
func (w Webhook) Reactions() []Reaction {
	return []Reaction{{"on_failure", w.OnFailure}, {"on_recovery", w.OnRecovery}}
}

// Run returns the settings of its runs.
func (w Webhook) Run() Schedule {
	return Schedule{
		Name: w.Name, Script: w.Script, Profile: w.Profile, Params: w.Params, Timeout: w.Timeout, MaxMemory: w.MaxMemory, DryRun: w.DryRun,
		AllowWrite: w.AllowWrite, AllowRead: w.AllowRead, AllowEnv: w.AllowEnv, AllowNet: w.AllowNet,
	}
}

// Places are parts of an event, such as "issue.id" in its body, or "header:X-Id". Nil is the
// default.
type Places []string

// UnmarshalTOML reads one or a list of them.
func (p *Places) UnmarshalTOML(written any) error {
	*p = Places{}
	list, ok := written.([]any)
	if !ok {
		list = []any{written}
	}
	for _, one := range list {
		text, ok := one.(string)
		if !ok { // package hooks says how to write it, with the name of the webhook
			text = "."
		}
		*p = append(*p, text)
	}
	return nil
}

var webhookKeys = []string{
	"name", "path", "script", "scheme", "header", "encoding", "prefix", "secret_env", "secrets", "key", "dedupe", "batch", "within", "at_once",
	"max_body", "max_waiting", "tries", "retry_pause", "after_parked", "keep_bodies", "enabled", "profile", "params", "timeout", "max_memory", "dry_run",
	"allow_write", "allow_read", "allow_env", "allow_net", "on_failure", "on_recovery",
}

var webhooksKeys = []string{"listen", "public_url", "tls_cert", "tls_key", "max_memory"}

// check returns what is wrong with the table, and completes its files.
func (w *Webhooks) check(file string) error {
	if w.Listen != "" {
		if err := CheckListen(w.Listen); err != nil {
			return fmt.Errorf("webhooks.listen: %w", err)
		}
	}
	if w.PublicURL != "" {
		u, err := url.Parse(w.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return errors.New("webhooks.public_url: must be an address such as https://hooks.example.com")
		}
	}
	if err := checkTLS("webhooks", file, &w.TLSCert, &w.TLSKey); err != nil {
		return err
	}
	if err := Set("webhooks.max_memory: ", w.MaxMemory, new(int64), ParseSize); err != nil {
		return err
	}
	return nil
}

// settings are the settings of the table.
func (w Webhooks) settings() (list []Setting) {
	values := map[string]string{"listen": w.Listen, "public_url": w.PublicURL, "tls_cert": w.TLSCert, "tls_key": w.TLSKey, "max_memory": w.MaxMemory}
	for _, key := range webhooksKeys {
		list = append(list, Setting{Name: "webhooks." + key, Value: values[key]})
	}
	return list
}

// URL is the address of a path as senders know it.
func (w Webhooks) URL(path string) string { return strings.TrimSuffix(w.PublicURL, "/") + path }
