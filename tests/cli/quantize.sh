#!/bin/sh
# quantize: GGUF and MLX from a model and from a recipe; sizes as planned; refusals; jobs.
. "$top_srcdir/tests/cli/lib.sh"

size_of() { wc -c <"$1" | tr -d ' '; }
hash_of() { sed -n 's/^ "hash": "\([0-9a-f]*\)".*/\1/p' out; }

run 0 quantize "$demo/base" base.gguf --plan Q4_K_M
has out 'base.gguf: ' 'bits per weight' '38 tensors' 'run 1'
run 0 --json plan "$demo/base" --plan Q4_K_M --sizes
same "$(size_of base.gguf)" "$(sed -n 's/^ "bytes": \([0-9]*\).*/\1/p' out)"
run 0 inspect base.gguf
has out 'llama' 'Q4_K' 'Q6_K'
run 0 --json diff "$demo/base" base.gguf --exact
has out '"cosine": 0.99'

# Nothing is overwritten; what is no output of this kind is not replaced at all.
run 3 quantize "$demo/base" base.gguf --plan Q8_0
has err 'already' '--force'
run 0 quantize "$demo/base" base.gguf --plan Q8_0 --force
printf 'not a model' >text.gguf
run 3 quantize "$demo/base" text.gguf --plan Q8_0 --force
has err 'no GGUF file'

# From what is quantized already: it says from what. The same type is copied.
run 0 quantize base.gguf again.gguf --plan Q4_K_M
has err 'Q8_0'
run 0 quantize base.gguf copy.gguf --plan Q8_0
run 0 --json inspect base.gguf --hash
sed -n 's/.*"hash": "\([0-9a-f]*\)".*/\1/p' out | sort >one
run 0 --json inspect copy.gguf --hash
sed -n 's/.*"hash": "\([0-9a-f]*\)".*/\1/p' out | sort >two
same "$(cat two)" "$(cat one)"

# A recipe in one stream is the two steps.
run 0 merge "$demo/halfway.yml" half
for plan in Q4_K_M q4-hi; do
  run 0 --json quantize "$demo/halfway.yml" "stream-$plan" --plan $plan
  stream=$(hash_of)
  run 0 --json quantize half "steps-$plan" --plan $plan
  same "$stream" "$(hash_of)"
done

# MLX: a folder, with what is quantized how in its config.
run 0 quantize "$demo/base" base-mlx --plan q4
run 0 --json plan "$demo/base" --plan q4 --sizes
same "$(size_of base-mlx/model.safetensors)" "$(sed -n 's/^ "bytes": \([0-9]*\).*/\1/p' out)"
has base-mlx/config.json '"quantization"' '"quantization_config"' '"bits": 4' '"group_size": 64'
has base-mlx/README.md 'library_name: mlx' 'preset: q4'
run 0 inspect base-mlx
has out 'affine4g64'
run 3 quantize "$demo/base" base-mlx --plan q8
run 0 quantize "$demo/base" base-mlx --plan q8 --force
run 0 inspect base-mlx
has out 'affine8g64'
touch base-mlx/mine
run 3 quantize "$demo/base" base-mlx --plan q4 --force
has err 'mine'

# Parts.
run 0 quantize "$demo/base" parts.gguf --plan Q8_0 --split 1MB
has out 'parts-00001-of-0000'
run 0 inspect parts-00001-of-0000*.gguf
has out '38 tensors'

run 2 quantize "$demo/base" x.gguf
has err '--plan'
run 2 quantize "$demo/base"
run 3 quantize "$demo/base" x.gguf --plan IQ2_XS
run 3 quantize absent x.gguf --plan Q8_0
[ -e x.gguf ] && { echo 'not ok: x.gguf is there'; bad=1; }
ls -a | grep -q cupel-tmp && { echo 'not ok: something half-written stays'; bad=1; }

run 0 runs
has out 'quantize' 'Q4_K_M' 'on disk'
run 0 quantize "$demo/base" job.gguf --plan Q6_K --detach
has out 'job 1'
done_testing
