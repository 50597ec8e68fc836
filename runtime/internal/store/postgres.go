package store

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// mostConnections is how many connections to PostgreSQL a process has at most.
	mostConnections = 12
	// connectSeconds bounds how long a connection takes to be made, unless the
	// address says otherwise.
	connectSeconds = "10"
	// pingTime bounds the check that an idle connection still answers: one whose
	// other end is gone says nothing.
	pingTime = 5 * time.Second
	// idleTime is how long a transaction may wait for its next statement. Then the
	// server ends it: the rows that it locks would wait for a machine that is gone.
	idleTime = 20 * time.Second
	// closeTime bounds the end of the pool, which waits for connections in use.
	closeTime = 2 * time.Second
)

// connectPostgres makes a pool of connections, which our own statements and the
// queue share. It connects to nothing yet.
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
		u.RawQuery = query.Encode()
	}
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

// boundTransactions sets idleTime, by a statement since PgBouncer takes no such
// parameter when it connects.
func boundTransactions(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	_, err := conn.Exec(ctx, fmt.Sprintf("SET idle_in_transaction_session_timeout = %d", idleTime.Milliseconds()))
	return err
}

// Pool has the connections to PostgreSQL. It is nil on SQLite.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Close ends all connections. One that is still in use is left to itself after a
// moment.
func (db *DB) Close() error {
	err := db.DB.Close()
	if db.pool == nil {
		return err
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

// withoutPassword writes an address for people to read.
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
