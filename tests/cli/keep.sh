#!/bin/sh
# backup, doctor --check and --repair; what verbs do when the catalog is damaged, locked, foreign or
# nowhere.
. "$top_srcdir/tests/cli/lib.sh"
fill=$(dirname "$CUPEL")/tests/cli/fill_catalog
export TZ=UTC CUPEL_CATALOG="$dir/c.db"

run 3 backup
has err 'there is no catalog'
[ ! -e c.db ] || { echo 'not ok: a backup made a catalog'; bad=1; }
"$fill" c.db || exit 99

# --- backup ---
run 0 backup copy.db
has out 'copy.db: ' 'runs 3, models 0, scores 2'
run 0 --catalog copy.db show 1
has out 'agent, the "3rd"' 'sweet spot'
run 3 backup copy.db
has err 'copy.db: is there already' 'a backup replaces nothing'
run 0 --json backup
has out '"file": "'"$dir"'/c.db.backup-2' '"runs": 3' '"bytes": '
run 0 backup
same "$(ls c.db.backup-* | wc -l | tr -d ' ')" 2
same "$(ls | grep -c 'cupel-copy')" 0
run 3 backup nowhere/copy.db
has err 'nowhere/copy.db: cannot be written'
printf 'this is my diary and no database\n' >text.db
run 3 --catalog text.db backup text-copy.db
has err 'text.db: is not a catalog'
[ ! -e text-copy.db ] || { echo 'not ok: a copy of what is no catalog'; bad=1; }

# --- check and repair ---
run 0 doctor --check
has out 'c.db is whole'
run 0 doctor --repair
has out 'c.db is whole'
same "$(ls c.db.damaged-* 2>/dev/null | wc -l | tr -d ' ')" 0
# A file that ends in the middle; every verb says how to mend it.
cp copy.db hurt.db
dd if=copy.db of=hurt.db bs=4096 count=30 2>/dev/null
cp hurt.db hurt.copy
run 3 --catalog hurt.db runs
has err 'hurt.db: is damaged' 'cupel doctor --repair'
same "$(lines err)" 1
run 3 --catalog hurt.db backup hurt.backup
has err 'hurt.db: is damaged' 'cupel doctor --repair'
[ ! -e hurt.backup ] || { echo 'not ok: a backup of a damaged file'; bad=1; }
run 1 --catalog hurt.db doctor --check
has out 'hurt.db' 'cupel doctor --repair'
run 1 --json --catalog hurt.db doctor --check
has out '"whole": false' '"repairable": true'
cmp -s hurt.db hurt.copy || { echo 'not ok: a look changed the file'; bad=1; }
run 0 --catalog hurt.db doctor --repair
has out 'hurt.db is a new file' 'runs ' ' saved' 'The damaged file is hurt.db.damaged-'
cmp -s hurt.db.damaged-2* hurt.copy || { echo 'not ok: the damaged file is not as it was'; bad=1; }
run 0 --catalog hurt.db runs
run 0 --catalog hurt.db doctor --check
has out 'is whole'
# What is no catalog stays as it is.
cp text.db text.copy
run 3 --catalog text.db doctor --repair
has err 'text.db: no row of a catalog can be found in it'
cmp -s text.db text.copy || { echo 'not ok: a text was repaired'; bad=1; }
run 3 --catalog none.db doctor --check
has err 'there is no catalog'
run 3 --catalog none.db doctor --repair
[ ! -e none.db ] || { echo 'not ok: a repair made a catalog'; bad=1; }

done_testing
