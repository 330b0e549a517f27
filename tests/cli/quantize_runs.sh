#!/bin/sh
# Quantizations as runs: merged and quantized in one stream, shown, exported, made again, resumed as
# jobs; and what stands in their way.
. "$top_srcdir/tests/cli/lib.sh"
cp -r "$demo/base" "$demo/code" "$demo/kjv" "$demo/dare.yml" "$demo/steps.yml" .
chmod -R u+w base code kjv
hash_of() { sed -n 's/^ "hash": "\([0-9a-f]*\)".*/\1/p' out; }

# The three ways to the same bytes, with a seed of one's own.
cat >mine.yml <<'YML'
preset: Q4_K_M
rules:
  - role: ffn_down
    type: Q6_K
YML
run 0 --json merge dare.yml stream.gguf --plan mine.yml --seed 7
has out '"run": 1' '"seed": 7'
stream=$(hash_of)
run 0 merge dare.yml merged --seed 7
run 0 --json quantize merged steps.gguf --plan mine.yml
same "$(hash_of)" "$stream"
cmp stream.gguf steps.gguf >/dev/null || {
  # only the name in the metadata may differ
  [ "$(wc -c <stream.gguf)" -gt 1000 ] || bad=1
}
run 0 --json merge dare.yml other.gguf --plan mine.yml --seed 8
[ "$(hash_of)" != "$stream" ] || { echo 'not ok: the seed makes no difference'; bad=1; }
for wrong in '--part 1/2' --join --all; do
  run 2 merge dare.yml no.gguf --plan q4 $wrong
  has err 'quantize'
done
run 0 merge steps.yml named-mlx --plan q4-hi --document blend
has named-mlx/config.json '"group_size": 32'

# Each says what it is made of; no plan is called a recipe.
run 0 show 1
has out 'merge_method: dare_ties' 'preset: Q4_K_M' 'seed        7' 'code'
run 0 --json show 3
has out '"recipe_text": null' '"plan_text": "preset: Q4_K_M' '"path": "' '"hash": "'
run 0 export 1
has out 'merge_method: dare_ties' '# seed 7' '# merged and quantized by' '#   | preset: Q4_K_M'
run 3 export 3
has err 'no recipe' '--format plan'
run 3 export 2 --format plan
has err 'no plan'
run 0 export 3 --format plan
cp out plan.yml
run 0 --json quantize merged again.gguf --plan plan.yml
same "$(hash_of)" "$stream"
run 0 export 3 --format markdown
has out '## Plan' 'plan hash'
hasnt out '## Recipe'
run 0 export 1 3 --format csv
same "$(lines out)" 3

# Made again; what changed is named.
rm plan.yml mine.yml
for id in 1 3; do
  run 0 replay $id
  has out "the same: run $id" 'nothing was kept'
done
ls -a | grep replay && { echo 'not ok: a replay leaves something'; bad=1; }
run 0 --json replay 1 kept.gguf
has out '"same": true' "\"hash\": \"$stream\""
run 0 inspect kept.gguf
run 0 quantize base parts.gguf --plan Q8_0 --split 1MB
parts=$("$CUPEL" --json runs | sed -n 's/^ *"id": \([0-9]*\).*/\1/p' | head -n 1)
run 0 replay "$parts" kept-parts.gguf
has out 'the same'
[ -e kept-parts-00001-of-00004.gguf ] || { echo 'not ok: a replay forgets --split'; ls; bad=1; }
run 0 quantize base q8-mlx --plan q8
run 0 replay q8-mlx
printf '\377' | dd of=base/model.safetensors bs=1 seek=5000000 conv=notrunc 2>/dev/null
run 1 replay q8-mlx
has out 'different' 'has changed since'
cp "$demo/base/model.safetensors" base/

# A job: the bytes of the foreground, and it goes on where it was stopped.
run 0 quantize base fg.gguf --plan Q6_K
run 0 quantize base bg.gguf --plan Q6_K --detach
run 0 log 1 --follow
cmp fg.gguf bg.gguf || { echo 'not ok: a job writes other bytes'; bad=1; }
run 0 jobs
has out 'done' 'bg.gguf'
run 0 merge dare.yml job-mlx --plan mxfp4 --detach
run 0 log 2 --follow
run 0 inspect job-mlx
run 3 cancel 2
has err 'done already'

# In the way: bad plans, the input itself, another process, a full disk.
printf 'preset: Q4_K_M\nrules:\n  - role: attn_q\n    type: IQ2_XXS\n' >bad.yml
run 3 quantize base no.gguf --plan bad.yml
has err 'bad.yml:4' 'IQ2_XXS'
printf 'preset: Q4_K_M\nrules:\n  - role: attn_q\n    type: Q9_K\n' >bad.yml
run 3 quantize base no.gguf --plan bad.yml
has err 'Q9_K'
run 3 quantize base base --plan q4 --force
has err 'name another output'
run 3 quantize fg.gguf fg.gguf --plan Q8_0 --force
has err 'name another output'
cmp fg.gguf bg.gguf || bad=1
run 3 quantize kept-parts-00001-of-00004.gguf kept-parts.gguf --plan Q8_0 --split 1MB --force
has err 'name another output'
run 3 merge dare.yml kjv --plan q4 --force
has err 'name another output' 'kjv'
# A folder of its own in the input is none of the input.
run 0 quantize base base/inside --plan q4
run 0 inspect base
has out 'BF16'
printf 'GGUF' >short.dat
run 3 quantize base no.gguf --plan Q4_K_M --imatrix short.dat
run 2 quantize base no --plan q4 --imatrix short.dat
(
  ulimit -f 100
  trap '' XFSZ
  "$CUPEL" quantize base full.gguf --plan Q8_0 >out 2>err </dev/null
  echo $? >status
)
same "$(cat status)" 4
has err 'full.gguf'
[ ! -e full.gguf ] || { echo 'not ok: half a file has its name'; bad=1; }
ls -a | grep cupel-tmp && { echo 'not ok: something half-written stays'; bad=1; }
done_testing
