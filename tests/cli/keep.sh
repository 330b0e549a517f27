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
mkdir elsewhere
run 0 backup elsewhere
same "$(ls elsewhere | grep -c '^c.db.backup-2')" 1
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

# A newer version's file is copied and looked at as it is, and not repaired.
if command -v sqlite3 >/dev/null 2>&1; then
  cp copy.db newer.db
  sqlite3 newer.db 'PRAGMA user_version = 77; CREATE TABLE later (x)'
  run 0 --catalog newer.db backup newer.copy
  same "$(sqlite3 newer.copy "SELECT count(*) FROM run") $(sqlite3 newer.copy 'PRAGMA user_version')" '3 77'
  run 0 --catalog newer.db doctor --check
  has out 'is whole'
fi

# --- a merge needs no catalog ---
merge="merge $demo/halfway.yml"
run 0 --json $merge usual
has out '"run": 4'
hash=$(grep '"hash"' out)
remembers_nothing() { # NAME: the output is whole all the same
  has out "$hash" '"run": null'
  [ -f "$1/cupel.json" ] || { echo "not ok: no $1/cupel.json"; bad=1; }
  cmp -s usual/model.safetensors "$1/model.safetensors" || { echo "not ok: $1 differs"; bad=1; }
}
# Damaged: said in one line that names the repair, and not touched.
cp hurt.copy bad.db
run 0 --json --catalog bad.db $merge beside-damage
remembers_nothing beside-damage
has err 'bad.db: is damaged: nothing of this session will be remembered' 'cupel doctor --repair'
same "$(grep -c . err)" 1
cmp -s hurt.copy bad.db || { echo 'not ok: a merge changed a damaged catalog'; bad=1; }
run 0 --catalog bad.db preview "$demo/halfway.yml"
run 0 --catalog bad.db quantize usual beside-damage.gguf --plan Q8_0
run 3 --catalog bad.db $merge --detach job-without
has err 'cupel doctor --repair'
run 3 --catalog bad.db note 1 text
has err 'bad.db: is damaged'
run 0 --json --catalog text.db $merge beside-text
remembers_nothing beside-text
cmp -s text.db text.copy || { echo 'not ok: a merge changed a text'; bad=1; }
# A folder where the file should be, a path that leads nowhere, no home at all.
mkdir folder.db
run 0 --json --catalog folder.db $merge beside-folder
remembers_nothing beside-folder
run 0 --json --catalog text.db/catalog.db $merge beneath-text
remembers_nothing beneath-text
has err 'nothing of this session will be remembered'
(unset HOME XDG_DATA_HOME CUPEL_CATALOG XDG_STATE_HOME XDG_CACHE_HOME XDG_CONFIG_HOME
  mkdir homeless && cd homeless && run 0 --json merge "$demo/halfway.yml" out-of-home
  has out "$hash" '"run": 1'
  exit $bad) || bad=1

# Held by another program, which may even be stopped: waited for a moment, then gone on without.
hold=$(dirname "$CUPEL")/tests/cli/hold_catalog
export CUPEL_CATALOG_WAIT=0.05
mkfifo lock held
for how in shared exclusive; do
  "$hold" c.db $how <lock >held &
  holder=$!
  exec 5>lock 6<held
  read -r said <&6
  same "$said" held
  kill -STOP $holder
  run 0 --json $merge locked-$how
  remembers_nothing locked-$how
  has err 'c.db: is locked by another program'
  run 3 note 1 text
  has err 'c.db: is locked by another program'
  run 0 quantize usual locked-$how.gguf --plan Q8_0
  if [ $how = shared ]; then
    # Who only reads does not wait.
    run 0 runs
    has out 'sweet spot'
    run 0 doctor --check
    has out 'is whole'
    run 0 backup while-locked.db
    has out 'runs 4'
  fi
  kill -CONT $holder
  exec 5>&- 6<&-
  wait $holder
done
run 0 --json $merge afterwards
has out '"run": 5'
run 0 doctor --check
run 0 scan locked-shared
run 0 models
has out locked-shared
same "$(cat err)" ''

# Nobody's folder: it works, and says that nothing is kept.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1; then
  chmod 755 "$dir"
  mkdir closed && cp copy.db closed/c.db && chmod 555 closed && mkdir -m 777 open
  setpriv --reuid=65534 --regid=65534 --clear-groups "$CUPEL" --catalog closed/c.db --json $merge \
    open/out >out 2>err </dev/null || { echo 'not ok: no merge beside a closed folder'; bad=1; }
  has out "$hash" '"run": null'
  has err 'closed/c.db: ' 'nothing of this session will be remembered'
  setpriv --reuid=65534 --regid=65534 --clear-groups "$CUPEL" --catalog closed/c.db backup \
    open/copy.db >out 2>err </dev/null || { echo 'not ok: no backup of what can be read'; bad=1; }
  has out 'runs 3'
  run 0 --catalog open/copy.db runs
fi

done_testing
