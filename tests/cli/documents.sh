#!/bin/sh
# Several recipes in one file, and recipe files as models: the bytes are those of writing every step.
. "$top_srcdir/tests/cli/lib.sh"

hash_of() { sed -n 's/.*"hash": "\([0-9a-f]\{32\}\)".*/\1/p' "$1" | head -n 1; }
at() { "$CUPEL" --root "$demo" "$@"; }

# Three steps, with and without passes, one used twice.
first='models:
  - {model: code, parameters: {weight: 0.6, density: 0.3}}
  - {model: kjv, parameters: {weight: 0.4, density: 0.4}}
merge_method: ties
base_model: base
dtype: bfloat16'
second='models:
  - {model: FIRST, parameters: {weight: 1.4}}
  - {model: kjv, parameters: {weight: 0.6}}
merge_method: nuslerp
dtype: float16'
third='models:
  - {model: SECOND, parameters: {weight: 0.6, density: 0.5}}
  - {model: FIRST, parameters: {weight: 0.6, density: 0.5}}
merge_method: dare_ties
base_model: base'
write() { # FILE: the three as documents
  { printf 'name: FIRST\n%s\n---\nname: SECOND\n%s\n--- # the result\n%s\n' "$first" "$second" "$third"; } >"$1"
}
write three.yml
echo "$first" >1.yml
echo "$second" | sed "s,FIRST,$dir/s1," >2.yml
echo "$third" | sed "s,FIRST,$dir/s1,; s,SECOND,$dir/s2," >3.yml
for i in 1 2 3; do
  run 0 --root "$demo" --json merge $i.yml s$i --seed 3
  eval "step$i=$(hash_of out)"
done

run 0 --root "$demo" --json merge three.yml all --seed 3
same "$(hash_of out)" "$step3"
cmp s3/tokenizer.json all/tokenizer.json || bad=1
for n in 1 2 5; do
  run 0 --threads $n --root "$demo" --json merge three.yml t$n --seed 3
  same "$(hash_of out)" "$step3"
  cmp all/model.safetensors t$n/model.safetensors || bad=1
done

# One of them.
run 0 --root "$demo" --json merge three.yml one --seed 3 --document FIRST
same "$(hash_of out)" "$step1"
run 0 --root "$demo" --json merge three.yml two --seed 3 --document SECOND
same "$(hash_of out)" "$step2"
has two/mergekit_config.yml 'name: FIRST' 'name: SECOND' 'seed: 3'
hasnt two/mergekit_config.yml dare_ties
cmp s2/config.json two/config.json || bad=1
run 3 --root "$demo" merge three.yml x --document THIRD
has err 'no document called THIRD' 'FIRST, SECOND'

# All of them: the steps in the result's folder, read there by those after them; then reused.
run 0 --root "$demo" --json merge three.yml every --seed 3 --all
has out '"documents"' '"name": "FIRST"' '"reused": false'
same "$(hash_of out)" "$step3"
cmp s1/model.safetensors every/FIRST/model.safetensors || bad=1
cmp two/model.safetensors every/SECOND/model.safetensors || bad=1
cmp all/model.safetensors every/model.safetensors || bad=1
rm -r every/SECOND
run 3 --root "$demo" merge three.yml every --seed 3 --all
has out 'every/FIRST' 'is there already' 'nuslerp of 2 models'
has err 'every: it is there already'
run 0 --root "$demo" merge three.yml every --seed 4 --all --force
hasnt out 'is there already'
[ -f every/SECOND/cupel.json ] && [ -f every/FIRST/cupel.json ] || { echo 'not ok: a step is gone'; bad=1; }
run 3 --root "$demo" merge three.yml every --seed 3 --all
has err 'every/FIRST: it is there already'
echo mine >every/notes.txt
run 3 --root "$demo" merge three.yml every --seed 3 --all --force
has err notes.txt
sed 's,FIRST,a/b,' three.yml >slash.yml
run 3 --root "$demo" merge slash.yml x --all
has err 'slash.yml:1:7' 'cannot be the name of a folder'

# Tokenizers and templates made on the way: as if they were written.
golden=$top/tests/golden/tokenizer
mkdir tmp
export TMPDIR="$dir/tmp"
cat >tokens.yml <<'E2'
name: ab
models: [{model: a, parameters: {weight: 0.5}}, {model: b, parameters: {weight: 0.5}}]
merge_method: linear
tokenizer_source: union
chat_template: chatml
dtype: float32
---
models: [{model: ab, parameters: {weight: 0.5}}, {model: c, parameters: {weight: 0.5}}]
merge_method: linear
tokenizer_source: union
dtype: float32
E2
run 0 --root "$golden" merge tokens.yml fused
run 0 --root "$golden" merge tokens.yml steps --all
for f in model.safetensors config.json tokenizer.json tokenizer_config.json generation_config.json; do
  cmp fused/$f steps/$f || bad=1
done
[ -z "$(ls "$dir/tmp")" ] || { echo "not ok: a folder is left"; bad=1; }
rm -r steps

# Who it is made of: in the output, in the catalog.
has all/README.md 'SECOND, made on the way by NuSLERP' 'Inside:' 'kjv, hash'
has all/cupel.json '"inner"' '"recipe"'
id=$("$CUPEL" --json runs "name = two" 2>/dev/null | sed -n 's/.*"id": \([0-9]*\).*/\1/p' | head -n 1)
[ -n "$id" ] || { id=$("$CUPEL" runs | sed -n 's/^ *\([0-9]*\) .* two .*/\1/p'); }
run 0 show "$id"
has out 'inner' 'FIRST' 'name: SECOND'
run 0 export "$id" --format recipe
has out '# seed 3' 'name: FIRST' 'made by the document of that name'
"$CUPEL" export "$id" --format recipe >again.yml
run 0 --root "$demo" --json merge again.yml again
same "$(hash_of out)" "$step2"
run 0 --root "$demo" replay "$id"
has out 'the same'

# Where all is linear: what the result is a sum of.
cat >sum.yml <<'E2'
name: half
models: [{model: code, parameters: {weight: 1}}, {model: kjv, parameters: {weight: 3}}]
merge_method: linear
---
models: [{model: half, parameters: {weight: 0.8}}, {model: code, parameters: {weight: 0.2}}]
merge_method: task_arithmetic
base_model: base
E2
run 0 --root "$demo" merge sum.yml sum
has sum/README.md 'In all, but for rounding on the way: 0.4 code + 0.6 kjv.'
has sum/cupel.json '"coefficient": 0.6'
hasnt all/README.md 'In all'

# A recipe file as a model, in a folder of its own with models of its own; replay without it.
mkdir sub
ln -s "$demo/code" sub/mine
sed "s,model: code,model: mine," 1.yml >sub/1.yml
echo "$second" | sed "s,FIRST,1.yml," >sub/2.yml
echo "$third" | sed "s,FIRST,sub/1.yml,; s,SECOND,sub/2.yml," >files.yml
run 0 --root "$demo" lint files.yml
has out '0 errors'
run 0 --root "$demo" --json merge files.yml files --seed 3
same "$(hash_of out)" "$step3"
has files/mergekit_config.yml 'name: sub/1.yml' 'name: sub/2.yml' 'model: sub/mine' 'model: sub/1.yml'
id=$(sed -n 's/.*"run": \([0-9]*\).*/\1/p' out)
rm sub/1.yml sub/2.yml
run 0 --root "$demo" replay "$id"
has out 'the same'

# Seen before it is made.
run 0 --root "$demo" preview three.yml
has out 'dare_ties of 3 models'
run 0 --root "$demo" --json preview three.yml --exact --seed 3
has out '"exact": true'
run 0 --root "$demo" preview three.yml --document FIRST
has out 'ties of 3 models'

# The example of the manual.
sed -n '/^.SH SEVERAL RECIPES/,/^.EE/p' "$top/man/cupel-recipe.5.in" |
  sed -n '/^.EX/,/^.EE/p' | sed '/^\.E/d; s/\\-/-/g' >manual.yml
run 0 --root "$demo" lint manual.yml
has out '0 errors, 0 warnings' 'What blend really does'
run 0 --root "$demo" --json merge manual.yml manual
first_hash=$(hash_of out)
run 0 --root "$demo" --json merge "$demo/steps.yml" steps
same "$(hash_of out)" "$first_hash"

# Said before anything is read.
{ echo 'name: a'; echo "$first" | sed 's,kjv,b,'; echo ---; echo 'name: b'; echo "$first" | sed 's,kjv,a,'; } >ring.yml
run 3 --root "$demo" merge ring.yml x
has err 'ring.yml:4:' 'circular dependency: a needs b, b needs a'
run 1 --root "$demo" lint ring.yml
has out 'ring.yml:4:13: error: circular dependency' '[document-ring]'
echo "$first" | sed 's,kjv,q.yml,' >p.yml
echo "$first" | sed 's,kjv,p.yml,' >q.yml
run 3 --root "$demo" merge p.yml x
has err 'p.yml needs q.yml, q.yml needs p.yml'
run 1 --root "$demo" lint p.yml
has out 'p.yml:3:13: error:' 'circular dependency'
{ echo "$first"; echo ---; echo "$first"; } >unnamed.yml
run 3 --root "$demo" merge unnamed.yml x
has err 'unnamed.yml:8:1' 'two documents have no name'
mkdir FIRST
run 0 --root "$demo" lint three.yml
has out 'three.yml:1:7: note: FIRST is also a folder'
run 0 --root "$demo" --json lint three.yml
has out '"documents"' '"result": true' '"name": "SECOND"'
{ sed 's,model: kjv,model: nowhere,' three.yml; } >lost.yml
run 3 --root "$demo" merge lost.yml x
has err nowhere
[ ! -e x ] || { echo 'not ok: it wrote'; bad=1; }
done_testing
