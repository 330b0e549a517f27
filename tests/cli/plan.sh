#!/bin/sh
# plan: presets and plan files over the demonstration's model; sizes, errors, targets, refusals.
. "$top_srcdir/tests/cli/lib.sh"

run 0 plan "$demo/base" --plan Q4_K_M
has out 'base as Q4_K_M' 'one GGUF file' 'bits per weight' 'GiB weights +' 'ffn_down' 'mixed' 'TOTAL' '±'
run 0 plan "$demo/base" --plan q4_k --sizes --tensors
has out 'blk.3.attn_v.weight' 'Q4_K_M, its mixture' 'never quantized'
hasnt out '±'
run 0 plan "$demo/base" --plan Q8-hi --sizes
has out 'an MLX folder' 'affine8g32'
run 0 plan "$demo/base" --plan mxfp8-hi --sizes
has err '-hi changes nothing'
run 0 plan "$demo/halfway.yml" --plan q4
has out 'as q4' 'affine4g64'

# What the writer of GGUF knows of its size, the reader of the JSON knows too.
run 0 --json plan "$demo/base" --plan Q6_K --exact --context 100
has out '"container": "gguf"' '"bits_per_weight": 6.58' '"type": "Q6_K"' '"exact": true' \
  '"interval": null' '"fallback_from": null' '"context": 100' '"findings": []'
run 0 --json plan "$demo/base" --plan Q6_K
has out '"exact": false'

cat >p.yml <<'END'
preset: Q4_K_M
rules:
  - role: ffn_down      # the last layers matter
    layers: -1
    type: Q8_0
  - {role: attn_w, type: Q6_K}
  - {role: ffn, type: Q5_K}
END
run 0 plan "$demo/base" --plan p.yml
has out 'line 3         matches 1 tensors, decides 0' 'line 7         matches 12 tensors, decides 12'
has err 'p.yml:3: warning: all 1 tensors it matches are taken by rules below' 'on line 7' \
  'p.yml:6: warning: the rule matches no tensor; did you mean attn_'
run 0 --json plan "$demo/base" --plan p.yml --sizes
has out '"code": "rule-overridden"' '"code": "rule-unmatched"' '"matched": 12' '"relative_error": null'

# Never over the target, of the file or of its weights; below the least, at once with the least.
for target in 1.3MB 1500000 1.7MB 3.4bpw 4.5bpw; do
  run 0 --json plan "$demo/base" --plan Q4_K_M --target $target
  bytes=$(sed -n 's/^ "bytes": \([0-9]*\).*/\1/p' out)
  bits=$(sed -n 's/^ "bits_per_weight": \([0-9.]*\).*/\1/p' out)
  case $target in
    *bpw) ok=$(awk "BEGIN { print ($bits <= ${target%bpw}) && ($bits > ${target%bpw} - 0.1) }") ;;
    *MB) ok=$(awk "BEGIN { print ($bytes <= ${target%MB} * 1e6) && ($bytes > ${target%MB} * 9.7e5) }") ;;
    *) ok=$(awk "BEGIN { print ($bytes <= $target) && ($bytes > $target * 0.97) }") ;;
  esac
  same "$target $ok" "$target 1"
done
run 0 plan "$demo/base" --plan q4 --target 4bpw --save found.yml
run 0 plan "$demo/base" --plan found.yml --sizes
has found.yml 'preset: q4' 'role: ffn_down'
run 3 plan "$demo/base" --plan Q4_K_M --target 900kB
has err 'the smallest types take' 'bytes)'
run 3 plan "$demo/base" --plan q4 --target 0.1bpw
run 2 plan "$demo/base" --plan q4 --target much

# What was promised is what is written: the size to the byte, the error in every digit.
number() { sed -n "s/^ *\"$2\": \([-0-9.e]*\).*/\1/p" "$1" | head -n 1; }
for p in Q4_K_M Q2_K q4-hi mxfp8; do
  run 0 --json plan "$demo/base" --plan $p --exact
  cp out plan.json
  rm -rf written written.gguf
  case $p in Q*) to=written.gguf ;; *) to=written ;; esac
  run 0 quantize "$demo/base" $to --plan $p
  files=$to
  [ -d $to ] && files=$to/*.safetensors
  same "$p $(cat $files | wc -c | tr -d ' ')" "$p $(number plan.json bytes)"
  run 0 --json diff "$demo/base" $to --exact
  sed -n '/"total"/,$p' out >total.json
  close=$(awk "BEGIN { d = $(number plan.json relative_error) / $(number total.json relative_l2) - 1
    print (d < 1e-12 && d > -1e-12) }")
  same "$p $close" "$p 1"
done

# What is quantized already is said, and from what; the same type is no second time.
run 0 plan "$top/tests/golden/model/types.gguf" --plan Q4_0 --sizes
has err 'are quantized already' '1 from Q6_K' 'take the unquantized model'
hasnt err 'from Q4_0'

# What cannot be: named, with its place and what is near.
run 2 plan "$demo/base"
run 3 plan "$demo/base" --plan Q4_K_X
has err 'no preset Q4_K_X' 'Q4_K_'
run 3 plan "$demo/base" --plan IQ2_XS
has err 'not written'
printf 'preset: q4\nrules:\n- {role: ffn, type: Q6_K}\n' >bad.yml
run 3 plan "$demo/base" --plan bad.yml
has err 'bad.yml:3:21: Q6_K is a type of GGUF files, the plan writes MLX'
run 3 plan absent --plan q4
run 3 plan "$demo/base" --plan Q4_K_M --imatrix "$demo/base/model.safetensors"
has err 'fetch it again'
run 2 plan "$demo/base" --plan q4 --imatrix "$demo/base/config.json"

# An importance matrix by hand: one entry for a tensor of the model, then one of another length.
{ printf '\1\0\0\0\23\0\0\0blk.0.ffn_up.weight\1\0\0\0\0\1\0\0'; yes '@' | tr -d '\n' | head -c 1024; } >im.dat
run 0 plan "$demo/base" --plan Q4_K_M --imatrix im.dat
has out 'importance    of 1 of 28 tensors'
{ printf '\1\0\0\0\23\0\0\0blk.0.ffn_up.weight\1\0\0\0\0\2\0\0'; yes '@' | tr -d '\n' | head -c 2048; } >im.dat
run 3 plan "$demo/base" --plan Q4_K_M --imatrix im.dat
has err 'of another model'

# The plan of the manual.
sed -n '/^\.SH PLANS/,/^\.SH OTHER/p' "$top/man/cupel.1.in" | sed -n '/^\.EX/,/^\.EE/p' | grep -v '^\.' |
  sed 's/\\-/-/g; s/\\e/\\/g' >man.yml
run 0 plan "$demo/base" --plan man.yml
has out 'line 3         matches 4 tensors, decides 4' 'line 6         matches 4 tensors' 'matches 1 tensors, decides 1'
same "$(lines err)" 0

run 0 types --presets
has out 'Q4_K_M' 'mixed_3_6' 'qx63'
run 0 --json types --presets
has out '"name": "Q4_K_M"' '"writes": true'
done_testing
