-- Version 2: a score knows the line it stands in and whose it is said to be, and a file that is
-- imported twice changes nothing.

ALTER TABLE score ADD COLUMN variant TEXT; -- the model in the words of the file
ALTER TABLE score ADD COLUMN line INTEGER;
ALTER TABLE score ADD COLUMN text TEXT;    -- of that line, or the part of it
ALTER TABLE score ADD COLUMN fact TEXT;    -- hash of what was stated; two of them are one
CREATE UNIQUE INDEX score_fact ON score (fact);
CREATE INDEX score_variant ON score (variant);

DROP VIEW scores;
CREATE VIEW scores AS SELECT
	s.id, s.run, s.model, coalesce(m.name, s.variant) AS model_name, s.task, s.metric, s.value,
	s.stderr, s.n, s.protocol, s.estimated, s.source, s.created, s.variant, s.line, s.text
	FROM score s LEFT JOIN model m ON m.id = s.model;
