#!/bin/sh
# merge in parts: the bytes of one run, whoever makes them and however often; what does not fit is named.
. "$top_srcdir/tests/cli/lib.sh"

mkdir w j n x
one() { run "$1" --json merge "$demo/dare.yml" "$2" --seed 5 --shard-size 500kB ${3:-}; }

one 0 w/m
n=$(ls w/m/model-*.safetensors | wc -l)
[ "$n" -ge 4 ] || { echo "not ok: $n files"; bad=1; }

# Any order, any number of threads; nothing under the final name before the end; no run but the last.
one 0 j/m '--part 3/3 --threads 1'
has out '"part": 3' '"parts": 3' '"hash": null' '"run": null'
one 0 j/m '--part 1/3 --threads 3'
[ ! -e j/m ] || { echo 'not ok: there before it is whole'; bad=1; }
one 3 j/m --join
has err 'of 3 parts 2 is missing'
one 0 j/m '--part 2/3'
one 0 j/m --join
has out '"run": 2' '"resumed": 0'
for f in w/m/*; do cmp "$f" "j/m/${f#w/m/}" || bad=1; done
same "$(ls -A j/m | wc -l)" "$(ls -A w/m | wc -l)"
same "$(ls -A j | grep -c cupel)" 0
one 3 j/m '--part 1/3'
has err 'it is there already'

# As many parts as files, and one more.
i=1
while [ $i -le "$n" ]; do one 0 n/m "--part $i/$n"; i=$((i + 1)); done
one 0 n/m --join
for f in w/m/*; do cmp "$f" "n/m/${f#w/m/}" || bad=1; done
one 3 more "--part 1/$((n + 1))"
has err 'fewer parts'
[ ! -e .more.cupel-parts ] || { echo 'not ok: it left a folder'; bad=1; }

# A part of something else: another seed, another recipe, another number of parts.
one 0 x/m '--part 1/2'
run 3 merge "$demo/dare.yml" x/m --seed 6 --shard-size 500kB --part 2/2
has err 'part-1-of-2' 'the seed changed'
run 3 merge "$demo/halfway.yml" x/m --seed 5 --shard-size 500kB --part 2/2
has err 'the recipe changed'
run 3 merge "$demo/dare.yml" x/m --seed 5 --shard-size 500kB --part 2/2 --arithmetic mergekit
has err '--arithmetic'
run 3 merge "$demo/dare.yml" x/m --seed 5 --part 2/2 --shard-size 600kB
has err 'shard-size'
one 3 x/m '--part 2/3'
has err 'number of parts'
one 0 x/m '--part 2/3 --force'
one 3 x/m --join
has err 'of 3 parts 1, 3 are missing'
one 0 x/m '--part 1/3'
one 0 x/m '--part 3/3'

# A file that changed since: the part is named, and made again alone.
shard=$(ls x/.m.cupel-parts/model-*.safetensors | head -n 2 | tail -n 1)
printf '\001' | dd of="$shard" bs=1 seek=200000 conv=notrunc 2>/dev/null
one 3 x/m --join
has err 'does not hold what was written' 'run it again'
part=$(sed -n 's/.*--part \([0-9]*\/3\).*/\1/p' err | head -n 1)
one 0 x/m "--part $part"
rm "$shard"
one 3 x/m --join
one 0 x/m "--part $part"
one 0 x/m --join
for f in w/m/*; do cmp "$f" "x/m/${f#w/m/}" || bad=1; done

# An input that changed between two parts.
cp -r "$demo" family
run 0 merge family/halfway.yml moved --shard-size 500kB --part 1/2
touch -d '2001-01-01 00:00' family/kjv/model.safetensors
run 3 merge family/halfway.yml moved --shard-size 500kB --part 2/2
has err 'the files of' 'changed'

# Usage.
run 2 merge "$demo/dare.yml" y --part 0/3
run 2 merge "$demo/dare.yml" y --part 4/3
run 2 merge "$demo/dare.yml" y --part 2
run 2 merge "$demo/dare.yml" y --part 1/2 --join
run 3 merge "$demo/dare.yml" y --join
has err 'there are no parts'
done_testing
