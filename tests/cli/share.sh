#!/bin/sh
# One run as one file: written with what is known of the run, and what of it is here told elsewhere.
. "$top_srcdir/tests/cli/lib.sh"

cp -r "$demo/base" "$demo/code" "$demo/kjv" .
chmod -R u+w .
cat >mix.yml <<'E2'
# my mix
models:
  - model: code
    parameters: {weight: 0.7, density: 0.5}
  - model: kjv
    parameters: {weight: 0.3, density: 0.5}
merge_method: dare_ties
base_model: base
dtype: bfloat16
E2
run 0 merge mix.yml mixed --seed 7
printf 'model,task,metric,value,stderr,n,shots\nmixed,arc_easy,acc,0.686,0.0095,2376,0\n' >m.csv
run 0 scan .
run 0 import m.csv

# What is written: names, hashes, results; nothing of this machine.
run 0 export 1
cp out shared.yml
has out '# merged by cupel' '# seed 7' '# inputs' '#   base base  hash ' '# results' \
  '#   arc_easy acc 0.686 ± 0.0095  n 2376  {"shots": 0}' '# my mix'
hasnt out "$dir"
run 0 export 1
cmp out shared.yml || bad=1

# Here again: the same inputs; the seed that the run had is asked for.
run 0 lint shared.yml
has out 'shared.yml:1:1: warning: the run had seed 7, this recipe gets 0; `--seed 7`' \
  'note: code is here, the same that the run read [shared-same]' \
  'of its 3 inputs: 3 the same; 1 result;'
run 0 --json lint shared.yml
has out '"code": "shared-same"' '"code": "shared-run"'
run 0 merge shared.yml again --seed 7
hasnt err 'seed'
hash=$(sed -n 's/^# output hash //p' shared.yml)
run 0 --json sql 'SELECT output_hash AS h FROM runs ORDER BY id DESC LIMIT 1'
has out "\"h\": \"$hash\""
run 0 preview shared.yml
has err 'the run had seed 7, this recipe gets 0'

# On another machine: one input differs, one was never hashed, one is not there.
mkdir there
cp -r base kjv shared.yml there/
rm -r there/kjv
cp -r code there/kjv
cd there || exit 99
export XDG_CACHE_HOME="$dir/cache2" XDG_DATA_HOME="$dir/data2"
run 0 lint shared.yml
has out 'base is here; whether it is what the run read is not known yet; `cupel lint --hash`' \
  'code is not here; the run read the one with hash ' 'ask who made the run for it [shared-absent]' \
  'of its 3 inputs: 1 absent, 2 here, not hashed'
run 0 lint --hash shared.yml
has out 'base is here, the same' 'warning: kjv here is not what the run read: its hash is ' \
  'of its 3 inputs: 1 the same, 1 different, 1 absent'
run 1 lint --strict shared.yml
cp -r ../code .
run 0 merge shared.yml made --seed 7
has err 'warning: kjv here is not what the run read'
cd ..

# The hub's cache: revisions, and files told by their SHA-256 without reading them.
export HF_HUB_CACHE="$dir/hub"
repo=$dir/hub/models--maker--code
rev=0123456789abcdef0123456789abcdef01234567
sha=$(sha256sum code/model.safetensors | cut -c1-64)
mkdir -p "$repo/blobs" "$repo/snapshots/$rev" "$repo/refs"
printf %s "$rev" >"$repo/refs/main"
cp code/model.safetensors "$repo/blobs/$sha"
ln -s "../../blobs/$sha" "$repo/snapshots/$rev/model.safetensors"
cp code/*.json "$repo/snapshots/$rev/"
sed -e 's|model: code|model: maker/code|' mix.yml >hub.yml
run 0 --json merge hub.yml hubbed
id=$(sed -n 's/.*"run": \([0-9]*\).*/\1/p' out)
run 0 export "$id"
cp out hub-shared.yml
has out "#   input maker/code  revision $rev  hash " \
  "#     model.safetensors  $(wc -c <code/model.safetensors | tr -d ' ') bytes  sha256 $sha"
hasnt out "$dir"
# A cache that knows nothing of hashes: the link says it.
export XDG_CACHE_HOME="$dir/cache3"
run 0 lint hub-shared.yml
has out 'maker/code is here, the same that the run read'
other=$(printf '%s' "$sha" | tr 0123456789 1234567890)
mv "$repo/blobs/$sha" "$repo/blobs/$other"
ln -sfn "../../blobs/$other" "$repo/snapshots/$rev/model.safetensors"
run 0 lint hub-shared.yml
has out 'maker/code here is not what the run read: the SHA-256 of model.safetensors is' \
  "\`hf download maker/code --revision $rev\` fetches it [shared-different]"
rm "$repo/snapshots/$rev/model.safetensors"
for i in 1 3; do
  : >"$repo/snapshots/$rev/model-0000$i-of-00003.safetensors"
done
run 0 lint hub-shared.yml
has out 'of maker/code only 2/3 is here' '[shared-partial]'
rm -r "$repo"
run 0 lint hub-shared.yml
has out 'maker/code is not here' "\`hf download maker/code --revision $rev\` fetches it [shared-absent]"

# Its run and results are taken in, once; what is made here is the same run, to the byte.
export XDG_DATA_HOME="$dir/data4" XDG_CACHE_HOME="$dir/cache4"
run 0 import shared.yml
has out 'a run shared as one file' 'arc_easy' '1 figure, 1 of them new' 'it is run 1 of the history'
run 0 import shared.yml
has out '1 figure, 0 of them new' 'it is run 1 of the history'
run 0 --json import shared.yml
has out '"recipe": "# my mix' '"run": 1' '"stated": "#   arc_easy acc 0.686'
run 0 runs status:imported
has out 'dare_ties' 'imported'
run 0 show 1
has out 'arc_easy' '# my mix'
hasnt out '# merged by cupel'
run 0 --json show 1
has out '"seed": 7' '"stderr": 0.0095'
run 0 doctor --check
run 0 export 1 --format card
has out 'mixed is a merge of code and kjv by DARE TIES, with base as the base' 'num_few_shot: 0'
run 0 replay 1
has out 'the same: run 1 gives hash'
cp code/model.safetensors kjv/model.safetensors
run 1 replay 1
has out 'the input kjv has changed since'
cp "$demo/kjv/model.safetensors" kjv/
run 0 export 1
cmp out shared.yml || bad=1
run 0 merge shared.yml mine --seed 7
run 0 import shared.yml
has out '0 of them new'
run 0 --json sql 'SELECT count(*) AS n FROM runs'
has out '"n": 2'
run 0 quantize mix.yml mix.gguf --plan q8_0
run 0 export 3
cp out quantized.yml
export XDG_DATA_HOME="$dir/data5"
run 0 import quantized.yml
run 0 replay 1
has out 'the same: run 1 gives hash'

# Comments that only look like it, damaged ones, hostile ones.
{ echo '# merged by hand'; cat mix.yml; } >hand.yml
run 0 lint hand.yml
hasnt out shared-
{
  printf '# merged by cupel 9\n# seed x\n# inputs\n#   \n#   odd\n#     f  9 bytes\n#   base base  hash zz\n'
  printf '#   input kjv  revision $(reboot)  hash unknown\n#   input a/b;c  hash unknown\n'
  printf '# results, x\n#   a\n#   a b c\n#   a b 1e999\n#   a b 0.5 +- 3\n#   t acc 0.5  {"x"  n -3\n'
  printf '#   | no plan\n# plan\n#   | preset: x\n#\n'
  cat mix.yml
} >odd.yml
run 0 lint odd.yml
has out 'a run of cupel 9; of its 2 inputs' 'which one the run read was not recorded' '1 result'
hasnt out reboot
done_testing
