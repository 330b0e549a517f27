#!/bin/sh
# What `make bench` runs: cupel against copying the same bytes, and against mergekit where $PEER_PYTHON
# (python3) can import it. Runs alternate, the best of each counts, inputs are read once before.
#
#	BENCH_DIR      where models (10 GB) and outputs go; kept, so that a second run starts at once
#	BENCH_SIZE     1b (Llama 3.2 1B in shape), 300m, embed (its embedding) or tiny (does it work)
#	BENCH_METHODS  all; the first four are timed in every round, the others in the first
#	BENCH_ROUNDS   3
#	BENCH_THREADS  all
set -eu
bin=${1:?usage: run.sh BUILD_DIR}
dir=${BENCH_DIR:-${TMPDIR:-/tmp}/cupel-bench}
size=${BENCH_SIZE:-1b}
rounds=${BENCH_ROUNDS:-3}
python=${PEER_PYTHON:-python3}
first="linear nuslerp nearswap dare_ties"
all="$first slerp passthrough task_arithmetic ties dare_linear breadcrumbs breadcrumbs_ties della
della_linear multislerp karcher model_stock sce ram ramplus_tl arcee_fusion"
methods=${BENCH_METHODS:-$all}
cupel=$bin/cupel
models=$dir/$size
out=$dir/out
results=$dir/results-$size
LC_ALL=C
export LC_ALL

mkdir -p "$models" "$results"
if [ ! -f "$models/done" ]; then
	echo "making four models below $models" >&2
	"$bin/tests/bench/mkmodel" "$size" "$models" base a b c
	touch "$models/done"
fi

inputs() # PARAMETERS MODEL...: the models: of a recipe, each with the parameters
{
	given=${1:+
    parameters: {$1\}}
	shift
	printf 'models:\n'
	for m in "$@"; do
		printf '  - model: %s%s\n' "$models/$m" "$given"
	done
}
recipe() # NAME: the recipe of that method below $models
{
	printf 'merge_method: %s\n' "$1"
	case $1 in
	linear | nuslerp) inputs 'weight: 0.5' a b ;;
	passthrough) inputs '' a ;;
	karcher) inputs '' a b c ;;
	multislerp) inputs 'weight: 0.33' a b c ;;
	nearswap) inputs '' base a && printf 'parameters: {t: 0.001}\n' ;;
	slerp) inputs '' base a && printf 'parameters: {t: 0.4}\n' ;;
	arcee_fusion) inputs '' base a ;;
	model_stock | ram | ramplus_tl) inputs '' a b c ;;
	sce) inputs '' a b c && printf 'parameters: {select_topk: 0.5}\n' ;;
	breadcrumbs | breadcrumbs_ties) inputs 'weight: 0.33, density: 0.5, gamma: 0.01' a b c ;;
	*) inputs 'weight: 0.33, density: 0.5' a b c ;;
	esac
	case $1 in
	linear | nuslerp | passthrough | karcher | multislerp) ;;
	*) printf 'base_model: %s\n' "$models/base" ;;
	esac
	printf 'dtype: bfloat16\n'
}
for m in $methods; do
	recipe "$m" > "$dir/$m.yml"
done

has() # VERB: whether this cupel has it
{
	"$cupel" help "$1" > "$dir/help" 2>&1
}
peer=no
if "$python" -c 'import mergekit' > /dev/null 2>&1; then
	peer=$("$python" -c 'from importlib.metadata import version; print(version("mergekit"))')
fi

once() # LABEL COMMAND…: one timed run, its line appended to the label's results
{
	label=$1
	shift
	rm -rf "$out" "$dir/catalog.db" "$dir/catalog.db-wal" "$dir/catalog.db-shm" "$dir/cache"
	sync
	if line=$(XDG_CACHE_HOME=$dir/cache "$bin/tests/bench/timed" "$@" 2> "$results/$label.err"); then
		echo "$line" >> "$results/$label"
		echo "  $label $line" >&2
	else
		echo "  $label failed: $(tail -n 1 "$results/$label.err")" >&2
	fi
	rm -rf "$out"
}
merge() # METHOD
{
	once "$1" "$cupel" ${BENCH_THREADS:+--threads "$BENCH_THREADS"} --catalog "$dir/catalog.db" \
		merge "$dir/$1.yml" "$out"
}
peer_merge() # METHOD
{
	once "mergekit-$1" "$python" -m mergekit.scripts.run_yaml "$dir/$1.yml" "$out" \
		--no-copy-tokenizer --quiet
}

rm -f "$results"/*
cat "$models"/base/model.safetensors "$models"/[abc]/model.safetensors > /dev/null
i=0
while [ $i -lt "$rounds" ]; do
	i=$((i + 1))
	echo "round $i of $rounds: seconds user system peak-KiB" >&2
	# shellcheck disable=SC2016
	once copy sh -c 'mkdir "$3" && cat "$1" "$2" > /dev/null && cp --reflink=never "$1" "$3"' copy \
		"$models/a/model.safetensors" "$models/b/model.safetensors" "$out"
	once copy-one cp --reflink=never "$models/a/model.safetensors" "$out"
	if has merge; then
		for m in $methods; do
			case " $first " in
			*" $m "*) ;;
			*) [ $i = 1 ] || continue ;;
			esac
			merge "$m"
			[ "$peer" = no ] || peer_merge "$m"
			cat "$models"/base/model.safetensors "$models"/[abc]/model.safetensors > /dev/null
		done
	fi
	if has preview && [ -f "$dir/linear.yml" ]; then
		once preview "$cupel" ${BENCH_THREADS:+--threads "$BENCH_THREADS"} \
			--catalog "$dir/catalog.db" --json preview "$dir/linear.yml"
	fi
done
rm -rf "$dir/catalog.db"* "$dir/cache" "$dir/help"

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
ratio() # A B: A / B, or a dash
{
	[ -n "$1" ] && [ -n "$2" ] || { echo -; return; }
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}
copy=$(best copy 1)
linear=$(best linear 1)
printf '\n%-16s %9s %9s %12s %9s %10s   %s\n' "$size" seconds peak-MiB "of copying" \
	mergekit "times less" wanted
printf '%-16s %9s %9s\n' copy "$copy" "$(peak copy)"
row() # METHOD WANTED
{
	[ -f "$results/$1" ] || return 0
	mine=$(best "$1" 1)
	theirs=$(best "mergekit-$1" 1)
	same=$copy
	[ "$1" != passthrough ] || same=$(best copy-one 1)
	printf '%-16s %9s %9s %12s %9s %10s   %s\n' "$1" "$mine" "$(peak "$1")" \
		"$(ratio "$mine" "$same")" "${theirs:--}" "$(ratio "$theirs" "$mine")" "$2"
}
for m in $methods; do
	case $m in
	linear | nuslerp | nearswap) wanted="≤ 1.60 of copying, ≥ 6 times less, < 400 MiB" ;;
	dare_ties) wanted="≥ 12 times less, < 400 MiB" ;;
	passthrough) wanted="≤ 1.30 of copying it" ;;
	ties) wanted="≥ 8 times less; of an embedding ≤ 2.50 linear" ;;
	*) wanted="≥ 8 times less" ;;
	esac
	row "$m" "$wanted"
done
if [ -f "$results/preview" ]; then
	pass=$(best preview 1)
	printf '%-16s %9s %9s   %s of one linear merge   %s\n' statistics "$pass" "$(peak preview)" \
		"$(ratio "$pass" "$linear")" "≤ 1.50"
fi
if [ "$peer" = no ]; then
	echo "mergekit is not importable by $python: set PEER_PYTHON to compare"
else
	echo "mergekit $peer"
fi
