package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// migrations are the steps from an empty database to the current tables. A step
// that was released never changes; add another one.
var migrations = []string{
	`CREATE TABLE phscript_quota (
		tenant TEXT PRIMARY KEY,
		host TEXT NOT NULL,
		blocked_until BIGINT NOT NULL DEFAULT 0,
		blocked_at BIGINT NOT NULL DEFAULT 0,
		blocked_by TEXT NOT NULL DEFAULT ''
	);
	CREATE TABLE phscript_quota_start (
		id BIGINT PRIMARY KEY,
		tenant TEXT NOT NULL,
		starts_at BIGINT NOT NULL,
		booked_at BIGINT NOT NULL,
		run TEXT NOT NULL,
		script TEXT NOT NULL
	);
	CREATE INDEX phscript_quota_start_time ON phscript_quota_start (tenant, starts_at);`,

	`CREATE TABLE phscript_schedule (
		name TEXT PRIMARY KEY,
		definition TEXT NOT NULL,
		source TEXT NOT NULL,
		timing TEXT NOT NULL,
		next_at BIGINT,
		paused BIGINT NOT NULL DEFAULT 0,
		removed BIGINT NOT NULL DEFAULT 0,
		failing BIGINT NOT NULL DEFAULT 0
	);
	CREATE TABLE phscript_run (
		id {{identity}},
		schedule TEXT,
		tick BIGINT,
		attempt BIGINT NOT NULL,
		retry_of BIGINT,
		cause TEXT NOT NULL,
		script TEXT NOT NULL,
		script_hash TEXT NOT NULL DEFAULT '',
		definition TEXT NOT NULL,
		status TEXT NOT NULL,
		reason TEXT NOT NULL DEFAULT '',
		job BIGINT,
		worker TEXT NOT NULL DEFAULT '',
		cancelled BIGINT NOT NULL DEFAULT 0,
		due_at BIGINT NOT NULL,
		started_at BIGINT,
		seen_at BIGINT,
		ended_at BIGINT,
		exit_code BIGINT,
		calls BIGINT NOT NULL DEFAULT 0,
		rejected BIGINT NOT NULL DEFAULT 0,
		size BIGINT NOT NULL DEFAULT 0,
		summary TEXT NOT NULL DEFAULT '',
		error TEXT NOT NULL DEFAULT '',
		UNIQUE (schedule, tick, attempt)
	);
	CREATE INDEX phscript_run_status ON phscript_run (status, schedule);
	CREATE INDEX phscript_run_schedule ON phscript_run (schedule, due_at);
	CREATE INDEX phscript_run_due ON phscript_run (due_at);
	CREATE INDEX phscript_run_ended ON phscript_run (ended_at);
	CREATE TABLE phscript_run_log (
		run BIGINT NOT NULL,
		seq BIGINT NOT NULL,
		at BIGINT NOT NULL,
		level TEXT NOT NULL,
		message TEXT NOT NULL,
		fields TEXT NOT NULL DEFAULT '',
		PRIMARY KEY (run, seq)
	);
	CREATE TABLE phscript_notice (
		id {{identity}},
		event TEXT NOT NULL,
		action TEXT NOT NULL,
		tries BIGINT NOT NULL DEFAULT 0,
		due_at BIGINT NOT NULL
	);
	CREATE TABLE phscript_server (
		name TEXT NOT NULL,
		workers BIGINT NOT NULL,
		started_at BIGINT NOT NULL,
		seen_at BIGINT NOT NULL,
		problem TEXT NOT NULL DEFAULT '',
		folder TEXT NOT NULL DEFAULT '',
		PRIMARY KEY (name, started_at)
	);
	CREATE TABLE phscript_checkpoint (
		owner TEXT PRIMARY KEY,
		value TEXT NOT NULL,
		saved_at BIGINT NOT NULL
	);`,

	`ALTER TABLE phscript_schedule ADD COLUMN added_at BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_schedule ADD COLUMN paused_at BIGINT;
	ALTER TABLE phscript_schedule ADD COLUMN last_success_at BIGINT;
	ALTER TABLE phscript_schedule ADD COLUMN missed BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_schedule ADD COLUMN skipped BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_schedule ADD COLUMN idle BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_schedule ADD COLUMN told TEXT NOT NULL DEFAULT '';
	UPDATE phscript_schedule SET added_at = {{now}};
	UPDATE phscript_schedule SET paused_at = {{now}} WHERE paused <> 0;`,

	// Each listing finds its runs in the order in which it shows them, and what plans
	// and starts runs looks only at those that have not ended, however long the history
	// is.
	`DROP INDEX phscript_run_status;
	DROP INDEX phscript_run_schedule;
	DROP INDEX phscript_run_ended;
	CREATE INDEX phscript_run_status ON phscript_run (status, due_at);
	CREATE INDEX phscript_run_schedule ON phscript_run (schedule, due_at, status);
	CREATE INDEX phscript_run_script ON phscript_run (script, due_at);
	CREATE INDEX phscript_run_open ON phscript_run (schedule, due_at) WHERE ended_at IS NULL;
	CREATE INDEX phscript_run_ended ON phscript_run (ended_at, id, size) WHERE ended_at IS NOT NULL;`,

	`CREATE TABLE phscript_outage (
		server TEXT NOT NULL,
		from_at BIGINT NOT NULL,
		until_at BIGINT NOT NULL,
		reason TEXT NOT NULL,
		PRIMARY KEY (server, from_at)
	);
	ALTER TABLE phscript_server ADD COLUMN clock_off BIGINT NOT NULL DEFAULT 0;`,

	`ALTER TABLE phscript_quota ADD COLUMN booked_at BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_quota ADD COLUMN last_start BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_quota ADD COLUMN moved_start BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_quota ADD COLUMN runs TEXT NOT NULL DEFAULT '[]';
	ALTER TABLE phscript_quota ADD COLUMN starts TEXT NOT NULL DEFAULT '[]';
	UPDATE phscript_quota SET runs = '[["","calls before the update"]]',
		booked_at = (SELECT max(booked_at) FROM phscript_quota_start old WHERE old.tenant = phscript_quota.tenant),
		last_start = (SELECT count(*) FROM phscript_quota_start old WHERE old.tenant = phscript_quota.tenant),
		starts = (SELECT '[' || string_agg('[' || (starts_at - latest) || ',' || (number - total) || ',0,0]', ',' ORDER BY number) || ']' FROM (
			SELECT starts_at, max(booked_at) OVER () AS latest, row_number() OVER (ORDER BY starts_at) AS number, count(*) OVER () AS total
			FROM phscript_quota_start old WHERE old.tenant = phscript_quota.tenant) AS held)
		WHERE tenant IN (SELECT tenant FROM phscript_quota_start);
	DROP TABLE phscript_quota_start;`,

	// What unfinished runs have sent. An entry is one request: the hashes of its rows,
	// and what happened to each.
	`CREATE TABLE phscript_journal (
		id {{identity}},
		owner TEXT NOT NULL,
		arguments TEXT NOT NULL,
		tenant TEXT NOT NULL,
		command TEXT NOT NULL,
		began_at BIGINT NOT NULL,
		used_at BIGINT NOT NULL,
		holder TEXT NOT NULL,
		gap TEXT NOT NULL DEFAULT ''
	);
	CREATE INDEX phscript_journal_owner ON phscript_journal (owner, used_at);
	CREATE TABLE phscript_journal_entry (
		journal BIGINT NOT NULL,
		seq BIGINT NOT NULL,
		model TEXT NOT NULL,
		operation TEXT NOT NULL,
		row_count BIGINT NOT NULL,
		keyless BIGINT NOT NULL,
		doubtful BIGINT NOT NULL,
		hashes {{bytes}} NOT NULL,
		outcomes {{bytes}},
		doubts {{bytes}},
		ids {{bytes}},
		errors {{bytes}},
		answer {{bytes}},
		PRIMARY KEY (journal, seq)
	);`,

	// What Planhat has counted beyond the calls of phscript, and how many those were at
	// some times before.
	`ALTER TABLE phscript_quota ADD COLUMN others BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_quota ADD COLUMN others_at BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_quota ADD COLUMN marks TEXT NOT NULL DEFAULT '[]';`,

	// What scripts keep between runs.
	`CREATE TABLE phscript_state (
		space TEXT NOT NULL,
		name TEXT NOT NULL,
		value TEXT NOT NULL,
		version BIGINT NOT NULL,
		PRIMARY KEY (space, name)
	);`,

	// Notifications of which every try failed.
	`ALTER TABLE phscript_schedule ADD COLUMN given_up BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_schedule ADD COLUMN given_up_at BIGINT;`,

	// Tokens of other systems, encrypted, and who is renewing them.
	`CREATE TABLE phscript_token (
		name TEXT PRIMARY KEY,
		value {{bytes}},
		holder TEXT NOT NULL DEFAULT '',
		held_until BIGINT NOT NULL DEFAULT 0
	);`,

	// What plans and runs change in Planhat, row by row.
	`CREATE TABLE phscript_change_set (
		id {{identity}},
		plan TEXT NOT NULL,
		run BIGINT NOT NULL,
		kind TEXT NOT NULL,
		undoes BIGINT NOT NULL,
		script TEXT NOT NULL,
		tenants TEXT NOT NULL,
		began_at BIGINT NOT NULL,
		used_at BIGINT NOT NULL,
		ended_at BIGINT,
		reason TEXT NOT NULL DEFAULT '',
		size BIGINT NOT NULL DEFAULT 0,
		forgotten BIGINT NOT NULL DEFAULT 0,
		holder TEXT NOT NULL
	);
	CREATE UNIQUE INDEX phscript_change_set_plan ON phscript_change_set (plan) WHERE plan <> '';
	CREATE INDEX phscript_change_set_run ON phscript_change_set (run);
	CREATE TABLE phscript_change (
		change_set BIGINT NOT NULL,
		seq BIGINT NOT NULL,
		step_no BIGINT NOT NULL,
		row_no BIGINT NOT NULL,
		client BIGINT NOT NULL,
		model TEXT NOT NULL,
		operation TEXT NOT NULL,
		action TEXT NOT NULL,
		line BIGINT NOT NULL,
		record TEXT NOT NULL,
		placeholder TEXT NOT NULL,
		key_name TEXT NOT NULL,
		key_value TEXT NOT NULL,
		name TEXT NOT NULL,
		before {{bytes}},
		after {{bytes}},
		state TEXT NOT NULL,
		message TEXT NOT NULL,
		at BIGINT NOT NULL,
		PRIMARY KEY (change_set, seq)
	);
	CREATE INDEX phscript_change_record ON phscript_change (record);`,

	// What pages show: who asked for something, how far runs are, and what was called when.
	// The indexes have what overviews need, so that the runs of a day are counted, and the last
	// ones of every schedule listed, without reading the runs themselves.
	`ALTER TABLE phscript_run ADD COLUMN hint TEXT NOT NULL DEFAULT '';
	ALTER TABLE phscript_run ADD COLUMN warnings BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_run ADD COLUMN written BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_run ADD COLUMN task TEXT NOT NULL DEFAULT '';
	ALTER TABLE phscript_run ADD COLUMN task_unit TEXT NOT NULL DEFAULT '';
	ALTER TABLE phscript_run ADD COLUMN task_done BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_run ADD COLUMN task_total BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_run ADD COLUMN task_left BIGINT NOT NULL DEFAULT -1;
	ALTER TABLE phscript_run ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
	ALTER TABLE phscript_run ADD COLUMN asked_why TEXT NOT NULL DEFAULT '';
	ALTER TABLE phscript_run ADD COLUMN cancelled_by TEXT NOT NULL DEFAULT '';
	DROP INDEX phscript_run_due;
	CREATE INDEX phscript_run_due ON phscript_run (due_at, id, status);
	CREATE INDEX phscript_run_outcome ON phscript_run (schedule, due_at, id, status, started_at, ended_at) WHERE status <> 'queued';
	ALTER TABLE phscript_schedule ADD COLUMN paused_by TEXT NOT NULL DEFAULT '';
	ALTER TABLE phscript_schedule ADD COLUMN paused_why TEXT NOT NULL DEFAULT '';
	ALTER TABLE phscript_schedule ADD COLUMN failing_at BIGINT;
	ALTER TABLE phscript_schedule ADD COLUMN signature TEXT NOT NULL DEFAULT '';
	CREATE TABLE phscript_audit (
		id {{identity}},
		at BIGINT NOT NULL,
		actor TEXT NOT NULL,
		role TEXT NOT NULL,
		address TEXT NOT NULL,
		action TEXT NOT NULL,
		target TEXT NOT NULL,
		detail TEXT NOT NULL
	);
	CREATE INDEX phscript_audit_target ON phscript_audit (target, id);
	CREATE TABLE phscript_quota_minute (
		tenant TEXT NOT NULL,
		minute BIGINT NOT NULL,
		script TEXT NOT NULL,
		run TEXT NOT NULL,
		calls BIGINT NOT NULL,
		PRIMARY KEY (tenant, minute, script, run)
	);`,
	// Who may use the pages. Secrets are stored as their SHA-256.
	`CREATE TABLE phscript_access_account (
		id {{identity}},
		name TEXT NOT NULL,
		role TEXT NOT NULL,
		token {{bytes}},
		created_at BIGINT NOT NULL,
		expires_at BIGINT,
		used_at BIGINT
	);
	CREATE UNIQUE INDEX phscript_access_account_name ON phscript_access_account (name);
	CREATE UNIQUE INDEX phscript_access_account_token ON phscript_access_account (token);
	CREATE TABLE phscript_access_link (
		hash {{bytes}} PRIMARY KEY,
		account BIGINT NOT NULL,
		expires_at BIGINT NOT NULL,
		used_at BIGINT
	);
	CREATE TABLE phscript_access_session (
		hash {{bytes}} PRIMARY KEY,
		account BIGINT NOT NULL,
		created_at BIGINT NOT NULL,
		seen_at BIGINT NOT NULL,
		address TEXT NOT NULL
	);
	CREATE INDEX phscript_access_session_account ON phscript_access_session (account);`,
	hookTables,
	hookIndexes,
	hookPages,
	hookDecided,
	planTables,
	hookHeld,
	hookDiffering,
}

// migrationLock is the PostgreSQL advisory lock for changing the tables: "phscript"
// on the keys of a telephone.
const migrationLock = 74727478

// migrate runs the steps that the database lacks. It fails if the database has more
// steps than this program knows.
// update brings the tables to the version of this program. SQLite answers at once,
// without the patience of a connection, while another process opens a new file or
// closes one as the last that used it.
func (db *DB) update(ctx context.Context) error {
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval, policy.MaxInterval = 5*time.Millisecond, 200*time.Millisecond
	_, err := backoff.Retry(ctx, func() (none struct{}, err error) {
		err = db.migrate(ctx, migrations)
		if err != nil && sqliteCode(err) != sqliteBusy {
			return none, backoff.Permanent(err)
		}
		return none, err
	}, backoff.WithBackOff(policy), backoff.WithMaxElapsedTime(patience))
	return err
}

func (db *DB) migrate(ctx context.Context, steps []string) error {
	return db.InTx(ctx, func(tx *Tx) error {
		if db.pool != nil {
			if err := Exec(ctx, tx, "SELECT pg_advisory_xact_lock(?)", migrationLock); err != nil {
				return err
			}
		}
		if err := Exec(ctx, tx, "CREATE TABLE IF NOT EXISTS phscript_schema (version BIGINT NOT NULL)"); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM phscript_schema").Scan(&version); err != nil {
			return err
		}
		if version > len(steps) {
			return &Error{
				Message: fmt.Sprintf("the store %s was written by a newer phscript: its tables have version %d, this program knows %d", db.Location, version, len(steps)),
				Hint:    "update phscript, or choose another place with --state or PHSCRIPT_STATE",
			}
		}
		for ; version < len(steps); version++ {
			step := strings.NewReplacer("{{identity}}", db.identity(), "{{bytes}}", db.bytes(), "{{now}}", db.Now()).Replace(steps[version])
			if err := Exec(ctx, tx, step); err != nil {
				return fmt.Errorf("step %d of its tables: %w", version+1, err)
			}
			if err := Exec(ctx, tx, "INSERT INTO phscript_schema (version) VALUES (?)", version+1); err != nil {
				return err
			}
		}
		return nil
	})
}

// identity is the type of a column that numbers the rows and never reuses a number.
func (db *DB) identity() string {
	if db.pool != nil {
		return "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
	}
	return "INTEGER PRIMARY KEY AUTOINCREMENT"
}

// bytes is the type of a column that holds bytes.
func (db *DB) bytes() string {
	if db.pool != nil {
		return "BYTEA"
	}
	return "BLOB"
}
