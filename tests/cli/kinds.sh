#!/bin/sh
# Inputs of every kind: decoded while they are read, said so, or refused with what converts them.
. "${top_srcdir:?}/tests/cli/lib.sh"
kinds=$top/tests/golden/kinds

# recipe FILE METHOD-LINES MODEL...
recipe() {
  to=$1
  printf '%b\nmodels:\n' "$2" >"$to"
  shift 2
  for m; do printf -- '- model: %s\n  parameters: {weight: 0.5}\n' "$m" >>"$to"; done
}
sum() { "$CUPEL" --json inspect "$1" --hash 2>/dev/null | sed -n 's/^ "hash": "\(.*\)",*$/\1/p'; }

for k in fp8 fp8ct int8ct int4ct nvfp4ct modelopt mlx gguf.gguf; do
  case $k in
  fp8*) what=fp8 ;;
  int8ct) what=int8 ;;
  int4ct) what=int4g32 ;;
  nvfp4ct | modelopt) what=nvfp4 ;;
  mlx) what=affine4g32 ;;
  *) what=Q8_0 ;;
  esac
  # as it is: the values that are read
  printf 'merge_method: passthrough\ndtype: float32\nmodels: [{model: %s}]\n' "$kinds/$k" >one.yml
  run 0 lint one.yml
  has out "is quantized and decoded while it is read" "$what" "[decoded]"
  run 0 merge --force one.yml one
  has err "decoded while it is read" "$what"
  has one/cupel.json '"decoded": "' "$what"
  has one/README.md ", decoded from "
  hasnt one/config.json quantization
  hasnt one/model.safetensors _scale
  run 0 --json diff "$kinds/$k" one --exact
  [ "$(grep -c '"max_abs": 0' out)" -ge 7 ] || { echo "not ok: $k differs"; bad=1; }
  # with a plain model: counts as bfloat16
  recipe two.yml 'merge_method: linear' "$kinds/base" "$kinds/$k"
  run 0 lint two.yml
  has out "it counts as bfloat16"
  run 0 preview two.yml
  has err "decoded while it is read"
  run 0 merge --force two.yml two
  run 0 inspect two
  has out "BF16"
  hasnt out lm_head
done
printf 'merge_method: passthrough\nmodels: [{model: %s}]\n' "$kinds/gptoss" >oss.yml
run 0 merge oss.yml oss
has err "mxfp4"
hasnt oss/config.json quantization

# a GGUF gives config.json, embedding and head as they are
printf 'merge_method: passthrough\nmodels: [{model: %s}]\n' "$kinds/gguf.gguf" >g.yml
run 0 merge --force g.yml g
has g/config.json '"tie_word_embeddings": true' '"num_attention_heads": 4'

# named, counted, not decoded
for k in gptq awq; do
  name=$(echo $k | tr a-z A-Z)
  run 0 inspect $kinds/$k
  has out "$name, 4 bits in groups of 32" "23.2 k"
  run 0 --json inspect $kinds/$k
  has out '"parameters": 23168' '"bits": 4' '"group_size": 32' '"method": "'$k'"'
  recipe packed.yml 'merge_method: linear' "$kinds/base" "$kinds/$k"
  run 3 merge packed.yml no
  has err "packed by $name" "convert"
  same 1 "$(lines err)"
  run 1 lint packed.yml
  has out "packed by $name" "[packed]"
  run 3 preview packed.yml
done

# number formats that differ: who has which, and what is stored
printf 'merge_method: passthrough\ndtype: float32\nmodels: [{model: %s}]\n' "$kinds/base" >f.yml
run 0 merge f.yml wide
recipe mixed.yml 'merge_method: linear' "$kinds/base" wide "$kinds/fp8"
run 0 lint mixed.yml
has out "base is mostly BF16" "wide is mostly F32" "stored as F32" "[mixed-dtypes]"
run 0 merge mixed.yml mixed
has err "stored as F32"
run 0 inspect mixed
has out F32
sed 's/^models:/dtype: float16\nmodels:/' mixed.yml >said.yml
run 0 lint said.yml
hasnt out "[mixed-dtypes]"
run 0 merge said.yml said
run 0 inspect said
has out F16

# heads: tied and untied, folders and GGUF
for a in base untied gguf.gguf untied.gguf; do
  for b in base untied gguf.gguf untied.gguf; do
    recipe heads.yml 'merge_method: linear' "$kinds/$a" "$kinds/$b"
    [ $a != $b ] || continue
    run 0 merge --force heads.yml heads
    cp err told
    run 0 inspect heads --tensors
    case $a in
    untied*)
      has out lm_head.weight
      hasnt heads/config.json '"tie_word_embeddings": true'
      ;;
    *)
      hasnt out lm_head
      has heads/config.json '"tie_word_embeddings": true'
      ;;
    esac
    case $a-$b in
    untied*-untied*) hasnt told "the head" ;;
    untied*) ;;
    *-untied*) has told "the head lm_head.weight" "ties it to the embedding" ;;
    esac
  done
done
# an untied first: a tied second's head is its embedding
printf 'merge_method: linear\nmodels:\n- {model: %s, parameters: {weight: 0.0}}\n' $kinds/untied >h.yml
printf -- '- {model: %s, parameters: {weight: 1.0}}\n' $kinds/base >>h.yml
run 0 merge h.yml h
hash_of() { "$CUPEL" --json inspect $1 --hash | awk -v want="\"name\": \"$2\"," '
  index($0, want) { on = 1 }
  on && /"hash":/ { gsub(/[",]/, ""); print $2; exit }'; }
same "$(hash_of h lm_head.weight)" "$(hash_of $kinds/base model.embed_tokens.weight)"
done_testing
