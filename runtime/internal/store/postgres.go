package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// mostConnections is how many connections to PostgreSQL a process has at most.
	mostConnections = 12
	// connectSeconds is the time limit for connecting, unless the address sets one.
	connectSeconds = "10"
	// pingTime is the time limit for the check that an idle connection is alive.
	pingTime = 5 * time.Second
	// idleTime is how long a transaction may wait for its next statement before the
	// server ends it. The machine that locked the rows may be gone.
	idleTime = 20 * time.Second
	// closeTime is the time limit for closing the pool, which waits for connections
	// in use.
	closeTime = 2 * time.Second
)

// connectPostgres returns a pool of connections for our statements and the queue.
// It does not connect yet.
func connectPostgres(location string) (*DB, error) {
	const hint = "write it as postgres://user:password@host:5432/database"
	u, err := url.Parse(location)
	if err != nil {
		// The error would show the password.
		return nil, &Error{Message: "the address of the PostgreSQL store is malformed", Hint: hint}
	}
	shown := withoutPassword(u)
	query := u.Query()
	if !query.Has("connect_timeout") {
		query.Set("connect_timeout", connectSeconds)
	}
	if !query.Has("sslmode") && !query.Has("ssl") {
		query.Set("sslmode", "verify-full")
	}
	u.RawQuery = query.Encode()
	settings, err := pgxpool.ParseConfig(u.String())
	if err != nil {
		return nil, &Error{Message: "the PostgreSQL store " + shown + " cannot be used", Hint: hint}
	}
	settings.MaxConns, settings.MaxConnIdleTime, settings.PingTimeout = mostConnections, time.Minute, pingTime
	settings.AfterConnect = boundTransactions
	pool, err := pgxpool.NewWithConfig(context.Background(), settings)
	if err != nil {
		return nil, &Error{Message: "the PostgreSQL store " + shown + " cannot be used", Hint: hint}
	}
	return &DB{DB: stdlib.OpenDBFromPool(pool), pool: pool, Location: shown}, nil
}

// unverified returns the *Error for a server whose identity cannot be verified, or nil
// if err is about something else.
func unverified(location string, err error) error {
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return &Error{
			Message: "the PostgreSQL store " + location + " has a certificate that this machine does not trust: " + certificate.Err.Error(),
			Hint:    "add the parameter sslrootcert=FILE to the address, with the certificate of the authority that signed it",
		}
	}
	// The driver has no other sign of it.
	if err != nil && strings.Contains(err.Error(), "server refused TLS connection") {
		return &Error{
			Message: "the PostgreSQL store " + location + " does not encrypt connections",
			Hint:    "turn on TLS in PostgreSQL; or, if the database is on this machine or you trust everybody on the network in between, add the parameter sslmode=disable to the address",
		}
	}
	return nil
}

// boundTransactions sets idleTime with a statement, because PgBouncer does not
// accept it as a parameter of the connection.
func boundTransactions(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	_, err := conn.Exec(ctx, fmt.Sprintf("SET idle_in_transaction_session_timeout = %d", idleTime.Milliseconds()))
	return err
}

// Pool returns the connections to PostgreSQL, nil on SQLite.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Close closes all connections. It waits a moment for those in use.
func (db *DB) Close() error {
	if db.shared && db.pool != nil {
		return nil
	}
	err := errors.Join(db.readers.close(), db.DB.Close())
	if db.shared {
		return err
	}
	if db.pool == nil {
		return errors.Join(err, db.file.Close())
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		db.pool.Close()
	}()
	select {
	case <-closed:
	case <-time.After(closeTime):
	}
	return err
}

// Password returns the password in a location, or "".
func Password(location string) string {
	u, err := url.Parse(location)
	if err != nil || !IsPostgres(location) {
		return ""
	}
	if password, ok := u.User.Password(); ok {
		return password
	}
	return u.Query().Get("password")
}

// withoutPassword returns an address for people to read.
func withoutPassword(u *url.URL) string {
	shown := *u
	query := shown.Query()
	for _, name := range []string{"password", "sslpassword"} {
		if query.Has(name) {
			query.Set(name, "xxxxx")
		}
	}
	shown.RawQuery = query.Encode()
	return shown.Redacted()
}
