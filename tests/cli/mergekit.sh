#!/bin/sh
# --arithmetic mergekit and --rng mergekit: refusals, what is recorded, replay, the same bytes on any number of
# threads and after an interruption.
. "$top_srcdir/tests/cli/lib.sh"

hash_of() { sed -n 's/.*"hash": "\([0-9a-f]\{32\}\)".*/\1/p' "$1" | head -n 1; }

# Where it is not there, one line says where it is.
run 2 merge "$demo/nearswap.yml" no --arithmetic mergekit
has err 'not there for nearswap' 'linear' 'dare_ties' 'della' 'passthrough'
same "$(lines err)" 1
[ ! -e no ] || { echo 'not ok: it wrote'; bad=1; }
run 2 preview "$demo/nearswap.yml" --arithmetic mergekit
run 2 merge "$demo/dare.yml" no --arithmetic mergkit
has err '--arithmetic' 'float32 or mergekit'
run 2 merge "$demo/dare.yml" no --rng torch
has err '--rng' 'counter or mergekit'

# Four results that differ; each is the same on any number of threads.
for a in float32 mergekit; do
  for r in counter mergekit; do
    run 0 --json merge "$demo/dare.yml" "$a-$r" --seed 5 --arithmetic $a --rng $r
    first=$(hash_of out)
    echo "$first" >>hashes
    for n in 1 5; do
      run 0 --threads $n --json merge "$demo/dare.yml" "again-$a-$r-$n" --seed 5 --arithmetic $a --rng $r
      same "$(hash_of out)" "$first"
    done
  done
done
same "$(sort -u hashes | wc -l)" 4

# It stands in the output and in the catalog, and replay heeds it.
has mergekit-mergekit/cupel.json '"arithmetic": "mergekit rng=mergekit"'
has float32-counter/cupel.json '"arithmetic": "float32"'
has mergekit-mergekit/README.md "mergekit's arithmetic and masks"
head -c 600 mergekit-mergekit/model.safetensors >head
has head '"cupel.arithmetic":"mergekit rng=mergekit"'
run 0 show 10
has out 'mergekit rng=mergekit'
run 0 replay 10
has out 'the same' "$(sed -n 4p hashes)"
run 0 replay 7
has out 'the same' "$(sed -n 3p hashes)"

# In parts, and a part that was made otherwise.
run 0 merge "$demo/dare.yml" parts --seed 5 --arithmetic mergekit --rng mergekit --shard-size 1MB --part 1/2
run 3 merge "$demo/dare.yml" parts --seed 5 --arithmetic mergekit --shard-size 1MB --part 2/2
has err '--arithmetic or --rng'
run 0 merge "$demo/dare.yml" parts --seed 5 --arithmetic mergekit --rng mergekit --shard-size 1MB --part 2/2
run 0 --json merge "$demo/dare.yml" parts --seed 5 --arithmetic mergekit --rng mergekit --shard-size 1MB --join
same "$(hash_of out)" "$(sed -n 4p hashes)"

# A preview of it: the exact figures of the file.
run 0 --json preview "$demo/dare.yml" --exact --seed 5 --arithmetic mergekit --rng mergekit
has out '"exact": true'
done_testing
