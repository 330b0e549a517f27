-- Version 3: model cards with their text, which model is said to come from which, and the answers
-- to single questions behind a score.

CREATE TABLE card (
	id INTEGER PRIMARY KEY,
	model INTEGER REFERENCES model (id) ON DELETE SET NULL,
	name TEXT NOT NULL,            -- the model in the card's words
	source TEXT NOT NULL,
	hash TEXT NOT NULL UNIQUE,     -- of the file's bytes
	text TEXT NOT NULL,            -- whole, mojibake repaired
	license TEXT,
	recipe INTEGER REFERENCES recipe (id),
	facts TEXT NOT NULL DEFAULT '{}', -- JSON: library, tags, quantization, tables, claims
	imported TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE INDEX card_model ON card (model);
CREATE INDEX card_name ON card (name);

-- Names as stated: a parent need not be on this machine. model is the child where it is.
CREATE TABLE edge (
	id INTEGER PRIMARY KEY,
	card INTEGER REFERENCES card (id) ON DELETE CASCADE,
	model INTEGER REFERENCES model (id) ON DELETE CASCADE,
	child TEXT NOT NULL,
	parent TEXT NOT NULL,
	relation TEXT NOT NULL,
	source TEXT NOT NULL,
	position INTEGER NOT NULL DEFAULT 0,
	weight REAL
) STRICT;
CREATE INDEX edge_card ON edge (card);
CREATE INDEX edge_model ON edge (model);
CREATE INDEX edge_child ON edge (child);
CREATE INDEX edge_parent ON edge (parent);

-- keys: 8 bytes a question, little endian, ascending. data: a float32 each, in their order.
CREATE TABLE question_set (
	id INTEGER PRIMARY KEY,
	hash TEXT NOT NULL UNIQUE,
	n INTEGER NOT NULL,
	keys BLOB NOT NULL
) STRICT;
CREATE TABLE answer (
	score INTEGER PRIMARY KEY REFERENCES score (id) ON DELETE CASCADE,
	questions INTEGER NOT NULL REFERENCES question_set (id),
	data BLOB NOT NULL
) STRICT;
CREATE INDEX answer_questions ON answer (questions);

CREATE VIRTUAL TABLE card_search USING fts5 (
	name, text,
	tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER card_search_new AFTER INSERT ON card BEGIN
	INSERT INTO card_search (rowid, name, text) VALUES (new.id, new.name, new.text);
END;
CREATE TRIGGER card_search_gone AFTER DELETE ON card BEGIN
	DELETE FROM card_search WHERE rowid = old.id;
END;

-- Every number of a recipe under the last key above it: what filters like t<0.001 look at. The
-- program fills it.
CREATE TABLE recipe_value (
	key TEXT NOT NULL,             -- in small letters
	value REAL NOT NULL,
	recipe INTEGER NOT NULL REFERENCES recipe (id) ON DELETE CASCADE,
	PRIMARY KEY (key, value, recipe)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipe_value_recipe ON recipe_value (recipe);
-- Who read what a run wrote.
CREATE INDEX run_input_path ON run_input (path);
-- Tags are found in any case.
DROP INDEX tag_tag;
CREATE INDEX tag_tag ON tag (tag COLLATE NOCASE);
-- What a filter needs to know of a score, without the row.
CREATE INDEX score_task ON score (task, metric, value, run, model, estimated);
CREATE INDEX score_whose ON score (model, run, variant); -- who was measured, by the index alone

CREATE VIEW cards AS SELECT
	c.id, c.name, c.model, m.name AS model_name, c.source, c.hash, c.license, c.text,
	p.text AS recipe, c.facts, c.imported
	FROM card c LEFT JOIN model m ON m.id = c.model LEFT JOIN recipe p ON p.id = c.recipe;
CREATE VIEW ancestry AS SELECT
	e.child, e.parent, e.relation, e.position, e.weight, e.source, e.card, e.model
	FROM edge e;
CREATE VIEW answers AS SELECT a.score, q.n, q.hash AS questions
	FROM answer a JOIN question_set q ON q.id = a.questions;

-- What the files of a model say of its licence, and what most of its weights are stored as.
ALTER TABLE model ADD COLUMN license TEXT;
ALTER TABLE model ADD COLUMN dtype TEXT;
DROP VIEW models;
CREATE VIEW models AS SELECT
	m.id, m.name, m.path, m.format, m.architecture, m.kind, m.hash, m.parameters, m.bytes,
	m.bits, m.state, m.partial, m.parent, p.name AS parent_name, m.relation, m.run, m.seen,
	m.license, m.dtype
	FROM model m LEFT JOIN model p ON p.id = m.parent;
CREATE VIEW parameters AS SELECT r.id AS run, v.key, v.value
	FROM run r JOIN recipe_value v ON v.recipe = r.recipe;
