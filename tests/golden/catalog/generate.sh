#!/bin/sh
# Catalogs of versions 1 and 2 as text: every statement as it was when that version was written,
# with a row or more in every table. Needs sqlite3 and the schema; make check needs neither.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
schema=$here/../../../share/schema
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rows() {
  cat <<'SQL'
INSERT INTO meta VALUES ('checked', '2026-01-01T00:00:00Z');
INSERT INTO model (id, path, name, format, architecture, kind, hash, parameters, bytes, bits, seen)
  VALUES (1, '/m/base', 'base', 'hf', 'llama', 'base', '0000000000000000000000000000000a', 1000, 2000, 16.0, '2026-01-01T00:00:00Z');
INSERT INTO model (id, path, name, kind, parent, relation, partial, state, seen)
  VALUES (2, '/m/tune', 'tune', 'tune', 1, 'finetune', '3/7', 'partial', '2026-01-01T00:00:00Z');
INSERT INTO content VALUES (1, '0000000000000000000000000000000a');
INSERT INTO tensor VALUES (1, 0, 'model.norm.weight', 'BF16', '64', 128, '0000000000000000000000000000000b'),
  (1, 1, 'lm_head.weight', 'BF16', '64x64', 8192, '0000000000000000000000000000000c');
INSERT INTO stat VALUES (1, 'norm', zeroblob(16), zeroblob(16), zeroblob(16), x'0102030405');
INSERT INTO recipe VALUES (1, '11111111111111111111111111111111', RECIPE_HASH, RECIPE_TEXT);
INSERT INTO run (id, kind, name, status, started, seconds, recipe, recipe_path, method, output, output_hash,
  bytes, tensors, seed, command, version, arithmetic) VALUES (1, 'merge', 'first', 'done', '2026-01-02T03:04:05Z',
  9.5, 1, 'r.yml', 'nearswap', '/m/out', '22222222222222222222222222222222', 7, 2, -1, 'merge r.yml out', '0.0.9', 'float32');
INSERT INTO run (id, kind, name, status, started, error, parent, archived) VALUES (7, 'merge', 'second', 'failed',
  '2026-01-03T03:04:05Z', 'the disk was full', 1, 1);
INSERT INTO run_input VALUES (1, 0, 'base', '/m/base', NULL, 'base'), (1, 1, 'owner/tune', NULL, '0000000000000000000000000000000d', 'input');
INSERT INTO score (id, run, model, task, metric, value, stderr, n, protocol, estimated, source, created)
  VALUES (1, 1, 1, 'arc_easy', 'acc', 0.5, 0.01, 2376, '{"shots":0}', 0, 'card.md', '2026-01-01T00:00:00Z'),
  (2, NULL, 2, 'boolq', 'acc', NULL, NULL, NULL, NULL, 1, NULL, '2026-01-01T00:00:00Z');
INSERT INTO note VALUES (1, 1, 'the sweet spot', '2026-01-01T00:00:00Z');
INSERT INTO tag VALUES (1, 'good'), (7, 'bad');
INSERT INTO job (id, run, what, state, command, folder, message, done, total, created, updated) VALUES (3, 1, 'merge r.yml', 'done',
  '["merge","r.yml","out"]', '/home', 'well', 7, 7, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
SQL
}
# dump VERSION
dump() {
  {
    echo "-- A catalog of version $1, by generate.sh."
    sqlite3 "$work/$1.db" .dump
    echo 'PRAGMA application_id = 1668640876;'
    echo "PRAGMA user_version = $1;"
  } >"$here/v$1.sql"
}
text="'# chosen' || char(10) || 'merge_method: nearswap' || char(10) || 'parameters:' || char(10) || '  t: 0.0001' || char(10)"
# XXH3-128 of that text, as the program stores it.
hash=${RECIPE_HASH:?the 32 hex digits of the hash of the recipe}
rows | sed -e "s/RECIPE_HASH/x'$hash'/" -e "s/RECIPE_TEXT/$text/" >"$work/rows.sql"
cat "$schema/001.sql" "$work/rows.sql" | sqlite3 "$work/1.db"
dump 1
{
  cat "$schema/001.sql" "$work/rows.sql" "$schema/002.sql"
  echo "UPDATE score SET variant = 'qx64', line = 12, text = '| boolq | 0.7 |', fact = 'f2' WHERE id = 2;"
} | sqlite3 "$work/2.db"
dump 2
