#!/bin/sh
# Cards computed again: what is printed, what JSON holds, exit statuses, a base model that is here.
. "$top_srcdir/tests/cli/lib.sh"
cards=$top/tests/golden/cards

run 1 audit "$cards/mixed-bits.txt"
has out 'WRONG' 'MISLEADING' 'UNSUPPORTED' 'line 68: ' 'ten times overstated' 'line 92: ' \
  '4 better, 1 equal, 2 worse; a tie' 'line 29: boolq 0.622' '4 wrong, '
! grep -q '^RIGHT' out || { echo 'not ok: right ones are shown without --all'; bad=1; }
run 1 audit "$cards/mixed-bits.txt" --all
has out 'RIGHT' 'line 30: Hellaswag: -0.021'
run 1 audit "$cards/mixed-bits.txt" --json
has out '"card": "' '"line": 68' '"verdict": "wrong"' '"stated": 21' '"computed": 4' \
  '"verdict": "misleading"' '"verdict": "unsupported"' '"verdict": "right"' '"check": "statements"'
for card in synergy.txt dead-keys.txt sensitivity.txt near-swap.txt; do
  run 1 audit "$cards/$card"
done
for card in right-merge.md right-sensitivity.md right-side-by-side.md; do
  run 0 audit "$cards/$card"
  has out '0 wrong, 0 misleading, 0 unsupported;'
done

# The model that a card names is here: its shapes count.
cat >small.md <<'END'
---
base_model: base
base_model_relation: quantized
---
# base-q8

A quantization of base.

| Parameter | Value |
|---|---|
| Total params | 7B |
| Layers | 4 |
| Hidden size | 512 |
END
run 1 --root "$demo" audit small.md
has out 'line 2: base: 7 B parameters' 'has 2.886 M' 'line 13: hidden size' '2 wrong'
sed 's/7B/2.89M/; s/512/256/' small.md >right.md
run 0 --root "$demo" audit right.md
has out '0 wrong' '3 figures computed again'

# Groups of tensors: numbers and sizes from its shapes.
cat >groups.md <<'END'
---
base_model: base
base_model_relation: quantized
---
# base-assay-GGUF

Groups were demoted one at a time from Q4_K to Q3_K.

| Group | Tensors | PPL Delta | Size Saved | Verdict |
|---|---|---|---|---|
| ffn_gate | 4 | +0.62% | 0.07 MB | demote |
| ffn_up | 4 | +0.71% | 0.17 MB | demote |
| attn_v | 2 | +0.66% | 0.017 MB | keep |
| Combined | 8 | +1.36% | 0.14 MB | shipped |
END
run 1 --root "$demo" audit groups.md --all
has out 'line 12: ffn_up: 0.17 MB saved' 'x 1.062 bits / 8 = 0.06963 MB' \
  'line 13: attn_v: 2 tensors' 'the model has 4' 'line 14: size saved in sum' '3 wrong, 0 mis'

run 3 audit "$top/tests/golden/import/perplexity.log"
has err 'not a model card'
run 3 audit absent.md
run 2 audit
done_testing
