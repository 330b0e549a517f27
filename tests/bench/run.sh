#!/bin/sh
# What `make bench` runs: cupel against copying the same bytes, and against mergekit where $PEER_PYTHON
# (python3) can import it. Runs alternate, the best of each counts, inputs are read once before.
#
#	BENCH_DIR      where models (10 GB) and outputs go; kept, so that a second run starts at once
#	BENCH_SIZE     1b (Llama 3.2 1B in shape) or tiny (does it work)
#	BENCH_ROUNDS   3
#	BENCH_THREADS  all
set -eu
bin=${1:?usage: run.sh BUILD_DIR}
dir=${BENCH_DIR:-${TMPDIR:-/tmp}/cupel-bench}
size=${BENCH_SIZE:-1b}
rounds=${BENCH_ROUNDS:-3}
python=${PEER_PYTHON:-python3}
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

recipe() # NAME: the recipe of that method below $models
{
	case $1 in
	linear | nuslerp)
		printf 'merge_method: %s\nmodels:\n' "$1"
		printf '  - model: %s\n    parameters: {weight: 0.6}\n' "$models/a"
		printf '  - model: %s\n    parameters: {weight: 0.4}\n' "$models/b"
		;;
	nearswap)
		printf 'merge_method: nearswap\nbase_model: %s\nmodels:\n' "$models/base"
		printf '  - model: %s\n' "$models/base" "$models/a"
		printf 'parameters: {t: 0.001}\n'
		;;
	dare_ties)
		printf 'merge_method: dare_ties\nbase_model: %s\nmodels:\n' "$models/base"
		for m in a b c; do
			printf '  - model: %s\n    parameters: {weight: 0.33, density: 0.5}\n' "$models/$m"
		done
		;;
	esac
	printf 'dtype: bfloat16\n'
}
for m in linear nuslerp nearswap dare_ties; do
	recipe $m > "$dir/$m.yml"
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
	if has merge; then
		for m in linear nuslerp nearswap dare_ties; do
			merge $m
			[ "$peer" = no ] || peer_merge $m
			cat "$models"/base/model.safetensors "$models"/[abc]/model.safetensors > /dev/null
		done
	fi
	if has preview; then
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
printf '\n%-10s %9s %9s %12s %9s %10s   %s\n' "$size" seconds peak-MiB "of copying" \
	mergekit "times less" wanted
printf '%-10s %9s %9s\n' copy "$copy" "$(peak copy)"
row() # METHOD WANTED
{
	[ -f "$results/$1" ] || return 0
	mine=$(best "$1" 1)
	theirs=$(best "mergekit-$1" 1)
	printf '%-10s %9s %9s %12s %9s %10s   %s\n' "$1" "$mine" "$(peak "$1")" \
		"$(ratio "$mine" "$copy")" "${theirs:--}" "$(ratio "$theirs" "$mine")" "$2"
}
row linear "≤ 1.60 of copying, ≥ 6 times less, < 400 MiB"
row nuslerp "≤ 1.60 of copying, ≥ 6 times less, < 400 MiB"
row nearswap "≤ 1.60 of copying, ≥ 6 times less, < 400 MiB"
row dare_ties "≥ 12 times less, < 400 MiB"
if [ -f "$results/preview" ]; then
	pass=$(best preview 1)
	printf '%-10s %9s %9s   %s of one linear merge   %s\n' statistics "$pass" "$(peak preview)" \
		"$(ratio "$pass" "$linear")" "≤ 1.50"
fi
if [ "$peer" = no ]; then
	echo "mergekit is not importable by $python: set PEER_PYTHON to compare"
else
	echo "mergekit $peer"
fi
