#!/bin/sh
# A text model merged into the language part of one that sees: what is merged, what is copied.
. "${top_srcdir:?}/tests/cli/lib.sh"
models=$top/tests/golden/vision

# hash MODEL TENSOR: the content of one tensor
hash() {
  "$CUPEL" --json inspect "$1" --hash 2>err | awk -v want="\"name\": \"$2\"," '
    index($0, want) { on = 1 }
    on && /"hash":/ { gsub(/[",]/, ""); print $2; exit }'
}
# pair VISION TEXT PREFIX HEAD TOWER...: the text model's weights alone, by linear with a weight of 0
pair() {
  see=$1 llm=$2 prefix=$3 head=$4
  shift 4
  cat >$see.yml <<Y
merge_method: linear
base_model: $models/$see
models:
- model: $models/$see
  parameters: {weight: 0.0}
- model: $models/$llm
  parameters: {weight: 1.0}
Y
  run 0 lint $see.yml
  has out "is merged into the language part of" "4 others are copied" "[text-part]"
  hasnt out "missing-tensor"
  hasnt out "[architecture]"
  run 0 preview $see.yml
  run 0 merge $see.yml $see
  has err "is merged into the language part of"
  for t in embed_tokens.weight layers.1.self_attn.k_proj.weight norm.weight; do
    [ -n "$(hash $models/$llm model.$t)" ] || bad=1
    same "$(hash $see $prefix$t)" "$(hash $models/$llm model.$t)"
  done
  [ -z "$head" ] ||
    same "$(hash $see $head)" "$(hash $models/$llm lm_head.weight)"
  [ -n "$head" ] || hasnt $see/model.safetensors lm_head
  for t; do
    [ -n "$(hash $models/$see $t)" ] || bad=1
    same "$(hash $see $t)" "$(hash $models/$see $t)"
  done
  for f in preprocessor_config.json processor_config.json; do
    cmp $models/$see/$f $see/$f || bad=1
  done
  has $see/config.json vision_config
  # by content the inputs are what they are called
  has $see/cupel.json "$("$CUPEL" --json inspect $models/$llm --hash | sed -n 's/^ "hash": \(.*\),$/\1/p')"
}
pair qwen2vl qwen2 model. lm_head.weight visual.blocks.0.attn.qkv.weight visual.merger.mlp.0.weight
pair llava llama language_model.model. language_model.lm_head.weight \
  vision_tower.patch_embed.proj.weight multi_modal_projector.linear_1.weight
pair gemma3 gemma3text model.language_model. "" \
  model.vision_tower.blocks.0.norm1.weight model.multi_modal_projector.mm.weight

# every kind of method leaves the tower alone, weights and gradients or not
for m in "task_arithmetic" "ties" "dare_ties" "slerp" "nearswap"; do
  case $m in
  slerp) p='parameters: {t: 0.4}' first= ;;
  nearswap) p='parameters: {t: 0.001}' first= ;;
  *) p='parameters: {weight: [0.2, 0.9], density: 0.5, normalize: false}' first= ;;
  esac
  printf 'merge_method: %s\nbase_model: %s\nmodels:\n- model: %s\n%s\n' $m $models/llava \
    $models/llama "$p" >m.yml
  run 0 merge --force m.yml m
  for t in vision_tower.blocks.0.attn.qkv.weight multi_modal_projector.linear_1.weight; do
    same "$(hash m $t)" "$(hash $models/llava $t)"
  done
  run 0 --json preview m.yml --exact
done

# the other way round the tower is lost, and it says so
cat >lost.yml <<Y
merge_method: task_arithmetic
base_model: $models/llama
models:
- model: $models/llava
  parameters: {weight: 1.0}
Y
run 0 lint lost.yml
has out "warning" "gives its language part alone" "make it the base_model" "vision_tower"
run 0 merge lost.yml lost
same "$(hash lost model.norm.weight)" "$(hash $models/llava language_model.model.norm.weight)"

# something else entirely
printf 'merge_method: task_arithmetic\nbase_model: %s\nmodels: [{model: %s, parameters: {weight: 1}}]\n' \
  $models/llava $models/other >other.yml
run 3 merge other.yml no
run 1 lint other.yml
done_testing
