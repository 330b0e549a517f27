#!/bin/sh
# merge and replay on the demonstration family: answers, refusals, interruption, full and read-only disks.
. "$top_srcdir/tests/cli/lib.sh"

hash_of() { sed -n 's/.*"hash": "\([0-9a-f]\{32\}\)".*/\1/p' "$1" | head -n 1; }

# The answer.
run 0 --json merge "$demo/dare.yml" one --seed 5
has out '"run": 1' '"output": "'"$dir"'/one"' '"seed": 5' '"tensors": 38' '"nonfinite": 0'
first=$(hash_of out)
for f in model.safetensors config.json tokenizer.json tokenizer_config.json generation_config.json \
  README.md mergekit_config.yml cupel.json; do
  [ -f "one/$f" ] || { echo "not ok: no one/$f"; bad=1; }
done
same "$(stat -c %s one/model.safetensors)" "$(sed -n 's/.*"bytes": \([0-9]*\).*/\1/p' out)"
cmp "$demo/dare.yml" one/mergekit_config.yml || bad=1
cmp "$demo/base/tokenizer.json" one/tokenizer.json || bad=1
grep -r -l -F -e "$dir" -e "$top" -e "$(id -un)@" one && { echo 'not ok: a path in the output'; bad=1; }
same "$(ls -A | grep -c cupel)" 0

# The same bytes on any number of threads, and another seed gives others.
for n in 1 2 5; do
  run 0 --threads $n --json merge "$demo/dare.yml" "t$n" --seed 5
  same "$(hash_of out)" "$first"
  cmp one/model.safetensors "t$n/model.safetensors" || bad=1
done
run 0 --json merge "$demo/dare.yml" seed6 --seed 6
[ "$(hash_of out)" != "$first" ] || { echo 'not ok: the seed does nothing'; bad=1; }

# Several files.
run 0 merge "$demo/halfway.yml" shards --shard-size 1MB
has out 'linear of 2 models'
[ -f shards/model.safetensors.index.json ] && [ -f shards/model-00002-of-00006.safetensors ] ||
  { echo 'not ok: no shards'; ls shards; bad=1; }

# What is there stays.
run 3 merge "$demo/dare.yml" one
has err 'one: it is there already' '--force'
run 3 --json merge "$demo/dare.yml" one
has out '"code": "input"'
echo mine >one/notes.txt
run 3 merge "$demo/dare.yml" one --force
has err 'notes.txt'
rm one/notes.txt
run 0 merge "$demo/dare.yml" one --force --sync
cmp -s one/model.safetensors seed6/model.safetensors && { echo 'not ok: not replaced'; bad=1; }

# Said before anything is written.
cat >wrong.yml <<'E2'
merge_method: dare-ties
base_model: base
models:
  - model: code
    parameters: {weight: 1}
E2
run 3 merge wrong.yml wrong
has err 'dare_ties'
[ ! -e wrong ] || { echo 'not ok: it wrote'; bad=1; }
run 2 merge "$demo/dare.yml"
run 2 merge "$demo/dare.yml" x --seed many
run 3 merge "$demo/dare.yml" /proc/nothing/here
run 3 merge "$demo/dare.yml" wrong.yml/out

# Replay.
run 0 replay 1
has out 'the same' "$first"
run 0 --json replay 1 again
has out '"same": true' '"output": "'"$dir"'/again"'
cmp again/model.safetensors t1/model.safetensors || bad=1
cp -r "$demo" family
run 0 --json merge family/nearswap.yml swapped
id=$(sed -n 's/.*"run": \([0-9]*\).*/\1/p' out)
printf '\001' | dd of=family/kjv/model.safetensors bs=1 seek=5000000 conv=notrunc 2>/dev/null
run 1 replay "$id"
has out 'different' 'the input kjv has changed'
run 1 --json replay "$id"
has out '"same": false' '"changed": true'
run 3 replay 999

# Interrupted: exit status 130, nothing under the final name, and it goes on.
caught=no
for try in 1 2 3 4 5 6 7 8; do
  "$CUPEL" --threads 1 merge "$demo/dare.yml" "cut$try" --seed 5 >out 2>err </dev/null &
  pid=$!
  while kill -0 $pid 2>/dev/null && ! grep -q '^tensor ' ".cut$try.cupel-journal" 2>/dev/null; do :; done
  kill -TERM $pid 2>/dev/null
  wait $pid
  got=$?
  [ $got = 130 ] && caught=cut$try && break
done
if [ $caught != no ]; then
  [ ! -e $caught ] || { echo "not ok: $caught is there"; bad=1; }
  run 3 merge "$demo/dare.yml" $caught --seed 5
  has err '--resume'
  run 3 merge "$demo/dare.yml" $caught --seed 6 --resume
  has err 'the seed changed'
  run 0 merge "$demo/dare.yml" $caught --seed 5 --resume
  has out 'were done before'
  cmp $caught/model.safetensors t1/model.safetensors || bad=1
fi

# A full disk is told before starting; a limit met on the way leaves nothing behind.
mkdir small
if mount -t tmpfs -o size=3m none small 2>/dev/null; then
  run 4 merge "$demo/dare.yml" small/out
  has err 'the output needs'
  same "$(ls -A small)" ''
  umount small
fi
(
  ulimit -f 2000
  trap '' XFSZ
  "$CUPEL" --catalog "$dir/other.db" merge "$demo/dare.yml" limited >out 2>err
  [ $? -ne 0 ]
) || { echo 'not ok: no error at the limit'; bad=1; }
[ ! -e limited ] && [ ! -e .limited.cupel-tmp ] || { echo 'not ok: left behind'; ls -A; bad=1; }

# As a job.
run 0 --json merge "$demo/halfway.yml" job --detach
has out '"job": 1'
while ! "$CUPEL" --json jobs 2>/dev/null | grep -q -E '"state": "(done|failed|stopped)"'; do :; done
run 0 --json jobs
has out '"state": "done"'
[ -f job/model.safetensors ] || { echo 'not ok: the job wrote nothing'; bad=1; }
done_testing
