#!/bin/sh
# Adapters in recipes and on the command line: linted, previewed, merged, remembered.
. "${top_srcdir:?}/tests/cli/lib.sh"
cp -r "$top/tests/golden/lora" models
chmod -R u+w models

cat >one.yml <<'Y'
merge_method: passthrough
models:
- model: models/llama+models/plain
Y
run 0 lint one.yml
has out "rank 4, alpha 8, factor 2; changes 14 modules" "[adapter]"
run 0 merge one.yml one
has one/cupel.json '"models/llama+models/plain"'
has one/README.md "models/llama+models/plain, hash"
has one/mergekit_config.yml "model: models/llama+models/plain"
hasnt one/cupel.json '"hash": null'

# the same as applying the adapter while it is read, in every way it can be named
sum() { "$CUPEL" --json inspect "$1" --hash 2>err | sed -n 's/^ "hash": "\(.*\)",*$/\1/p'; }
[ -n "$(sum one)" ] || { echo "not ok: no hash"; bad=1; }
same "$(sum one)" "$(sum models/llama+models/plain)"
cat >object.yml <<'Y'
merge_method: passthrough
models:
- model: {model: {path: models/llama}, lora: [{path: models/plain, scale: 1}, models/rich:0.25]}
Y
run 0 merge object.yml object
same "$(sum object)" "$(sum models/llama+models/plain+models/rich:0.25)"
has object/README.md "models/llama+models/plain+models/rich:0.25"

# threads, and replay
run 0 --threads 1 merge one.yml again
same "$(sum one)" "$(sum again)"
cmp one/model.safetensors again/model.safetensors || bad=1
run 0 --json runs
run 0 replay 1

# preview equals run
cat >two.yml <<'Y'
merge_method: linear
models:
- model: models/llama
  parameters: {weight: 0.5}
- model: models/llama+models/plain:2
  parameters: {weight: 0.5}
Y
run 0 --json preview two.yml --exact
has out '"models/llama+models/plain:2"'
run 0 merge two.yml two

# absolute paths stay at home
printf 'merge_method: passthrough\nmodels: [{model: %s/models/llama+%s/models/plain:0.5}]\n' \
  "$dir" "$dir" >abs.yml
run 0 merge abs.yml abs
hasnt abs/cupel.json "$dir"
hasnt abs/README.md "$dir"
hasnt abs/mergekit_config.yml "$dir"
has abs/cupel.json '"llama+plain:0.5"'
has abs/mergekit_config.yml "llama+plain:0.5"
run 0 --json show 1
has out '"models/llama+models/plain"'

# the page of an adapter
run 0 inspect models/rich
has out "adapter" "owner/llama" "lm_head"
run 0 --json inspect models/rich
has out '"adapter": {' '"rank": 5' '"rslora": true' '"base": "owner/llama"'

# found where models are found, under the model it was trained on
run 0 scan models
run 0 --json models
has out '"kind": "adapter"' '"relation": "adapter"' '"parent": "llama"'
run 0 models --tree
has out "adapter"

# what its config lists and its files lack
mkdir absent && cp models/plain/adapter_model.safetensors absent
tr '\n' ' ' <models/plain/adapter_config.json |
  sed 's/"target_modules": \[/"target_modules": ["w_proj", /' >absent/adapter_config.json
printf 'merge_method: passthrough\nmodels: [{model: models/llama+absent}]\n' >absent.yml
run 0 lint absent.yml
has out "lists w_proj, of which it has no tensors" "warning"

# an adapter alone is no model
cat >two-adapters.yml <<'Y'
merge_method: linear
models:
- {model: models/plain, parameters: {weight: 1}}
- {model: models/rich, parameters: {weight: 1}}
Y
run 3 merge two-adapters.yml no
has err "it is an adapter, not a model" "MODEL+ADAPTER"
run 1 lint two-adapters.yml
has out "is an adapter, not a model"

# refused before anything is read
run 3 merge --force one.yml models
sed 's/"use_dora": false/"use_dora": true/' models/plain/adapter_config.json >c.json
mkdir dora && cp models/plain/adapter_model.safetensors dora && cp c.json dora/adapter_config.json
printf 'merge_method: passthrough\nmodels: [{model: models/llama+dora}]\n' >dora.yml
run 3 merge dora.yml no
has err "DoRA"
run 1 lint dora.yml
has out "error" "DoRA" "[adapter]"
printf 'merge_method: passthrough\nmodels: [{model: models/gpt2+models/plain}]\n' >arch.yml
run 3 merge arch.yml no
has err "another architecture"
printf 'merge_method: passthrough\nmodels: [{model: models/llama+models/plain:inf}]\n' >inf.yml
run 3 merge inf.yml no
has err "finite"
run 3 inspect models/llama+models/nothing
[ ! -e no ] || bad=1
# modules that have no place in the model: said before the merge, too
printf 'merge_method: passthrough\nslices: [{sources: [{model: models/llama, layer_range: [0, 1]}]}]\n' \
  >low.yml
run 0 merge low.yml low
printf 'merge_method: passthrough\nmodels: [{model: low+models/plain}]\n' >lower.yml
run 0 merge lower.yml lower
has err "warning: low+models/plain: 7 of the adapter's 14 modules are not in the model"
done_testing
