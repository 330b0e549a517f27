#!/bin/sh
# What `make bench` runs for quantizations: a whole bf16 model to GGUF and MLX, against llama-quantize
# ($PEER_LLAMA_QUANTIZE) and mlx_lm ($PEER_PYTHON, if it can import it), files in the page cache, as many
# threads. Runs alternate, the best of each counts; GGUF files are compared whole.
#
#	BENCH_DIR      where the model (2.5 GB) and outputs go; outputs are deleted, the model is kept
#	BENCH_SIZE     1b (Llama 3.2 1B in shape), 300m or tiny (does it work)
#	BENCH_PLANS    Q8_0 Q4_0 Q4_K_M q4; GGUF presets and MLX's q4, q6, q8
#	BENCH_ROUNDS   3
#	BENCH_THREADS  all
set -eu
bin=${1:?usage: quantize.sh BUILD_DIR TOKENIZER_FOLDER}
tokenizer=${2:?usage: quantize.sh BUILD_DIR TOKENIZER_FOLDER}
dir=${BENCH_DIR:-${TMPDIR:-/tmp}/cupel-bench}
size=${BENCH_SIZE:-1b}
rounds=${BENCH_ROUNDS:-3}
threads=${BENCH_THREADS:-$(getconf _NPROCESSORS_ONLN)}
plans=${BENCH_PLANS:-Q8_0 Q4_0 Q4_K_M q4}
llama=${PEER_LLAMA_QUANTIZE:-}
python=${PEER_PYTHON:-python3}
cupel=$bin/cupel
models=$dir/$size
out=$dir/quantized
results=$dir/results-quantize-$size
LC_ALL=C
export LC_ALL CUPEL_CATALOG=:memory:

mkdir -p "$models" "$results"
rm -f "$results"/*
[ -f "$models/base/model.safetensors" ] || "$bin/tests/bench/mkmodel" "$size" "$models" base
cp "$tokenizer/tokenizer.json" "$tokenizer/tokenizer_config.json" "$models/base"
mlx=no
if "$python" -c 'import mlx_lm' >/dev/null 2>&1; then
	mlx=$("$python" -c 'from importlib.metadata import version; print(version("mlx-lm"))')
fi
trap 'rm -rf "$out" "$out".peer "$models/bf16.gguf"' EXIT
if [ -n "$llama" ]; then
	"$cupel" quantize "$models/base" "$models/bf16.gguf" --plan BF16 --force >/dev/null
fi

once() # LABEL COMMAND…: one timed run, its line appended to the label's results
{
	label=$1
	shift
	if line=$("$bin/tests/bench/timed" "$@" 2>"$results/$label.err" </dev/null); then
		echo "$line" | tail -n 1 >>"$results/$label"
		echo "  $label $(tail -n 1 "$results/$label")" >&2
	else
		echo "  $label failed: $(tail -n 1 "$results/$label.err")" >&2
	fi
}
peer() # PLAN
{
	rm -rf "$out.peer"
	case $1 in
	q[468])
		[ "$mlx" = no ] || once "peer-$1" "$python" -c '
import sys
from mlx_lm.convert import convert
convert(sys.argv[1], mlx_path=sys.argv[2], quantize=True, q_bits=int(sys.argv[3]), q_group_size=64)
' "$models/base" "$out.peer" "${1#q}"
		;;
	*)
		[ -z "$llama" ] || once "peer-$1" "$llama" "$models/bf16.gguf" "$out.peer" "$1" "$threads"
		;;
	esac
}
i=0
while [ $i -lt "$rounds" ]; do
	i=$((i + 1))
	echo "round $i of $rounds: seconds user system peak-KiB" >&2
	for p in $plans; do
		cat "$models/base/model.safetensors" >/dev/null
		rm -rf "$out"
		once "$p" "$cupel" --threads "$threads" quantize "$models/base" "$out" --plan "$p"
		[ ! -f "$models/bf16.gguf" ] || cat "$models/bf16.gguf" >/dev/null
		peer "$p"
		if [ -f "$out" ] && [ -f "$out.peer" ]; then
			cmp -s "$out" "$out.peer" && echo "same bytes" >"$results/$p.same" ||
				echo "OTHER BYTES" >"$results/$p.same"
		fi
	done
done

best() # LABEL FIELD: least of a column, or nothing
{
	[ -f "$results/$1" ] || return 0
	sort -n -k "$2,$2" "$results/$1" | head -n 1 | cut -d ' ' -f "$2"
}
peak()
{
	[ -f "$results/$1" ] || return 0
	sort -rn -k 4,4 "$results/$1" | awk '{ printf "%.0f", $4 / 1024; exit }'
}
printf '\n%-10s %9s %9s %9s %9s %11s   %s\n' "$size" seconds peak-MiB peer peer-MiB "times less" \
	"wanted ≥ 2, < 400 MiB"
for p in $plans; do
	mine=$(best "$p" 1)
	theirs=$(best "peer-$p" 1)
	printf '%-10s %9s %9s %9s %9s %11s   %s\n' "$p" "${mine:--}" "$(peak "$p")" "${theirs:--}" \
		"$(peak "peer-$p")" \
		"$([ -z "$mine" ] || [ -z "$theirs" ] || awk -v a="$theirs" -v b="$mine" \
			'BEGIN { printf "%.2f", a / b }')" "$(cat "$results/$p.same" 2>/dev/null)"
done
[ -n "$llama" ] || echo "set PEER_LLAMA_QUANTIZE to compare GGUF presets"
[ "$mlx" != no ] || echo "mlx_lm is not importable by $python: set PEER_PYTHON to compare MLX presets"
