package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"net/textproto"
	"path"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"
	"github.com/wneessen/go-mail"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

const (
	kindEmail = "email"

	mostAttached   = 20 << 20
	mostRecipients = 1000
	defaultPort    = 587
	encryptedPort  = 465
	defaultTimeout = time.Minute
)

func email(a *bindings.Args) (int, error) {
	if err := reachable(a); err != nil {
		return 0, err
	}
	o := a.Options(0)
	a.Host.Network.Hide(o.String("password"))
	m := bindings.Message{Kind: kindEmail, Host: strings.TrimSpace(o.String("host")), Port: defaultPort, Subject: o.String("subject"), Text: o.String("text"), HTML: o.String("html")}
	if o.Has("port") {
		m.Port = o.Int("port")
	}
	timeout := defaultTimeout
	if o.Has("timeout") {
		timeout = time.Duration(o.Int("timeout")) * time.Second
	}
	if err := cmp.Or(refusedHost(m.Host), refusedPort(float64(m.Port)), refusedTimeout(timeout.Seconds())); err != nil {
		return 0, a.Errorf("%w", err)
	}
	switch {
	case o.Has("user") != o.Has("password"):
		return 0, a.Errorf("options 'user' and 'password' belong together")
	case m.Text == "" && m.HTML == "":
		return 0, a.Errorf("the e-mail is empty: pass 'text' or 'html'")
	}
	msg, err := compose(a, &m)
	if err != nil {
		return 0, err
	}
	if isHeld, err := a.Host.Network.Hold(a.Context(), m); err != nil || isHeld {
		return give(a, false, err)
	}
	ctx, cancel := context.WithTimeout(a.Context(), timeout)
	defer cancel()
	conn, err := a.Host.Network.Dial(ctx, m.Host, m.Port)
	if err != nil {
		return 0, failed(a.Context(), m.Host, err)
	}
	d := &delivery{host: m.Host, port: m.Port, user: o.String("user"), password: o.String("password"), timeout: timeout}
	if err := d.send(ctx, conn, msg); err != nil {
		if a.Context().Err() != nil {
			return 0, a.Context().Err()
		}
		return 0, err
	}
	return give(a, true, nil)
}

// compose makes the e-mail. It refuses texts that would add headers.
func compose(a *bindings.Args, m *bindings.Message) (*mail.Msg, error) {
	o := a.Options(0)
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	for _, name := range []string{"from", "to", "cc", "bcc", "reply_to", "subject"} {
		for _, text := range o.Strings(name) {
			if strings.ContainsFunc(text, unicode.IsControl) {
				return nil, a.Errorf("option '%s' has a line break or another control character, which could add headers", name)
			}
		}
	}
	from, err := address(a, "from", o.String("from"))
	if err != nil {
		return nil, err
	}
	msg.FromMailAddress(from)
	m.From = from.Address
	for _, one := range []struct {
		name string
		set  func(...*netmail.Address)
	}{{"to", msg.ToMailAddress}, {"cc", msg.CcMailAddress}, {"bcc", msg.BccMailAddress}} {
		var list []*netmail.Address
		for _, text := range o.Strings(one.name) {
			at, err := address(a, one.name, text)
			if err != nil {
				return nil, err
			}
			list = append(list, at)
			m.To = append(m.To, at.Address)
		}
		if len(list) > 0 {
			one.set(list...)
		}
	}
	switch {
	case len(m.To) == 0:
		return nil, a.Errorf("the e-mail has no recipients: pass 'to', 'cc' or 'bcc'")
	case len(m.To) > mostRecipients:
		return nil, a.Errorf("the e-mail has %s recipients, and at most %s are allowed", humanize.Comma(int64(len(m.To))), humanize.Comma(mostRecipients))
	}
	if o.Has("reply_to") {
		at, err := address(a, "reply_to", o.String("reply_to"))
		if err != nil {
			return nil, err
		}
		if err := msg.ReplyTo(at.String()); err != nil {
			return nil, err
		}
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(a.Host.Clock.Now())
	msg.SetMessageID()
	if m.Text == "" {
		msg.SetBodyString(mail.TypeTextHTML, m.HTML)
	} else {
		msg.SetBodyString(mail.TypeTextPlain, m.Text)
		if m.HTML != "" {
			msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
		}
	}
	return msg, attach(a, msg, m)
}

// address reads the address of a person.
func address(a *bindings.Args, option, text string) (*netmail.Address, error) {
	at, err := netmail.ParseAddress(text)
	if err != nil {
		return nil, a.Errorf("%w", refusedAddress(option)(text))
	}
	return at, nil
}

// refusedAddress returns a check of the addresses of an option.
func refusedAddress(option string) func(string) error {
	return func(text string) error {
		if _, err := netmail.ParseAddress(text); err != nil {
			return fmt.Errorf("option '%s': %q is not an e-mail address, such as kim@example.com or Kim <kim@example.com>", option, text)
		}
		return nil
	}
}

func refusedHost(host string) error {
	if host == "" || strings.ContainsAny(host, "/@ ") {
		return fmt.Errorf("option 'host' must be the name of a server, such as smtp.example.com, not %q", host)
	}
	return nil
}

func refusedPort(port float64) error {
	if port < 1 || port > 65535 {
		return fmt.Errorf("option 'port' must be from 1 to 65535, not %v", port)
	}
	return nil
}

// refusedTimeout looks at whole seconds, as a timeout is read.
func refusedTimeout(seconds float64) error {
	if int(seconds) < 1 || int(seconds) > 3600 {
		return errors.New("option 'timeout' must be from 1 to 3,600 seconds")
	}
	return nil
}

// attach attaches files, whose contents it reads.
func attach(a *bindings.Args, msg *mail.Msg, m *bindings.Message) error {
	left := int64(mostAttached)
	for _, name := range a.Options(0).Strings("attachments") {
		file, err := a.Host.Files.OpenRead(name)
		if err != nil {
			return bindings.FileError(a.Host.Files, "read", name, err)
		}
		content, err := io.ReadAll(io.LimitReader(file, left+1))
		_ = file.Close()
		if err != nil {
			return bindings.FileError(a.Host.Files, "read", name, err)
		}
		if left -= int64(len(content)); left < 0 {
			return a.Errorf("the attachments have more than %s together; put them where people can download them, and send the address", humanize.IBytes(mostAttached))
		}
		shown := path.Base(filepath.ToSlash(name))
		if strings.ContainsFunc(shown, unicode.IsControl) {
			return a.Errorf("the name of the file %q has a control character", shown)
		}
		if err := msg.AttachReader(shown, bytes.NewReader(content)); err != nil {
			return err
		}
		m.Attachments = append(m.Attachments, name)
	}
	return nil
}

// delivery is how a server takes a message.
type delivery struct {
	host           string
	port           int
	user, password string
	timeout        time.Duration
}

// send hands a message to the server at the other end of a connection, which it closes.
// The connection is encrypted unless its other end is this machine.
func (d *delivery) send(ctx context.Context, conn net.Conn, msg *mail.Msg) error {
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	config := &tls.Config{ServerName: d.host, MinVersion: tls.VersionTLS12}
	policy, auth := mail.TLSMandatory, mail.SMTPAuthAutoDiscover
	here := false
	if at, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		here = at.IP.IsLoopback()
	}
	switch {
	case d.port == encryptedPort:
		conn, policy = tls.Client(conn, config), mail.TLSOpportunistic
	case here:
		policy, auth = mail.TLSOpportunistic, mail.SMTPAuthPlainNoEnc
	}
	options := []mail.Option{
		mail.WithPort(d.port), mail.WithTimeout(d.timeout), mail.WithTLSConfig(config), mail.WithTLSPolicy(policy), mail.WithoutNoop(),
		mail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
	}
	if d.user != "" {
		options = append(options, mail.WithSMTPAuth(auth), mail.WithUsername(d.user), mail.WithPassword(d.password))
	}
	client, err := mail.NewClient(d.host, options...)
	if err != nil {
		return err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return d.explain(ctx, err, false)
	}
	if err := client.Send(msg); err != nil {
		return d.explain(ctx, err, true)
	}
	_ = client.Close() // the message has been taken
	return nil
}

// explain makes the error of a server. sending reports whether it had the message's
// recipients.
func (d *delivery) explain(ctx context.Context, err error, sending bool) error {
	bad := &planhat.Error{Kind: planhat.KindNetwork, Message: fmt.Sprintf("%s did not take the e-mail: %s", d.host, line(err.Error())), Err: err}
	var sent *mail.SendError
	if sending && errors.As(err, &sent) {
		bad.Uncertain = sent.Reason == mail.ErrSMTPDataClose && sent.ErrorCode() == 0
	}
	var answer *textproto.Error
	code := 0
	if errors.As(err, &answer) {
		code = answer.Code
	}
	if sent != nil {
		code = cmp.Or(code, sent.ErrorCode())
	}
	switch {
	case ctx.Err() != nil:
		bad.Kind, bad.Message = planhat.KindTimeout, fmt.Sprintf("%s did not take the e-mail within %s", d.host, d.timeout)
	case strings.Contains(err.Error(), "STARTTLS"):
		bad.Kind, bad.Message = planhat.KindPermission, d.host+" does not encrypt the connection, so others could read the e-mail and the password"
		bad.Hint = "use the port on which the server encrypts, usually 587 or 465"
	case code == 535 || code == 534 || code == 530 || code == 538:
		bad.Kind, bad.Hint = planhat.KindAuth, "check user and password; some providers need a password for this app"
	case code >= 500:
		bad.Kind = planhat.KindValidation
	case code >= 400:
		bad.Kind, bad.Retryable = planhat.KindServer, true
	}
	return bad
}

// line returns a text on one line.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
