#!/bin/sh
# inspect, scan, models: the page, the fields, what is remembered, what a broken model is told.
. "$top_srcdir/tests/cli/lib.sh"

run 0 inspect "$demo/base"
has out 'hf, 1 file, 5.8 MB' 'llama (LlamaForCausalLM), 4 layers, head tied' '2.89 M, 38 tensors' \
  'BPE, 2048 entries' 'not read yet' attn_output
run 0 inspect "$demo/base" --tensors --context 4096
has out 'model.layers.3.mlp.up_proj.weight' 'for 4096 tokens'
run 0 inspect "$demo/base" --json
has out '"format": "hf"' '"architecture": "llama"' '"parameters": 2885888' '"bytes": 5771776' \
  '"bits_per_weight": 16.0' '"layers": 4' '"hash": null' '"vocab_size": 2048' \
  '"name": "model.embed_tokens.weight"' '"role": "token_embd"' '"layer": null' '"dtype": "BF16"'

# Hashes are read once, remembered, and the same for a copy.
run 0 inspect "$demo/base" --hash --json
hasnt out '"hash": null'
sed -n 's/^ "hash": "\(.*\)",*$/\1/p' out >first
[ -s first ] || { echo 'not ok: no hash'; bad=1; }
run 0 inspect "$demo/base" --json
same "$(sed -n 's/^ "hash": "\(.*\)",*$/\1/p' out)" "$(cat first)"
cp -R "$demo/base" copy
run 0 inspect copy --json
has out '"hash": null'
run 0 inspect copy --hash
has out "$(cat first)"
printf '\001' | dd of=copy/model.safetensors bs=1 seek=5000000 conv=notrunc 2>/dev/null
run 0 inspect copy --hash
hasnt out "$(cat first)"

# A model that is not there, and one that is no model.
run 3 inspect owner/none
has err 'cupel: owner/none: no such model in the working directory' 'hf download owner/none'
run 3 inspect owner/none --json
has out '"code": "input"' '"where": "owner/none"' '"hint": "to fetch it: hf download owner/none"'
run 2 inspect
run 2 inspect a b
mkdir empty pickle
run 3 inspect empty
run 3 inspect ./empty
has err 'no weights in this folder'
: >pickle/pytorch_model.bin
run 3 inspect ./pickle
has err 'pytorch_model.bin' 'runs whatever code' 'safetensors.torch.save_file'
head -c 100000 "$demo/base/model.safetensors" >cut.safetensors
run 3 inspect cut.safetensors
has err 'cut.safetensors: tensor' 'its data ends at byte' 'cut short'
printf '\350\003\000\000\000\000\000\000{}' >long.safetensors
run 3 inspect long.safetensors
has err 'the header claims 1000 bytes, the file has 10'
name='{"a\u001b[31m":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
{ printf "\\$(printf %o ${#name})\\000\\000\\000\\000\\000\\000\\000%sx" "$name"; } >esc.safetensors
run 0 inspect esc.safetensors --tensors
hasnt out "$(printf '\033')"
has out 'a\x1B[31m'
run 0 inspect esc.safetensors --json
hasnt out "$(printf '\033')"

# The catalog learns what is there, once.
run 0 models
has out 'No models yet'
run 0 models --json
same "$(cat out)" '[]'
mkdir family
cp -R "$demo/base" "$demo/code" "$demo/kjv" family
run 0 scan family
has out '3 models found, 3 new or changed'
run 0 scan family
has out '3 models found, 0 new or changed'
run 0 scan family --json
has out '"found": 3' '"registered": 0' '"name": "code"' '"kind": "tune"' '"parent": "base"'
run 0 models --tree
has out '├─ code' '└─ kjv' 'on disk'
LC_ALL=C run 0 models --tree
has out '|- code' '`- kjv'
run 0 models --tree --json
has out '"children": ['
run 0 models --json
has out '"format": "hf"' '"architecture": "llama"' '"parameters": 2885888' '"state": "on disk"'
run 0 inspect kjv
has out family/kjv
rm -r family/kjv
run 0 models
has out offline
run 3 scan nowhere
has err 'nowhere: there is no such folder'
cp long.safetensors family/broken.safetensors
run 0 scan family
has out '1 could not be opened, the last' 'the header claims 1000 bytes'

# What replay could make again.
run 0 models --reclaim
has out 'Nothing that replay'
run 0 models --reclaim --json
same "$(cat out)" '[]'
cat >half.yml <<'Y'
models:
  - model: family/base
  - model: family/code
merge_method: linear
parameters: {weight: 0.5}
dtype: bfloat16
Y
run 0 merge half.yml made
run 0 models --reclaim
has out made '5.8 MB in 1 output' 'cupel replay RUN'
run 0 models --reclaim --json
has out '"run": 1' '"bytes": 577'
rm -r made
run 0 models --reclaim
has out 'Nothing that replay'
done_testing
