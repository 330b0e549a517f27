-- A catalog of version 2, by generate.sh.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('checked','2026-01-01T00:00:00Z');
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
INSERT INTO model VALUES(1,'/m/base','base','hf','llama','base','0000000000000000000000000000000a',1000,2000,16.0,NULL,'on disk',NULL,NULL,NULL,'2026-01-01T00:00:00Z');
INSERT INTO model VALUES(2,'/m/tune','tune',NULL,NULL,'tune',NULL,0,0,NULL,'3/7','partial',1,'finetune',NULL,'2026-01-01T00:00:00Z');
CREATE TABLE content (
	id INTEGER PRIMARY KEY,
	hash TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO content VALUES(1,'0000000000000000000000000000000a');
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
INSERT INTO tensor VALUES(1,0,'model.norm.weight','BF16','64',128,'0000000000000000000000000000000b');
INSERT INTO tensor VALUES(1,1,'lm_head.weight','BF16','64x64',8192,'0000000000000000000000000000000c');
CREATE TABLE stat (
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	a BLOB NOT NULL,
	b BLOB NOT NULL,
	base BLOB NOT NULL,
	data BLOB NOT NULL
) STRICT;
INSERT INTO stat VALUES(1,'norm',X'00000000000000000000000000000000',X'00000000000000000000000000000000',X'00000000000000000000000000000000',X'0102030405');
CREATE TABLE recipe (
	id INTEGER PRIMARY KEY,
	hash TEXT NOT NULL DEFAULT '',
	text_hash BLOB NOT NULL,
	text TEXT NOT NULL
) STRICT;
INSERT INTO recipe VALUES(1,'11111111111111111111111111111111',X'09dbc601e7d964d35d603f8ccad90844',replace('# chosen\nmerge_method: nearswap\nparameters:\n  t: 0.0001\n','\n',char(10)));
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
INSERT INTO run VALUES(1,'merge','first','done','2026-01-02T03:04:05Z',9.5,1,'r.yml','nearswap','/m/out','22222222222222222222222222222222',7,2,-1,'merge r.yml out','0.0.9','float32',NULL,NULL,0,0,NULL,NULL);
INSERT INTO run VALUES(7,'merge','second','failed','2026-01-03T03:04:05Z',NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,NULL,NULL,NULL,'the disk was full',1,1,0,NULL,NULL);
CREATE TABLE run_input (
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	path TEXT,
	hash TEXT,
	role TEXT NOT NULL DEFAULT 'input',
	PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;
INSERT INTO run_input VALUES(1,0,'base','/m/base',NULL,'base');
INSERT INTO run_input VALUES(1,1,'owner/tune',NULL,'0000000000000000000000000000000d','input');
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
, variant TEXT, line INTEGER, text TEXT, fact TEXT) STRICT;
INSERT INTO score VALUES(1,1,1,'arc_easy','acc',0.5,0.010000000000000000208,2376,'{"shots":0}',0,'card.md','2026-01-01T00:00:00Z',NULL,NULL,NULL,NULL);
INSERT INTO score VALUES(2,NULL,2,'boolq','acc',NULL,NULL,NULL,NULL,1,NULL,'2026-01-01T00:00:00Z','qx64',12,'| boolq | 0.7 |','f2');
CREATE TABLE note (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	text TEXT NOT NULL,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
INSERT INTO note VALUES(1,1,'the sweet spot','2026-01-01T00:00:00Z');
CREATE TABLE tag (
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	tag TEXT NOT NULL,
	PRIMARY KEY (run, tag)
) STRICT, WITHOUT ROWID;
INSERT INTO tag VALUES(7,'bad');
INSERT INTO tag VALUES(1,'good');
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
INSERT INTO job VALUES(3,1,'merge r.yml','done','["merge","r.yml","out"]','/home',NULL,'well',0,NULL,NULL,7,7,NULL,NULL,0,0,'2026-01-01T00:00:00Z','2026-01-01T00:00:00Z');
PRAGMA writable_schema=ON;
INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','run_search','run_search',0,'CREATE VIRTUAL TABLE run_search USING fts5 (
	name, recipe, inputs, output, notes, tags,
	tokenize = ''unicode61 remove_diacritics 2''
)');
CREATE TABLE IF NOT EXISTS 'run_search_data'(id INTEGER PRIMARY KEY, block BLOB);
INSERT INTO run_search_data VALUES(1,X'02020a03020302');
INSERT INTO run_search_data VALUES(10,X'000000000106060006010101020101030101040101050101060101');
INSERT INTO run_search_data VALUES(137438953473,X'0000008f023030010601010802033030310106010109010663686f73656e01060101020105666972737401020201016d01060103020204657267650106010103030474686f64010601010401086e65617273776170010601010501036f75740106010303010a706172616d65746572730106010106010172010601010a01017401060101070103796d6c010601010b04080a0d0a080b0b0f0a110808');
INSERT INTO run_search_data VALUES(274877906945,X'0000000f07307365636f6e6407020204');
INSERT INTO run_search_data VALUES(412316860417,X'0000009a0230300107010108020330303101070101090104626173650106010202010663686f73656e01070101020105666972737401030201016d01070103020204657267650107010103030474686f64010701010401086e65617273776170010701010501036f75740107010303010a706172616d65746572730107010106010172010701010a01017401070101070103796d6c010701010b04080a0b0d0a080b0b0f0a110808');
INSERT INTO run_search_data VALUES(549755813889,X'000000af0230300107010108020330303101070101090104626173650107010202010663686f73656e01070101020105666972737401030201016d01070103020204657267650107010103030474686f64010701010401086e65617273776170010701010501036f757401070103030204776e65720106010203010a706172616d65746572730107010106010172010701010a01017401070101070203756e6501060102040103796d6c010701010b04080a0b0d0a080b0b0f0a0b1108080a');
INSERT INTO run_search_data VALUES(687194767361,X'000000ce0230300107010108020330303101070101090104626173650107010202010663686f73656e01070101020105666972737401030201016d01070103020204657267650107010103030474686f64010701010401086e65617273776170010701010501036f757401070103030204776e65720107010203010a706172616d65746572730107010106010172010701010a010473706f740106010404020477656574010601040301017401070101070202686501060104020203756e6501070102040103796d6c010701010b04080a0b0d0a080b0b0f0a0b11080b0b08090a');
INSERT INTO run_search_data VALUES(824633720833,X'000000eb02303001070101080203303031010701010901036261640706010502030273650107010202010663686f73656e0107010102010566697273740103020104676f6f64010601050201016d01070103020204657267650107010103030474686f64010701010401086e65617273776170010701010501036f757401070103030204776e65720107010203010a706172616d65746572730107010106010172010701010a01067365636f6e640703020203706f740107010404020477656574010701040301017401070101070202686501070104020203756e6501070102040103796d6c010701010b04080a0a090d0a0b080b0b0f0a0b11080b0a0b08090a');
CREATE TABLE IF NOT EXISTS 'run_search_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
INSERT INTO run_search_idx VALUES(1,X'',2);
INSERT INTO run_search_idx VALUES(2,X'',2);
INSERT INTO run_search_idx VALUES(3,X'',2);
INSERT INTO run_search_idx VALUES(4,X'',2);
INSERT INTO run_search_idx VALUES(5,X'',2);
INSERT INTO run_search_idx VALUES(6,X'',2);
CREATE TABLE IF NOT EXISTS 'run_search_content'(id INTEGER PRIMARY KEY, c0, c1, c2, c3, c4, c5);
INSERT INTO run_search_content VALUES(1,'first',replace('# chosen\nmerge_method: nearswap\nparameters:\n  t: 0.0001\n r.yml','\n',char(10)),' base owner/tune','/m/out',replace('\nthe sweet spot','\n',char(10)),'good');
INSERT INTO run_search_content VALUES(7,'second',' ','','','','bad');
CREATE TABLE IF NOT EXISTS 'run_search_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
INSERT INTO run_search_docsize VALUES(1,X'010a03020301');
INSERT INTO run_search_docsize VALUES(7,X'010000000001');
CREATE TABLE IF NOT EXISTS 'run_search_config'(k PRIMARY KEY, v) WITHOUT ROWID;
INSERT INTO run_search_config VALUES('version',4);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('run',7);
INSERT INTO sqlite_sequence VALUES('job',3);
CREATE INDEX model_name ON model (name);
CREATE INDEX model_hash ON model (hash);
CREATE INDEX model_parent ON model (parent);
CREATE INDEX model_run ON model (run);
CREATE INDEX tensor_hash ON tensor (hash);
CREATE UNIQUE INDEX stat_key ON stat (a, b, base, kind);
CREATE INDEX stat_b ON stat (b);
CREATE INDEX stat_base ON stat (base);
CREATE UNIQUE INDEX recipe_key ON recipe (text_hash, hash);
CREATE INDEX recipe_hash ON recipe (hash);
CREATE INDEX run_recipe ON run (recipe);
CREATE INDEX run_parent ON run (parent);
CREATE INDEX run_output ON run (output);
CREATE INDEX run_output_hash ON run (output_hash);
CREATE INDEX run_running ON run (status) WHERE status = 'running';
CREATE INDEX run_input_hash ON run_input (hash);
CREATE INDEX score_run ON score (run);
CREATE INDEX score_model ON score (model);
CREATE INDEX note_run ON note (run);
CREATE INDEX tag_tag ON tag (tag);
CREATE INDEX job_state ON job (state) WHERE state IN ('waiting', 'running');
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
CREATE VIEW jobs AS SELECT
	id, run, what, state, message, done, total, rate, left, threads, pid, created, updated,
	log, command
	FROM job;
CREATE VIEW statistics AS SELECT
	kind, lower(hex(a)) AS a, lower(hex(b)) AS b, lower(hex(base)) AS base,
	length(data) AS bytes
	FROM stat;
CREATE UNIQUE INDEX score_fact ON score (fact);
CREATE INDEX score_variant ON score (variant);
CREATE VIEW scores AS SELECT
	s.id, s.run, s.model, coalesce(m.name, s.variant) AS model_name, s.task, s.metric, s.value,
	s.stderr, s.n, s.protocol, s.estimated, s.source, s.created, s.variant, s.line, s.text
	FROM score s LEFT JOIN model m ON m.id = s.model;
PRAGMA writable_schema=OFF;
COMMIT;
PRAGMA application_id = 1668640876;
PRAGMA user_version = 2;
