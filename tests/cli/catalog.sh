#!/bin/sh
# runs, show, note, tag, rename, archive, sql, export: what they print, what they refuse, what they hide.
. "$top_srcdir/tests/cli/lib.sh"
# lib.sh has left the folder that $top_builddir is told from; the program lies there.
fill=$(dirname "$CUPEL")/tests/cli/fill_catalog
export TZ=UTC

# Nothing yet; the catalog is made where XDG says.
run 0 runs
has out 'No runs yet'
run 0 runs --json
same "$(cat out)" '[]'
[ -f data/cupel/catalog.db ] || { echo 'not ok: no catalog under XDG_DATA_HOME'; bad=1; }
run 0 jobs
run 0 jobs --json
same "$(cat out)" '[]'

export CUPEL_CATALOG="$dir/c.db"
"$fill" c.db || exit 99

run 0 runs
same "$(lines out)" 4
has out 'agent, the "3rd"' nuslerp done '9.1 s' '6.80 GB' gone good 'sweet spot; \x1B[31mAgent4' \
  failed cancelled
hasnt out "$(printf '\033')"
hasnt out 'second line'
run 0 runs --json
has out '"id": 1' '"kind": "merge"' '"status": "done"' '"seconds": 9.1' '"seed": 1.8446744073709552e+19' \
  '"recipe_hash": "0123456789abcdef0123456789abcdef"' '"output": "/nowhere/agent3"' '"good"' \
  '"output_state": "gone"' '"parent": 1'
run 0 runs method:nus -failed tag:good
same "$(lines out)" 2
run 0 runs stutter
has out agent
run 0 runs 'note:"second line"'
has out agent
run 0 runs nothing-like-it
has out 'No run matches.'
run 0 runs -tag:good
hasnt out agent
run 2 runs mehtod:x
has err 'no field mehtod;' 'did you mean method?'
run 0 runs "'; DROP TABLE run; --"
run 0 runs
same "$(lines out)" 4

run 0 show 1
has out 'run 1: merge, done' 'seed        18446744073709551615' '11111111111111111111111111111111' \
  arc_easy 0.686 '~0.84' '    second line | with a pipe' '      weight: 1.40' 'gone'
hasnt out "$(printf '\033')"

run 0 show 2
has out 'error       the disk is full' 'from        run 1'
run 0 show 1 --json
has out '"run": 1' '"recipe_text": "# chosen after the sweep\n' '"inputs":' '"outputs":' '"results":' \
  '"value": 0.686' '"stderr": null' '"estimated": true' '"role": "donor"'
run 3 show 99
has err 'there is no run 99; `cupel runs` lists them'
run 3 show nobody
has err 'neither the number nor the name'
run 3 show nobody --json
has out '"code": "input"'
run 3 show -- -1
run 3 show 99999999999999999999

run 0 note 2 too many words for one
run 0 show 2
has out 'too many words for one'
run 0 note 2 '-4 is worse'
run 0 runs -- id:2
has out '-4 is worse'
run 3 note 99 text
run 2 note 2

run 0 tag 2 +new other -none
same "$(cat out)" 'new other'
run 0 tag 2 -other
same "$(cat out)" new
run 0 tag 2 --json
has out '"tags": [' '"new"'
run 2 tag 2 'two words'
has err 'cannot be a tag'
run 3 tag 99 x

run 0 rename 2 'another name'
run 0 show 'another name'
has out 'run 2'
run 0 archive 2 3
run 0 runs
same "$(lines out)" 2
run 0 runs archived:yes
same "$(lines out)" 3
run 0 archive --undo 2
run 0 runs
same "$(lines out)" 3

run 0 sql 'SELECT id, name FROM runs ORDER BY id'
same "$(lines out)" 4
run 0 sql --json "SELECT count(*) AS n, 'x' AS t FROM runs"
has out '"n": 3' '"t": "x"'
run 2 sql 'DELETE FROM run'
has err 'only read here'
run 2 sql 'SELECT * FROM nowhere'
has err 'no such table: nowhere'
run 0 sql --json 'SELECT count(*) AS n FROM runs'
has out '"n": 3'

# A recipe to hand on: runs elsewhere, says what it was, names no path of this machine.
run 0 export 1
has out '# seed 18446744073709551615' '# arithmetic float32' \
  '#   input code  hash 11111111111111111111111111111111' \
  '#   donor owner/kjv  revision abc123  hash unknown' \
  '  - model: code   # mine # hash 11111111111111111111111111111111' '      weight: 1.40' \
  '    parameters: {weight: 0.60}' '# chosen after the sweep'
hasnt out /home
hasnt out someone
hasnt out /nowhere
run 0 export 1 --format markdown
has out '# agent, the "3rd"' '| method | nuslerp |' '| arc\_easy | acc | 0.686 | 0.01 | 2376 |' \
  '(est.) 0.84' '```yaml' 'with a pipe'
hasnt out /home
hasnt out /nowhere
hasnt out "$(printf '\033')"
same "$(grep -c '|$' out)" "$(grep -c '^|' out)"
run 0 export 1 2 3 --format csv
has out 'arc_easy acc,arc_easy acc stderr,boolq acc' '0.68600000000000005' '"agent, the ""3rd"""'
hasnt out /nowhere
run 0 export 1 --json
has out '"run": 1'
run 0 export 1 2 --format json
has out '"run": 2'
run 2 export 1 --format yaml
run 2 export 1 2
run 3 export 3
has err 'has no recipe'
run 3 export 99

# A catalog that cannot be written: said once, and nothing pretends to be kept.
cp c.db newer.db
if command -v sqlite3 >/dev/null 2>&1; then
  sqlite3 newer.db 'PRAGMA user_version = 77'
  run 0 --catalog newer.db runs
  has err 'newer version' 'nothing of this session will be remembered'
  has out agent
  run 3 --catalog newer.db note 1 text
  run 0 --json --catalog newer.db merge "$demo/halfway.yml" unremembered
  has out '"run": null'
  same "$(sqlite3 newer.db 'PRAGMA user_version')" 77
fi
printf 'this is no database at all, but somebody may need it again' >text.db
cp text.db text.copy
run 3 --catalog text.db runs
has err 'text.db: is not a catalog' '--catalog'
cmp -s text.db text.copy || { echo 'not ok: a foreign file was changed'; bad=1; }
dd if=c.db of=cut.db bs=1000 count=20 2>/dev/null
run 3 --catalog cut.db runs
has err 'cut.db: is damaged'

# Jobs that are not there.
run 3 log 1
has err 'there is no job 1'
run 3 cancel 7
run 2 cancel seven
has err 'not the number of a job'

done_testing
