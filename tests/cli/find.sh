#!/bin/sh
# runs FILTER, drop, replay of what was dropped: found by recipe, results, dates; deleted only when
# it can be made again; what is in the way is named.
. "$top_srcdir/tests/cli/lib.sh"
export CUPEL_CATALOG="$dir/c.db"
cp -R "$demo" family && chmod -R u+w family && cd family || exit 99
run 0 scan .
run 0 merge halfway.yml ../half
sed 's/0.5$/0.7/; s/0.5   #/0.3   #/' halfway.yml >uneven.yml
run 0 merge uneven.yml ../uneven --from-run 1
run 0 merge nearswap.yml ../swap --seed 7
run 0 quantize ../half ../half.gguf --plan Q8_0
cat >scores.csv <<'E2'
model,task,metric,value,stderr,n
half,arc_challenge,acc,0.441,0.0145,1172
uneven,arc_challenge,acc,0.462,0.0145,1172
half,wikitext,perplexity,8.31,0.05,
uneven,wikitext,perplexity,9.02,0.05,
E2
run 0 import scores.csv
run 0 tag 2 keep

# names FILTER...: the runs it finds, newest first.
names() {
  run 0 runs --json "$@"
  grep '"name"' out | sed 's/.*: "//; s/",*$//' | tr '\n' ' ' | sed 's/ $//'
}
same "$(names 'arc>0.45')" 'uneven'
same "$(names arc\>45 tag:keep)" 'uneven'
same "$(names 'arc<45%')" 'half'
same "$(names 'ppl>8.5 or t<0.01')" 'swap uneven'
same "$(names weight=0.7)" 'uneven'
same "$(names 'weight:0.5..0.6')" 'half'
same "$(names method:nearswap 't<0.01' 'started<1d' seed:7)" 'swap'
same "$(names from:1)" 'uneven'
same "$(names '-(uneven or swap)' kind:merge)" 'half'
same "$(names 'size<4M')" 'half.gguf'
same "$(names disk:no)" ''
run 0 runs --score arc
has out SCORE 0.4410 0.4620
run 0 runs --score arc --json half
has out '"score": 0.441'
run 2 runs 'wieght>1'
has err 'no field wieght; did you mean weight'
run 2 runs 'arc>lots'
has err 'arc>lots is none of its values; a number'
run 2 runs '(half'
has err 'a ( without its )'

# What could be dropped, and what is in the way.
run 0 drop 2 --check
has out 'uneven can be dropped:' 'cupel replay 2'
[ -d ../uneven ] || { echo 'not ok: --check deleted it'; bad=1; }
run 3 drop half
has err 'run 4 (half.gguf) was made of it' '--force'
[ -d ../half ] || { echo 'not ok: it was deleted all the same'; bad=1; }
echo mine >../swap/mine.txt
run 3 drop swap
has err 'it holds mine.txt'
rm ../swap/mine.txt
cp -p ../swap/config.json kept
echo ' ' >>../swap/config.json
run 3 drop swap
has err 'config.json: has changed its size'
cp -p kept ../swap/config.json
mkdir ../swap/inside
run 3 drop swap
has err 'it holds another output, inside'
rmdir ../swap/inside
mv kjv elsewhere
run 3 drop uneven
has err 'kjv'
[ -d ../uneven ] || { echo 'not ok: it was deleted without an input'; bad=1; }
mv elsewhere kjv
run 3 drop 99
has err 'there is no run 99'

# Dropped, known as such, and back byte for byte.
run 0 inspect ../uneven --hash --json
hash=$(grep -m 1 '"hash"' out)
run 0 drop uneven --json
has out '"dropped": true' '"run": 2'
[ ! -e ../uneven ] || { echo 'not ok: it is still there'; bad=1; }
run 0 models
grep uneven out | grep -q dropped || { echo 'not ok: uneven is not marked as dropped'; bad=1; }
run 0 runs uneven
has out dropped
run 3 drop uneven
has err 'is not there'
run 3 inspect uneven
has err 'it was dropped; `cupel replay 2 /'
run 0 replay 2
has out 'the same: run 2 gives hash' 'nothing was kept'
run 0 replay 2 ../uneven
run 0 inspect ../uneven --hash --json
same "$(grep -m 1 '"hash"' out)" "$hash"
run 0 models
grep uneven out | grep -q 'on disk' || { echo 'not ok: uneven is not marked as back'; bad=1; }
run 0 drop half.gguf
run 0 drop half --force
[ ! -e ../half ] && [ ! -e ../half.gguf ] || { echo 'not ok: half is still there'; bad=1; }
run 0 models --reclaim
hasnt out half
has out uneven swap

# From another folder, where the recipe's names lead nowhere, or elsewhere.
mkdir sub
sed 's|model: |model: ../|' halfway.yml >sub/rel.yml
(cd sub && "$CUPEL" merge rel.yml "$dir/rel" >/dev/null 2>&1)
mkdir -p "$dir/far/code" && cd "$dir/far" || exit 99
run 0 replay rel
has out 'the same: run'
run 0 replay uneven
has out 'the same: run'
cp ../family/sub/rel.yml .
run 3 merge rel.yml again
has err "there is no such file"
run 0 merge rel.yml again --from-run rel
cd ../family || exit 99

# An input that is not what it was.
printf x | dd of=code/model.safetensors bs=1 seek=1000000 conv=notrunc 2>/dev/null
run 3 drop swap
has err 'the input code has changed'
run 1 replay swap
has out 'different' 'the input code has changed since'
[ -d ../swap ] || { echo 'not ok: it was deleted though it cannot be made again'; bad=1; }
done_testing
