#!/bin/sh
# Models with different tokenizers: what lint says, what is written, what is refused in one line.
. "$top_srcdir/tests/cli/lib.sh"
golden=$top/tests/golden/tokenizer
for m in a b c d; do
  cp -r "$golden/$m" . && chmod -R u+w "$m"
done

two='merge_method: linear
models:
- model: a
  parameters: {weight: 1}
- model: b
  parameters: {weight: 0.5}
dtype: float32'

# Without a rule: both sizes, and what to write.
echo "$two" >plain.yml
run 1 lint plain.yml
has out 'lm_head.weight is 15×8 in a and 24×8 in b' 'tokenizer: {source: union}' '--unsafe-truncate-embeddings'
run 3 merge plain.yml no
has err '15 x 8 in a, 24 x 8 in b' 'tokenizer: {source: union}' '--unsafe-truncate-embeddings'
same "$(lines err)" 1
[ ! -e no ] || { echo 'not ok: it wrote'; bad=1; }

# With one: how many rows of each come from where.
{ echo "$two"; echo 'tokenizer: {source: union, pad_to_multiple_of: 16}'; } >union.yml
run 0 lint union.yml
has out '20 tokens, padded, in 32 rows' 'a: 15 tokens; 15 rows of its own, 5 of another model or token, 12 padding'
run 0 merge union.yml union
has union/config.json '"vocab_size": 32'
has union/tokenizer.json '"<|im_start|>"' '"xa"'
has union/cupel.json '"tokens": 20' '"rows": 32' '"of_others": 5'
has union/README.md '20 tokens in 32 rows' '15 rows of its own'
run 0 --json preview union.yml
has out '"name": "model.embed_tokens.weight"'
run 0 replay 1
has out 'the same'
run 0 --threads 1 --json merge union.yml again
cmp union/model.safetensors again/model.safetensors || bad=1
cmp union/tokenizer.json again/tokenizer.json || bad=1
run 0 inspect union

# What was written is read as the preview said.
run 0 --json preview union.yml --exact
sed -n 's/.*"norm": \([0-9.e-]*\).*/\1/p' out | head -n 1 >norm
[ -s norm ] || { echo 'not ok: no norm'; bad=1; }

# Ids follow their tokens: b ends a text with its token 13, which a calls 13 and b 12.
{ echo "$two"; echo 'tokenizer_source: b'; } >of_b.yml
run 0 merge of_b.yml of_b
has of_b/config.json "\"eos_token_id\": $(sed -n 's/.*"eos_token_id": \([0-9]*\).*/\1/p' b/config.json)" \
  "\"bos_token_id\": $(sed -n 's/.*"bos_token_id": \([0-9]*\).*/\1/p' b/config.json)" '"vocab_size": 17'
cmp b/tokenizer.json of_b/tokenizer.json || bad=1

# Cut: in the recipe of the run, so that a replay cuts too.
run 0 merge plain.yml cut --unsafe-truncate-embeddings
has err 'cut to 15 rows'
has cut/mergekit_config.yml 'unsafe_truncate_embeddings: true'
has cut/config.json '"vocab_size": 15'
run 0 replay "$("$CUPEL" --json runs | sed -n 's/.*"id": \([0-9]*\).*/\1/p' | head -n 1)"
has out 'the same'
run 3 merge union.yml none --unsafe-truncate-embeddings
has err 'nothing left to cut'

# A tokenizer of a model that is not merged.
{ echo "$two"; echo 'tokenizer_source: d'; } >of_d.yml
run 0 lint of_d.yml
has out 'd is none of the inputs: its tokenizer is taken'
run 0 merge of_d.yml of_d
has of_d/config.json '"vocab_size": 16'
cmp d/tokenizer.json of_d/tokenizer.json || bad=1

# Templates.
for t in alpaca chatml exaone llama3 mistral; do
  { echo "$two"; echo "tokenizer_source: a"; echo "chat_template: $t"; } >t.yml
  run 0 merge t.yml "t-$t"
  has "t-$t/chat_template.jinja" 'messages'
  hasnt "t-$t/tokenizer_config.json" 'endfor %}"x'
done
has t-chatml/chat_template.jinja '<|im_start|>'
has t-chatml/tokenizer_config.json '<|im_start|>'
{ echo "$two"; echo "tokenizer_source: a"; echo "chat_template: chatnl"; } >t.yml
run 3 merge t.yml no
has err 'chatml'

# A union inside another recipe: the bytes are those of writing it first.
{ echo "name: inner"; echo "$two"; echo 'tokenizer: {source: union, tokens: {<new>: {source: {kind: zero}}}}'
  cat <<'E2'
chat_template: chatml
---
merge_method: linear
models:
- model: inner
  parameters: {weight: 1}
- model: c
  parameters: {weight: 1}
tokenizer_source: union
dtype: float32
E2
} >nested.yml
hash_of() { sed -n 's/.*"hash": "\([0-9a-f]\{32\}\)".*/\1/p' "$1" | head -n 1; }
run 0 --json merge nested.yml nested
nested=$(hash_of out)
run 0 --json merge nested.yml inner --document inner
inner=$(hash_of out)
sed '1,/^---/d' nested.yml >outer.yml
run 0 --json merge outer.yml outer
same "$(hash_of out)" "$nested"
for f in tokenizer.json tokenizer_config.json generation_config.json chat_template.jinja config.json; do
  cmp "nested/$f" "outer/$f" || bad=1
done
has nested/tokenizer.json '<new>' '<tool>' 'ya' 'xa'
{ sed '/^---/q' nested.yml; printf 'merge_method: passthrough\nmodels: [{model: inner}]\n'; } >alone.yml
run 0 --json merge alone.yml alone
same "$(hash_of out)" "$inner"
for f in tokenizer.json tokenizer_config.json generation_config.json chat_template.jinja config.json; do
  cmp "alone/$f" "inner/$f" || bad=1
done

# Rules that cannot be followed.
rule() { # TEXT-OF-THE-MESSAGE RULE
  { echo "$two"; printf 'tokenizer: {tokens: {%s}}\n' "$2"; } >rule.yml
  run 3 merge rule.yml no
  has err "$1"
  same "$(lines err)" 1
  run 1 lint rule.yml
  has out "$1"
}
rule 'beyond the 15 rows of a' '"<new>": {source: {kind: model_token, model: a, token_id: 15}}'
rule 'a has no row for nowhere' '"<new>": {source: {kind: model_token, model: a, token: nowhere}}'
rule 'a has no row for <new>' '"<new>": {source: a}'
rule 'none of the inputs' '"<new>": {source: c}'
rule 'token or token_id' '"<new>": {source: {kind: model_token, model: a}}'

# Hostile tokenizers: one line, no crash.
hostile() { # TEXT-OF-THE-MESSAGE TOKENIZER.JSON
  rm -rf h && cp -r b h && printf '%s' "$2" >h/tokenizer.json
  { echo "$two" | sed 's/model: b/model: h/'; echo 'base_model: h'; echo 'tokenizer_source: base'; } >h.yml
  run 3 merge h.yml no
  has err "$1"
  same "$(lines err)" 1
}
hostile 'no vocabulary is that large' '{"model":{"type":"BPE","vocab":{"a":1000000000}}}'
hostile 'no vocabulary is that large' '{"added_tokens":[{"content":"a"}],"model":{"vocab":{}}}'
hostile 'have one id, 3' '{"model":{"type":"BPE","vocab":{"a":3,"b":3}}}'
hostile 'no tokens' '{"model":{"type":"BPE","vocab":{}}}'
hostile '0 tokens with a row' '{"model":{"type":"BPE","vocab":{"a":4000000}}}'
hostile 'JSON' '{"model":{"vocab":{"a":'
hostile 'h/tokenizer.json: the tokens \x1B[2J' '{"model":{"vocab":{"\u001b[2J":7,"b":7}}}'

# Other spellings: a union is refused, the base's vocabulary is not.
sed 's/"ByteLevel"/"Metaspace"/g' b/tokenizer.json >b/t && mv b/t b/tokenizer.json
run 3 merge union.yml no
has err 'spells tokens as SentencePiece' 'tokenizer_source: MODEL'
run 0 merge of_b.yml mixed
has err 'equal tokens may stand for other text'

# The manual's example.
cp -r "$demo" demo && chmod -R u+w demo
sed -n '/^.SS Rules for single tokens/,/^.EE/p' "$top/man/cupel-recipe.5.in" |
  sed '1,2d; /^.EE/d; s/\\-/-/g' >demo/man.yml
run 0 lint demo/man.yml
has out '0 errors'
run 0 merge demo/man.yml man
has man/tokenizer.json '<|end_of_turn|>'
has man/chat_template.jinja '<|im_start|>'
# The workbench goes from a document with a vocabulary to one with fewer models, and back.
cat >several.yml <<Y
name: inner
models: [{model: $demo/base}]
merge_method: passthrough
---
models: [{model: inner, parameters: {weight: 1}}, {model: $demo/code, parameters: {weight: 1}}]
merge_method: task_arithmetic
base_model: $demo/kjv
tokenizer_source: union
Y
cat >keys.script <<'S'
:open several.yml
:wait-idle
key } { } {
:wait-idle
key } }
S
for i in 1 2 3 4; do
  run 0 --script keys.script --size 80x24
done
done_testing
