package web

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	randv2 "math/rand/v2"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// record is what is stored of a token, encrypted.
type record struct {
	Access  string    `json:"access,omitzero"`
	Refresh string    `json:"refresh,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
	// Sent is when Refresh was sent by a process that has not stored what came back.
	Sent time.Time `json:"sent,omitzero"`
	// Blocked is until when the service accepts no request for a token.
	Blocked time.Time `json:"blocked,omitzero"`
	// Refused is when the service refused Refresh.
	Refused time.Time `json:"refused,omitzero"`
}

// token gets an access token when it is first needed, and renews it. Everything that
// uses the same credential shares it through the store.
type token struct {
	grant
	// name identifies the credential in the store.
	name string
	seal cipher.AEAD

	mu    sync.Mutex
	known record
	// unsaved, if set, was issued but could not be stored yet.
	unsaved *unsaved
	// ended is the error of an authorization that has ended.
	ended *planhat.Error
	// untried is the token that this run got, until a service has accepted it.
	untried string
}

// unsaved is a new token, what is stored until it is, and the access token before.
type unsaved struct {
	record
	mark     []byte
	previous string
}

const (
	// lease is how long a process may take to renew a token. It is longer than a request.
	lease          = 30 * time.Second
	requestTimeout = 20 * time.Second
	// early is how long before its end a token is renewed, if its life is long enough.
	early = time.Minute
	// saving is how long a new token waits for the store, even if the run ends meanwhile.
	saving = time.Minute
	// patience is how long a process waits for another one before it says so.
	patience = 2 * time.Second
	// poll is about how often a process looks whether another one has renewed the token.
	poll = 50 * time.Millisecond
)

// newToken makes the token of a grant. Its key comes from the credential itself, so
// everybody who has the credential can read the stored token, on any machine, and nobody
// else.
func newToken(h *bindings.Host, g grant) (*token, error) {
	secret := g.secret()
	if secret == nil {
		var err error
		if secret, err = h.Tokens.Key(); err != nil {
			return nil, err
		}
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "phscript oauth2 value", 32)
	if err != nil {
		return nil, err
	}
	naming, err := hkdf.Key(sha256.New, secret, nil, "phscript oauth2 name", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	t := &token{grant: g}
	if t.seal, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, naming)
	for _, part := range g.identity() {
		_ = binary.Write(mac, binary.BigEndian, int64(len(part))) // never fails
		mac.Write([]byte(part))
	}
	t.name = hex.EncodeToString(mac.Sum(nil))
	for _, hidden := range []string{g.clientSecret, g.refreshToken} {
		h.Network.Hide(hidden)
	}
	return t, nil
}

// encrypt returns a record as it is stored.
func (t *token) encrypt(r record) ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, t.seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return t.seal.Seal(nonce, nonce, text, []byte(t.name)), nil
}

// decrypt reads a stored record. Nothing stored is an empty one.
func (t *token) decrypt(h *bindings.Host, value []byte) (r record, err error) {
	if value == nil {
		return r, nil
	}
	var text []byte
	if n := t.seal.NonceSize(); len(value) > n {
		text, err = t.seal.Open(nil, value[:n], value[n:], []byte(t.name))
	} else {
		err = errors.New("it is too short")
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil && !t.renews() {
		return record{}, nil // another one costs a request
	}
	if err != nil {
		return record{}, &planhat.Error{Kind: planhat.KindConfig, Message: fmt.Sprintf("the stored token for %s cannot be read: it is damaged (%v)", t.host(), err), Hint: t.again}
	}
	h.Network.Hide(r.Access)
	h.Network.Hide(r.Refresh)
	return r, nil
}

// usable reports whether a record has an access token that is valid for a while and is
// not the rejected one.
func (r record) usable(now time.Time, rejected string) bool {
	return r.Access != "" && r.Access != rejected && (r.Expires.IsZero() || now.Before(r.Expires))
}

// access returns an access token: the known one, unless it is about to expire or a
// service rejected it.
func (t *token) access(ctx context.Context, h *bindings.Host, rejected string) (string, error) {
	text, err := t.get(ctx, h, rejected)
	if err == nil || ctx.Err() != nil || errors.As(err, new(*planhat.Error)) {
		return text, err
	}
	failed := &planhat.Error{Kind: planhat.KindConfig, Path: shownURL(t.tokenURL), Message: fmt.Sprintf("cannot use the stored token for %s: %v", t.host(), err), Err: err}
	var hinter bindings.Hinter
	if errors.As(err, &hinter) {
		failed.Hint = hinter.ErrorHint()
	}
	return "", failed
}

func (t *token) get(ctx context.Context, h *bindings.Host, rejected string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unsaved != nil {
		if err := t.save(ctx, h, *t.unsaved); err != nil {
			return "", err
		}
	}
	if t.known.usable(h.Clock.Now(), rejected) {
		return t.known.Access, nil
	}
	if t.ended != nil {
		return "", t.ended
	}
	if err := t.renew(ctx, h, rejected); err != nil {
		return "", err
	}
	return t.known.Access, nil
}

// mayRenew reports whether another token may be accepted in place of a rejected one. If
// the service has never accepted it although it is new, another one is as bad.
func (t *token) mayRenew(rejected string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return rejected != t.untried
}

// accepted notes that a service accepted a token.
func (t *token) accepted(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.untried == text {
		t.untried = ""
	}
}

// renew gets a new token. Of all processes that use the credential, one does so at a
// time; the others wait for the result.
func (t *token) renew(ctx context.Context, h *bindings.Host, rejected string) error {
	pauses := newPauses()
	for attempt := 1; ; attempt++ {
		value, release, err := t.lock(ctx, h, rejected)
		if err != nil || release == nil {
			return err
		}
		v, err := func() (verdict, error) {
			defer release()
			return t.attempt(ctx, h, value)
		}()
		if err != nil || v.failed == nil {
			return err
		}
		wait := v.after
		if wait == 0 {
			wait = pauses.NextBackOff()
		}
		v.failed.Attempts = attempt
		if !v.retry || attempt > defaultRetries || wait > defaultMaxWait {
			if v.failed.Kind == planhat.KindRateLimited && wait > defaultMaxWait {
				v.failed.Hint = fmt.Sprintf("the service asks to wait %s; run the script again then", wait.Round(time.Second))
			}
			return v.failed
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// lock waits until it has locked the credential. It returns no release if another process
// has renewed the token meanwhile.
func (t *token) lock(ctx context.Context, h *bindings.Host, rejected string) (value []byte, release func(), err error) {
	for began := time.Now(); ; {
		value, release, err := h.Tokens.TryLock(ctx, t.name, lease)
		if err != nil {
			return nil, nil, err
		}
		if release == nil && time.Since(began) > patience {
			h.Log.WarnOnce(ctx, "oauth2 "+t.name, "waiting for another run that is renewing the token for "+t.host())
		}
		r, err := t.decrypt(h, value)
		wait := r.Blocked.Sub(h.Clock.Now())
		switch {
		case err != nil:
		case r.usable(h.Clock.Now(), rejected):
			t.known = r
		case release != nil && wait <= 0:
			return value, release, nil
		case wait > defaultMaxWait:
			err = &planhat.Error{Kind: planhat.KindRateLimited, RetryAfter: wait, Message: t.host() + " accepts no requests for tokens until " + r.Blocked.UTC().Format("2006-01-02 15:04:05 UTC"),
				Hint: "run the script again then"}
		}
		if release != nil {
			release()
		}
		if err != nil || r.usable(h.Clock.Now(), rejected) {
			return nil, nil, err
		}
		if err := sleep(ctx, max(wait, poll/2+randv2.N(poll))); err != nil {
			return nil, nil, err
		}
	}
}

// attempt asks for a token once, while the credential is locked. value is what is stored.
func (t *token) attempt(ctx context.Context, h *bindings.Host, value []byte) (verdict, error) {
	before, err := t.decrypt(h, value)
	if err != nil {
		return verdict{}, err
	}
	if before.Refresh == "" {
		before.Refresh = t.refreshToken
	}
	if t.renews() && before.Refresh == "" {
		return verdict{failed: t.unauthorized("the authorization has expired, and " + t.host() + " gave no refresh token with it")}, nil
	}
	mark := value
	if t.renews() {
		// If the process is killed before it stores the answer, the next one can say so.
		marked := before
		if marked.Sent.IsZero() {
			marked.Sent = h.Clock.Now()
		}
		marked.Blocked = time.Time{}
		if mark, err = t.encrypt(marked); err != nil {
			return verdict{}, err
		}
		if ok, err := h.Tokens.Replace(ctx, t.name, value, mark); err != nil || !ok {
			return verdict{failed: busy(t.host()), retry: true}, err
		}
	}
	issued, v := t.request(ctx, h, before.Refresh)
	if v.failed == nil {
		return v.verdict, t.save(ctx, h, unsaved{t.recorded(h, issued, before.Refresh), mark, before.Access})
	}
	if v.ended {
		return t.refused(ctx, h, v, before, mark)
	}
	if v.after > 0 {
		before.Blocked = h.Clock.Now().Add(v.after)
	}
	if v.sure && t.renews() || v.after > 0 {
		// The service has not used the refresh token.
		if after, err := t.encrypt(before); err == nil {
			_, _ = h.Tokens.Replace(context.WithoutCancel(ctx), t.name, mark, after)
		}
	}
	return v.verdict, nil
}

func busy(host string) *planhat.Error {
	return &planhat.Error{Kind: planhat.KindServer, Message: "other runs keep changing the stored token for " + host, Retryable: true}
}

// refused decides about a refresh token that the service does not accept. Another process
// may have stored a newer one. Nothing is deleted.
func (t *token) refused(ctx context.Context, h *bindings.Host, v tokenVerdict, before record, mark []byte) (verdict, error) {
	value, err := h.Tokens.Load(ctx, t.name)
	if err != nil {
		return verdict{}, err
	}
	now, err := t.decrypt(h, value)
	if err != nil {
		return verdict{}, err
	}
	if now.Refresh != before.Refresh && now.Refresh != "" {
		return verdict{failed: v.failed, retry: true, after: time.Millisecond}, nil
	}
	t.ended = v.failed
	if !before.Sent.IsZero() {
		t.ended = t.unauthorized(fmt.Sprintf("the refresh token was sent to %s at %s, but the new one that came back was never stored: the process was killed, or the connection broke off. The service no longer accepts the old one",
			t.host(), before.Sent.UTC().Format("2006-01-02 15:04:05 UTC")))
	}
	before.Refused = h.Clock.Now()
	if after, err := t.encrypt(before); err == nil {
		_, _ = h.Tokens.Replace(context.WithoutCancel(ctx), t.name, mark, after)
	}
	return verdict{failed: t.ended}, nil
}

// save stores a new token before it is used.
func (t *token) save(ctx context.Context, h *bindings.Host, u unsaved) error {
	t.unsaved = &u
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saving)
	defer cancel()
	value, err := t.encrypt(u.record)
	if err != nil {
		return err
	}
	for {
		done, err := h.Tokens.Replace(ctx, t.name, u.mark, value)
		if done {
			t.known, t.unsaved, t.untried = u.record, nil, u.Access
			return nil
		}
		if err == nil {
			u.mark, err = h.Tokens.Load(ctx, t.name)
		}
		if err != nil {
			failed := &planhat.Error{Kind: planhat.KindConfig, Err: err, Message: fmt.Sprintf("%s issued a new token, but it could not be stored, so it was not used: %v", t.host(), err),
				Hint: "make the store writable; this run tries again when the script needs the token the next time"}
			if t.renews() {
				failed.Hint += ". If the run ends before, " + t.again
			}
			return failed
		}
		// This process was suspended for longer than its lease, and another one has locked
		// the credential.
		stored, err := t.decrypt(h, u.mark)
		if err != nil {
			return err
		}
		if stored.Access != "" && stored.Access != u.previous {
			t.known, t.unsaved = stored, nil
			return nil
		}
	}
}
