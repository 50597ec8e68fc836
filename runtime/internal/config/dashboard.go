package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
)

// DefaultDashboard is where 'phscript serve --open' serves the pages.
const DefaultDashboard = "127.0.0.1:8627"

// Dashboard is the [dashboard] table: the pages of phscript serve for people.
type Dashboard struct {
	// Listen is the address of the pages; empty for none.
	Listen string `toml:"listen"`
	// PublicURL is the address that people know if a proxy is in front of the pages. It may
	// have a path.
	PublicURL string `toml:"public_url"`
	// Hosts are more names under which the pages, and those of [serve] listen, may be reached.
	Hosts []string `toml:"hosts"`
	// TLSCert and TLSKey are files with a certificate and its key.
	TLSCert string `toml:"tls_cert"`
	TLSKey  string `toml:"tls_key"`
	// UserHeader is the header in which a proxy names the user that it has signed in.
	// TrustedProxies are the addresses of proxies, and Operators the users who may act.
	UserHeader     string   `toml:"user_header"`
	TrustedProxies []string `toml:"trusted_proxies"`
	Operators      []string `toml:"operators"`
}

var dashboardKeys = []string{"listen", "public_url", "hosts", "tls_cert", "tls_key", "user_header", "trusted_proxies", "operators"}

// check returns what is wrong with the table, and completes its files.
func (d *Dashboard) check(file string) error {
	if d.Listen != "" {
		if err := CheckListen(d.Listen); err != nil {
			return fmt.Errorf("dashboard.listen: %w", err)
		}
	}
	if d.PublicURL != "" {
		u, err := url.Parse(d.PublicURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return errors.New("dashboard.public_url: must be an address such as https://phscript.example.com or https://example.com/phscript")
		}
	}
	for _, host := range d.Hosts {
		if host == "" || strings.ContainsAny(host, "/:@ ") {
			return fmt.Errorf("dashboard.hosts: %q is not the name of a machine, such as worker-1.example.com", host)
		}
	}
	if err := checkTLS("dashboard", file, &d.TLSCert, &d.TLSKey); err != nil {
		return err
	}
	for _, one := range d.TrustedProxies {
		_, failed := netip.ParsePrefix(one)
		if _, err := netip.ParseAddr(one); err != nil && failed != nil {
			return fmt.Errorf("dashboard.trusted_proxies: %q is not an address such as 127.0.0.1, or a network such as 10.0.0.0/8", one)
		}
	}
	if d.UserHeader != "" && len(d.TrustedProxies) == 0 {
		return errors.New("dashboard.user_header: anybody can send a header, so name the addresses of the proxy in trusted_proxies as well")
	}
	if len(d.Operators) > 0 && d.UserHeader == "" {
		return errors.New("dashboard.operators: the names are those that a proxy sends, so set user_header as well; accounts of 'phscript access' have their own role")
	}
	return nil
}

// checkTLS checks the files of a table with a certificate and its key, and completes their
// names: they are beside the configuration file.
func checkTLS(table, file string, cert, key *string) error {
	if (*cert == "") != (*key == "") {
		return errors.New(table + ": tls_cert and tls_key belong together; set both or none")
	}
	for _, name := range []*string{cert, key} {
		if *name != "" && !filepath.IsAbs(*name) {
			*name = filepath.Join(filepath.Dir(file), *name)
		}
	}
	return nil
}

// Certificate returns the files for an address of the service, which has its pages at
// dashboard: those of the table that listens there, and of [dashboard] if both do.
func (c Config) Certificate(address, dashboard string) (cert, key string) {
	switch d, w := c.Dashboard, c.Webhooks; {
	case address == dashboard && d.TLSCert != "":
		return d.TLSCert, d.TLSKey
	case address == w.Listen:
		return w.TLSCert, w.TLSKey
	}
	return "", ""
}

// settings are the settings of the table.
func (d Dashboard) settings() []Setting {
	values := map[string]string{
		"listen": d.Listen, "public_url": d.PublicURL, "hosts": strings.Join(d.Hosts, ", "), "tls_cert": d.TLSCert, "tls_key": d.TLSKey,
		"user_header": d.UserHeader, "trusted_proxies": strings.Join(d.TrustedProxies, ", "), "operators": strings.Join(d.Operators, ", "),
	}
	var list []Setting
	for _, key := range dashboardKeys {
		list = append(list, Setting{Name: "dashboard." + key, Value: values[key]})
	}
	return list
}
