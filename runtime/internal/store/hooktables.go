package store

// hookTables have the events of other systems, and the messages to them. The id of an event
// stays longer than its body. If content is set, a message with the same content is a
// repetition, too.
const hookTables = `CREATE TABLE phscript_hook (
		name TEXT PRIMARY KEY,
		received BIGINT NOT NULL DEFAULT 0,
		repeated BIGINT NOT NULL DEFAULT 0,
		refused BIGINT NOT NULL DEFAULT 0,
		failing BIGINT NOT NULL DEFAULT 0
	);
	CREATE TABLE phscript_hook_event (
		id {{identity}},
		hook TEXT NOT NULL,
		delivery TEXT NOT NULL,
		content TEXT,
		order_key TEXT NOT NULL DEFAULT '',
		received_at BIGINT NOT NULL,
		address TEXT NOT NULL DEFAULT '',
		method TEXT NOT NULL,
		path TEXT NOT NULL,
		headers TEXT NOT NULL,
		size BIGINT NOT NULL,
		secret TEXT NOT NULL DEFAULT '',
		state TEXT NOT NULL DEFAULT 'waiting',
		tries BIGINT NOT NULL DEFAULT 0,
		due_at BIGINT NOT NULL,
		run BIGINT NOT NULL DEFAULT 0,
		reason TEXT NOT NULL DEFAULT '',
		repeats BIGINT NOT NULL DEFAULT 0,
		replays BIGINT NOT NULL DEFAULT 0,
		replayed_by TEXT NOT NULL DEFAULT '',
		resume TEXT NOT NULL DEFAULT '',
		ended_at BIGINT,
		body {{bytes}},
		UNIQUE (hook, delivery),
		UNIQUE (hook, content)
	);
	CREATE INDEX phscript_hook_event_waiting ON phscript_hook_event (hook, id, due_at, received_at, size) WHERE state = 'waiting';
	CREATE INDEX phscript_hook_event_running ON phscript_hook_event (hook, run) WHERE state = 'running';
	CREATE INDEX phscript_hook_event_run ON phscript_hook_event (run);
	CREATE INDEX phscript_hook_event_parked ON phscript_hook_event (hook, id) WHERE state = 'parked';
	CREATE INDEX phscript_hook_event_ended ON phscript_hook_event (ended_at) WHERE ended_at IS NOT NULL;
	CREATE TABLE phscript_hook_refusal (
		id {{identity}},
		hook TEXT NOT NULL,
		at BIGINT NOT NULL,
		address TEXT NOT NULL,
		size BIGINT NOT NULL,
		status BIGINT NOT NULL,
		reason TEXT NOT NULL
	);
	CREATE INDEX phscript_hook_refusal_hook ON phscript_hook_refusal (hook, id);
	CREATE TABLE phscript_hook_message (
		id {{identity}},
		message TEXT NOT NULL UNIQUE,
		run BIGINT NOT NULL,
		script TEXT NOT NULL,
		host TEXT NOT NULL,
		target TEXT NOT NULL,
		state TEXT NOT NULL DEFAULT 'waiting',
		tries BIGINT NOT NULL DEFAULT 0,
		made_at BIGINT NOT NULL,
		due_at BIGINT NOT NULL,
		ended_at BIGINT,
		reason TEXT NOT NULL DEFAULT '',
		body {{bytes}}
	);
	CREATE INDEX phscript_hook_message_waiting ON phscript_hook_message (due_at) WHERE state = 'waiting';`

// hookIndexes have the columns that are asked for, so that the events themselves, with their
// bodies, are not read. SQLite reads an event to find its state unless an index has it.
const hookIndexes = `DROP INDEX phscript_hook_event_waiting;
	DROP INDEX phscript_hook_event_running;
	CREATE INDEX phscript_hook_event_waiting ON phscript_hook_event (hook, state, id, due_at, received_at, size) WHERE state = 'waiting';
	CREATE INDEX phscript_hook_event_running ON phscript_hook_event (hook, state, run, order_key) WHERE state = 'running';`

// hookDecided are indexes of the events that wait for a person, or that a person has decided
// about. They have the state, as hookIndexes.
const hookDecided = `DROP INDEX phscript_hook_event_parked;
	DROP INDEX phscript_hook_event_discarded;
	CREATE INDEX phscript_hook_event_parked ON phscript_hook_event (hook, state, id, order_key) WHERE state = 'parked';
	CREATE INDEX phscript_hook_event_discarded ON phscript_hook_event (hook, state, id) WHERE state = 'discarded';`

// hookDiffering counts the repetitions with another body than the event that was stored. digest
// is a hash of the body, "" if repetitions may have another one.
const hookDiffering = `ALTER TABLE phscript_hook ADD COLUMN differing BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_hook_event ADD COLUMN differing BIGINT NOT NULL DEFAULT 0;
	ALTER TABLE phscript_hook_event ADD COLUMN digest TEXT NOT NULL DEFAULT '';`

// hookPages have what pages show about webhooks: which secrets are used, and the tries of
// events that were tried more than once.
const hookPages = `CREATE TABLE phscript_hook_secret (
		hook TEXT NOT NULL,
		secret TEXT NOT NULL,
		uses BIGINT NOT NULL,
		last_at BIGINT NOT NULL,
		PRIMARY KEY (hook, secret)
	);
	CREATE TABLE phscript_hook_try (
		id {{identity}},
		event BIGINT NOT NULL,
		run BIGINT NOT NULL,
		ended_at BIGINT NOT NULL,
		reason TEXT NOT NULL
	);
	CREATE INDEX phscript_hook_try_event ON phscript_hook_try (event);
	ALTER TABLE phscript_hook_event ADD COLUMN discarded_by TEXT NOT NULL DEFAULT '';
	ALTER TABLE phscript_hook_event ADD COLUMN discarded_why TEXT NOT NULL DEFAULT '';
	CREATE INDEX phscript_hook_event_hook ON phscript_hook_event (hook, id);
	CREATE INDEX phscript_hook_event_discarded ON phscript_hook_event (hook, state, id) WHERE state = 'discarded';`

// hookHeld are indexes of what holds back events: parked ones, and those that are tried again
// later. A queue of events that are held back is read from an index alone. keeps_bodies is the
// setting of the webhook, for its runs. shared says that the last run of an event had others.
const hookHeld = `DROP INDEX phscript_hook_event_waiting;
	CREATE INDEX phscript_hook_event_waiting ON phscript_hook_event (hook, state, id, due_at, tries, order_key, received_at, size) WHERE state = 'waiting';
	CREATE INDEX phscript_hook_event_again ON phscript_hook_event (hook, state, order_key, due_at, id, tries) WHERE state = 'waiting' AND tries > 0;
	CREATE INDEX phscript_hook_event_held ON phscript_hook_event (hook, state, order_key) WHERE state = 'parked' AND order_key <> '';
	ALTER TABLE phscript_hook ADD COLUMN keeps_bodies BIGINT NOT NULL DEFAULT 1;
	ALTER TABLE phscript_hook_event ADD COLUMN shared BIGINT NOT NULL DEFAULT 0;`
