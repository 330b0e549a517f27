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

done_testing
