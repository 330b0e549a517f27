#!/bin/sh
# The whole story of a job: it outlives whoever started it, is seen and stopped from any shell, goes on
# where it was, and writes the bytes that the foreground writes.
. "$top_srcdir/tests/cli/lib.sh"
"$(dirname "$CUPEL")/tests/bench/mkmodel" small . base one two || exit 99
cat >recipe.yml <<'YML'
models:
  - model: one
    parameters: {weight: 0.6, density: 0.5}
  - model: two
    parameters: {weight: 0.4, density: 0.5}
merge_method: dare_ties
base_model: base
dtype: bfloat16
YML
mkdir fg bg cut killed bench

ask() { "$CUPEL" sql "$1" 2>err | tail -n 1 | tr -d ' '; }
state() { ask "SELECT state FROM jobs WHERE id = $1"; }
# The same files with the same bytes as the foreground's; the log of the work is not one of them.
same_as_fg() {
  diff -r fg/out "$1" >diff.txt || {
    echo "not ok: $1 differs from the foreground's"
    head -n 5 diff.txt
    bad=1
  }
}
# Lets the process work for as long as another takes to start and end, then holds it.
slice() {
  kill -CONT "$1" 2>/dev/null || return 1
  "$CUPEL" --version >/dev/null
  kill -STOP "$1" 2>/dev/null
}
# on_the_way JOB FOLDER: holds the job when it has finished some tensors but not all; its pid is in $pid.
on_the_way() {
  pid=$(ask "SELECT pid FROM jobs WHERE id = $1")
  kill -STOP "$pid"
  until grep -q '^tensor [0-9]' "$2/.out.cupel-journal" 2>/dev/null; do
    slice "$pid" || {
      echo "not ok: job $1 ended before it could be stopped"
      "$CUPEL" log "$1"
      exit 1
    }
  done
}

run 0 merge recipe.yml fg/out

# Started by a shell that is killed with everything it started that did not become a process of its own.
command -v setsid >/dev/null 2>&1 || exit 77
setsid sh -c '"$CUPEL" --threads 1 merge --detach recipe.yml bg/out >said 2>&1; kill -HUP 0; kill -KILL $$' \
  >/dev/null 2>&1
has said 'job 1: see it with `cupel jobs`'
run 0 log 1 --follow
has out 'bg/out' 'dare_ties of 3 models'
same "$(state 1)" 'done'
same_as_fg bg/out
run 0 jobs
has out 'merge out' 'done' '100%'
run 0 jobs --json
has out '"state": "done"' '"command": [' '"--threads"' '"run": 2'
run 0 runs status:done
same "$(lines out)" 3
run 3 cancel 1
has err 'job 1 is done already'
run 3 jobs --resume 1
has err 'cannot be resumed'

# Cancelled on the way, from another shell.
run 0 --threads 1 merge --detach recipe.yml cut/out
on_the_way 2 cut
same "$(state 2)" running
"$CUPEL" cancel 2 >cancelled 2>&1 &
asked=$!
# It may hold the catalog's lock: then it must work on for the flag to be written.
until [ "$(ask 'SELECT cancel FROM job WHERE id = 2')" = 1 ]; do
  slice "$pid" || break
done
kill -CONT "$pid"
wait "$asked"
has cancelled 'job 2: cancelled'
same "$(state 2)" cancelled
same "$(ask 'SELECT status FROM runs ORDER BY id DESC LIMIT 1')" cancelled
[ ! -e cut/out ] || { echo 'not ok: a cancelled merge has an output'; bad=1; }
run 0 jobs --resume 2
run 0 log 2 --follow
has out 'tensors were done before'
same "$(state 2)" 'done'
same_as_fg cut/out

# Killed on the way: nothing that was said gets lost, and it goes on in the folder it was started in.
run 0 --threads 1 --json merge --detach recipe.yml killed/out
has out '"job": 3'
on_the_way 3 killed
kill -KILL "$pid"
run 0 log 3 --follow
same "$(state 3)" stopped
same "$(ask 'SELECT status FROM runs ORDER BY id DESC LIMIT 1')" stopped
[ ! -e killed/out ] || { echo 'not ok: a killed merge has an output'; bad=1; }
mkdir elsewhere
cd elsewhere || exit 99
run 0 jobs --resume 3
run 0 log 3 --follow
has out 'tensors were done before'
cd ..
same "$(state 3)" 'done'
same_as_fg killed/out

# Started in the workbench, which is then killed in the middle of it.
cat >write.script <<'SCRIPT'
:wait-idle
:write bench/out
key Enter
:wait-idle
SCRIPT
"$CUPEL" --threads 1 --script write.script --size 80x24 recipe.yml >bench.log 2>&1 &
workbench=$!
until [ "$(ask "SELECT count(*) FROM jobs WHERE id = 4 AND pid <> $workbench")" = 1 ]; do
  kill -0 "$workbench" || {
    echo 'not ok: the workbench ended without a job'
    cat bench.log
    exit 1
  }
done
on_the_way 4 bench
kill -KILL "$workbench"
wait "$workbench" 2>/dev/null
kill -CONT "$pid"
run 0 log 4 --follow
same "$(state 4)" 'done'
same_as_fg bench/out

# A recipe that cannot be merged fails in the shell that asks, not in a job nobody looks at.
sed 's/model: one/model: nobody/' recipe.yml >wrong.yml
run 3 merge --detach wrong.yml wrong/out
same "$(ask 'SELECT count(*) FROM jobs')" 4
# Where nothing can be remembered there is no job to find again.
run 3 --catalog :memory: merge --detach recipe.yml memory/out
has err 'run the verb in the foreground'

# No path, name or time in any output: only the card's and the folder's name differ from place to place.
grep -r -l -F "$dir" fg/out && { echo 'not ok: an output names a path'; bad=1; }

done_testing
