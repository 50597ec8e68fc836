package store

// planTables have the plans that people approve, and their content: the lines of the plan's
// file, compressed, in parts. kinds says what the rows of a part do, as bits.
const planTables = `CREATE TABLE phscript_plan (
		id {{identity}},
		plan TEXT NOT NULL UNIQUE,
		schedule TEXT NOT NULL,
		script TEXT NOT NULL,
		profile TEXT NOT NULL,
		definition TEXT NOT NULL,
		needs TEXT NOT NULL,
		totals TEXT NOT NULL,
		likeness TEXT NOT NULL,
		undoes BIGINT NOT NULL,
		state TEXT NOT NULL,
		reason TEXT NOT NULL DEFAULT '',
		made_run BIGINT NOT NULL,
		made_by TEXT NOT NULL,
		made_why TEXT NOT NULL,
		made_at BIGINT NOT NULL,
		expires_at BIGINT NOT NULL,
		seen_run BIGINT NOT NULL,
		decided_by TEXT NOT NULL DEFAULT '',
		decided_why TEXT NOT NULL DEFAULT '',
		decided_at BIGINT,
		consent TEXT NOT NULL DEFAULT '',
		run BIGINT NOT NULL DEFAULT 0,
		tries BIGINT NOT NULL DEFAULT 0,
		ended_at BIGINT,
		changed_at BIGINT NOT NULL,
		size BIGINT NOT NULL
	);
	CREATE INDEX phscript_plan_open ON phscript_plan (state, id) WHERE ended_at IS NULL;
	CREATE INDEX phscript_plan_made ON phscript_plan (made_run);
	CREATE INDEX phscript_plan_seen ON phscript_plan (seen_run);
	CREATE INDEX phscript_plan_ended ON phscript_plan (ended_at) WHERE ended_at IS NOT NULL;
	CREATE TABLE phscript_plan_part (
		plan BIGINT NOT NULL,
		seq BIGINT NOT NULL,
		first_row BIGINT NOT NULL,
		last_row BIGINT NOT NULL,
		kinds BIGINT NOT NULL,
		body {{bytes}} NOT NULL,
		PRIMARY KEY (plan, seq)
	);`
