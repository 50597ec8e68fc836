package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Queryer runs statements: the store itself, or a transaction in it. Each ? in
// a statement is a parameter, on both databases.
type Queryer interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, statement string, args ...any) *sql.Row
}

// Source is what can be read: the store itself, or a Reader of it.
type Source interface {
	Queryer
	// Now is DB.Now.
	Now() string
	// Matches is the condition that a text contains another one, or begins with it, whatever
	// the case of A to Z. Its parameter is the result of Containing or Beginning.
	Matches(text string) string
}

var wildcards = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Containing and Beginning are parameters for Source.Matches.
func Containing(text string) string { return "%" + wildcards.Replace(text) + "%" }

// Beginning is like Containing.
func Beginning(text string) string { return wildcards.Replace(text) + "%" }

// Matches implements Source.
func (db *DB) Matches(text string) string {
	if db.pool != nil {
		// With the rules of a language, it would take many times as long.
		return `(` + text + `) COLLATE "C" ILIKE ? ESCAPE '\'`
	}
	return `(` + text + `) LIKE ? ESCAPE '\'`
}

// ExecContext implements Queryer.
func (db *DB) ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	result, err := db.DB.ExecContext(ctx, db.bind(statement), args...)
	return result, db.final(err)
}

// QueryContext implements Queryer.
func (db *DB) QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error) {
	rows, err := db.DB.QueryContext(ctx, db.bind(statement), args...)
	return rows, db.final(err)
}

// QueryRowContext implements Queryer.
func (db *DB) QueryRowContext(ctx context.Context, statement string, args ...any) *sql.Row {
	if made, ok := db.prepared.Load(statement); ok {
		return made.(*sql.Stmt).QueryRowContext(ctx, args...)
	}
	return db.DB.QueryRowContext(ctx, db.bind(statement), args...)
}

// ExecContext implements Queryer.
func (tx *Tx) ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error) {
	if made := tx.statement(ctx, statement); made != nil {
		return made.ExecContext(ctx, args...)
	}
	return tx.Tx.ExecContext(ctx, tx.DB.bind(statement), args...)
}

// QueryContext implements Queryer.
func (tx *Tx) QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error) {
	return tx.Tx.QueryContext(ctx, tx.DB.bind(statement), args...)
}

// QueryRowContext implements Queryer.
func (tx *Tx) QueryRowContext(ctx context.Context, statement string, args ...any) *sql.Row {
	if made := tx.statement(ctx, statement); made != nil {
		return made.QueryRowContext(ctx, args...)
	}
	return tx.Tx.QueryRowContext(ctx, tx.DB.bind(statement), args...)
}

// PrepareContext prepares a statement for repeated use in the transaction.
func (tx *Tx) PrepareContext(ctx context.Context, statement string) (*sql.Stmt, error) {
	return tx.Tx.PrepareContext(ctx, tx.DB.bind(statement))
}

// Prepare keeps statements that are used often prepared: SQLite takes longer to parse a
// short one than to run it. It must not be called within a transaction, which has SQLite's
// only connection. On PostgreSQL, the driver does the same.
func (db *DB) Prepare(ctx context.Context, statements ...string) error {
	if db.pool != nil {
		return nil
	}
	for _, text := range statements {
		if _, ok := db.prepared.Load(text); ok {
			continue
		}
		made, err := db.PrepareContext(ctx, text)
		if err != nil {
			return db.final(err)
		}
		if _, ok := db.prepared.LoadOrStore(text, made); ok {
			_ = made.Close()
		}
	}
	return nil
}

// statement returns a prepared statement, or nil.
func (tx *Tx) statement(ctx context.Context, text string) *sql.Stmt {
	if made, ok := tx.DB.prepared.Load(text); ok {
		return tx.StmtContext(ctx, made.(*sql.Stmt))
	}
	return nil
}

// bind numbers the parameters for PostgreSQL.
func (db *DB) bind(statement string) string {
	if db.pool == nil {
		return statement
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, more := strings.Cut(statement, "?")
		b.WriteString(before)
		if !more {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		statement = after
	}
}

// Number converts a time to the store's microseconds since 1970, the zero time to
// NULL.
func Number(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.UnixMicro()
	return &n
}

// Time converts a number of the store to a time.
func Time(n *int64) time.Time {
	if n == nil {
		return time.Time{}
	}
	return time.UnixMicro(*n)
}

// Exec runs a statement.
func Exec(ctx context.Context, q Queryer, statement string, args ...any) error {
	_, err := q.ExecContext(ctx, statement, args...)
	return err
}

// Changed runs a statement and reports whether it changed a row.
func Changed(ctx context.Context, q Queryer, statement string, args ...any) (bool, error) {
	result, err := q.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// Exists reports whether there are rows; from is a SELECT from its FROM on.
func Exists(ctx context.Context, q Queryer, from string, args ...any) (found bool, err error) {
	err = q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 "+from+")", args...).Scan(&found)
	return found, err
}

// Each calls scan on each row of a result, until it fails.
func Each(ctx context.Context, q Queryer, scan func(row *sql.Rows) error, statement string, args ...any) error {
	rows, err := q.QueryContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	for err == nil && rows.Next() {
		err = scan(rows)
	}
	return errors.Join(err, rows.Err(), rows.Close())
}
