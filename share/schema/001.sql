-- The catalog, version 1.
-- Tables have singular names and may be rearranged by a later version. The views at the end have
-- plural names: they are what cupel-catalog(7) documents, and they only ever gain columns.
-- A later version adds 002.sql and so on; a file that has been released is never edited.
-- Times are ISO 8601 in UTC. Hashes are 32 lower-case hex digits. Sizes are bytes.

CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
	id INTEGER PRIMARY KEY,
	path TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	format TEXT,
	architecture TEXT,
	kind TEXT NOT NULL DEFAULT 'unknown',
	hash TEXT,
	parameters INTEGER NOT NULL DEFAULT 0,
	bytes INTEGER NOT NULL DEFAULT 0,
	bits REAL,
	partial TEXT,
	state TEXT NOT NULL DEFAULT 'on disk',
	parent INTEGER REFERENCES model (id) ON DELETE SET NULL,
	relation TEXT,
	run INTEGER REFERENCES run (id) ON DELETE SET NULL,
	seen TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE INDEX model_name ON model (name);
CREATE INDEX model_hash ON model (hash);
CREATE INDEX model_parent ON model (parent);
CREATE INDEX model_run ON model (run);

-- What a model of a given hash consists of: two folders with the same bytes share the rows.
CREATE TABLE content (
	id INTEGER PRIMARY KEY,
	hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE tensor (
	content INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	dtype TEXT NOT NULL,
	shape TEXT NOT NULL,
	bytes INTEGER NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (content, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX tensor_hash ON tensor (hash);

-- Sums and histograms under the keys of the tensors they were taken from; data is the program's
-- own.
CREATE TABLE stat (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	a BLOB NOT NULL,
	b BLOB NOT NULL,
	base BLOB NOT NULL,
	data BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX stat_key ON stat (a, b, base, kind);
CREATE INDEX stat_b ON stat (b);
CREATE INDEX stat_base ON stat (base);

-- hash is of the meaning, text_hash of the bytes: two texts may mean the same.
CREATE TABLE recipe (
	id INTEGER PRIMARY KEY,
	hash TEXT NOT NULL DEFAULT '',
	text_hash BLOB NOT NULL,
	text TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX recipe_key ON recipe (text_hash, hash);
CREATE INDEX recipe_hash ON recipe (hash);

CREATE TABLE run (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind TEXT NOT NULL,
	name TEXT NOT NULL DEFAULT '',
	status TEXT NOT NULL DEFAULT 'running',
	started TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
	seconds REAL,
	recipe INTEGER REFERENCES recipe (id),
	recipe_path TEXT,
	method TEXT,
	output TEXT,
	output_hash TEXT,
	bytes INTEGER NOT NULL DEFAULT 0,
	tensors INTEGER NOT NULL DEFAULT 0,
	seed INTEGER NOT NULL DEFAULT 0,
	command TEXT,
	version TEXT,
	arithmetic TEXT,
	error TEXT,
	parent INTEGER REFERENCES run (id) ON DELETE SET NULL,
	archived INTEGER NOT NULL DEFAULT 0,
	pid INTEGER NOT NULL DEFAULT 0,
	boot TEXT,
	start TEXT
) STRICT;
CREATE INDEX run_recipe ON run (recipe);
CREATE INDEX run_parent ON run (parent);
CREATE INDEX run_output ON run (output);
CREATE INDEX run_output_hash ON run (output_hash);
CREATE INDEX run_running ON run (status) WHERE status = 'running';

CREATE TABLE run_input (
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	path TEXT,
	hash TEXT,
	role TEXT NOT NULL DEFAULT 'input',
	PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_input_hash ON run_input (hash);

CREATE TABLE score (
	id INTEGER PRIMARY KEY,
	run INTEGER REFERENCES run (id) ON DELETE CASCADE,
	model INTEGER REFERENCES model (id) ON DELETE SET NULL,
	task TEXT NOT NULL,
	metric TEXT NOT NULL,
	value REAL,
	stderr REAL,
	n INTEGER,
	protocol TEXT,
	estimated INTEGER NOT NULL DEFAULT 0,
	source TEXT,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE INDEX score_run ON score (run);
CREATE INDEX score_model ON score (model);

CREATE TABLE note (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	text TEXT NOT NULL,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE INDEX note_run ON note (run);

CREATE TABLE tag (
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	tag TEXT NOT NULL,
	PRIMARY KEY (run, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_tag ON tag (tag);

CREATE TABLE job (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	run INTEGER REFERENCES run (id) ON DELETE SET NULL,
	what TEXT NOT NULL,
	state TEXT NOT NULL DEFAULT 'waiting',
	command TEXT NOT NULL,
	folder TEXT,
	log TEXT,
	message TEXT,
	pid INTEGER NOT NULL DEFAULT 0,
	boot TEXT,
	start TEXT,
	done INTEGER NOT NULL DEFAULT 0,
	total INTEGER NOT NULL DEFAULT 0,
	rate REAL,
	left REAL,
	threads INTEGER NOT NULL DEFAULT 0,
	cancel INTEGER NOT NULL DEFAULT 0,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
	updated TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE INDEX job_state ON job (state) WHERE state IN ('waiting', 'running');

-- Full text over what a person remembers of a run. Triggers keep it, whoever writes the tables.
CREATE VIRTUAL TABLE run_search USING fts5 (
	name, recipe, inputs, output, notes, tags,
	tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER run_search_new AFTER INSERT ON run BEGIN
	INSERT INTO run_search (rowid, name, recipe, inputs, output, notes, tags) VALUES (
		new.id, new.name,
		coalesce((SELECT text FROM recipe WHERE id = new.recipe), '') || ' ' ||
			coalesce(new.recipe_path, ''),
		'', coalesce(new.output, ''), '', '');
END;
CREATE TRIGGER run_search_name AFTER UPDATE OF name ON run BEGIN
	UPDATE run_search SET name = new.name WHERE rowid = new.id;
END;
CREATE TRIGGER run_search_output AFTER UPDATE OF output ON run BEGIN
	UPDATE run_search SET output = coalesce(new.output, '') WHERE rowid = new.id;
END;
CREATE TRIGGER run_search_gone AFTER DELETE ON run BEGIN
	DELETE FROM run_search WHERE rowid = old.id;
END;
CREATE TRIGGER run_search_input AFTER INSERT ON run_input BEGIN
	UPDATE run_search SET inputs = inputs || ' ' || new.name WHERE rowid = new.run;
END;
CREATE TRIGGER run_search_note AFTER INSERT ON note BEGIN
	UPDATE run_search SET notes = notes || char(10) || new.text WHERE rowid = new.run;
END;
CREATE TRIGGER run_search_unnote AFTER DELETE ON note BEGIN
	UPDATE run_search SET notes =
		coalesce((SELECT group_concat(text, char(10)) FROM note WHERE run = old.run), '')
		WHERE rowid = old.run;
END;
CREATE TRIGGER run_search_tag AFTER INSERT ON tag BEGIN
	UPDATE run_search SET tags =
		coalesce((SELECT group_concat(tag, ' ') FROM tag WHERE run = new.run), '')
		WHERE rowid = new.run;
END;
CREATE TRIGGER run_search_untag AFTER DELETE ON tag BEGIN
	UPDATE run_search SET tags =
		coalesce((SELECT group_concat(tag, ' ') FROM tag WHERE run = old.run), '')
		WHERE rowid = old.run;
END;

CREATE VIEW runs AS SELECT
	r.id, r.kind, r.name, r.status, r.started, r.seconds, r.method,
	nullif(p.hash, '') AS recipe_hash, r.recipe_path, p.text AS recipe, r.output,
	r.output_hash, r.bytes,
	r.tensors, r.seed, r.version, r.arithmetic, r.command, r.error, r.parent, r.archived,
	(SELECT group_concat(tag, ' ') FROM tag WHERE run = r.id) AS tags,
	(SELECT text FROM note WHERE run = r.id ORDER BY id DESC LIMIT 1) AS note
	FROM run r LEFT JOIN recipe p ON p.id = r.recipe;
CREATE VIEW inputs AS SELECT run, position, name, path, hash, role FROM run_input;
CREATE VIEW models AS SELECT
	m.id, m.name, m.path, m.format, m.architecture, m.kind, m.hash, m.parameters, m.bytes,
	m.bits,
	m.state, m.partial, m.parent, p.name AS parent_name, m.relation, m.run, m.seen
	FROM model m LEFT JOIN model p ON p.id = m.parent;
CREATE VIEW tensors AS SELECT
	c.hash AS model_hash, t.position, t.name, t.dtype, t.shape, t.bytes, t.hash
	FROM tensor t JOIN content c ON c.id = t.content;
CREATE VIEW notes AS SELECT id, run, text, created FROM note;
CREATE VIEW tags AS SELECT run, tag FROM tag;
CREATE VIEW scores AS SELECT
	s.id, s.run, s.model, m.name AS model_name, s.task, s.metric, s.value, s.stderr, s.n,
	s.protocol, s.estimated, s.source, s.created
	FROM score s LEFT JOIN model m ON m.id = s.model;
CREATE VIEW jobs AS SELECT
	id, run, what, state, message, done, total, rate, left, threads, pid, created, updated,
	log, command
	FROM job;
CREATE VIEW statistics AS SELECT
	kind, lower(hex(a)) AS a, lower(hex(b)) AS b, lower(hex(base)) AS base,
	length(data) AS bytes
	FROM stat;
