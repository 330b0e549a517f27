#!/bin/sh
# preview and diff: figures before and after a merge is written are the same bits; sampled ones say so;
# containers do not matter; the catalog spares a second reading.
. "$top_srcdir/tests/cli/lib.sh"

# figures_to INPUT FIELD: that field's values under that input, one a line, from a preview's JSON.
figures_to() {
  awk -v input="\"$1\": {" -v field="\"$2\":" '
    index($0, input) { inside = 1; next }
    inside && index($0, field) { sub(/,$/, "", $2); print $2; inside = 0 }
  ' "$3"
}
# figures FIELD FILE: the same of a diff.
figures() {
  awk -v field="\"$1\":" '$1 == field { sub(/,$/, "", $2); print $2 }' "$2"
}

for method in linear dare_ties ties nearswap task_arithmetic slerp; do
  case $method in
  linear) inputs="code kjv" global="" each="{weight: 0.7}" base="" ;;
  nearswap) inputs="kjv" global="{t: 0.001}" each="{}" base="$demo/base" ;;
  slerp) inputs="kjv" global="{t: 0.3}" each="{}" base="$demo/base" ;;
  *) inputs="code kjv" global="{lambda: 0.9}" each="{weight: 0.5, density: 0.4}" base="$demo/base" ;;
  esac
  for dtype in bfloat16 float32; do
    {
      echo "merge_method: $method"
      echo "dtype: $dtype"
      echo "models:"
      for i in $inputs; do echo "  - {model: $demo/$i, parameters: $each}"; done
      [ -z "$base" ] || echo "base_model: $base"
      [ -z "$global" ] || echo "parameters: $global"
    } >r.yml
    run 0 --threads 2 --json preview r.yml --exact
    cp out before
    has before '"exact": true'
    hasnt before '"state": "closed"'
    hasnt before '"state": "sampled"'
    run 0 --threads 3 --json merge r.yml merged --force
    wrote=$(sed -n 's/^ "bytes": \([0-9]*\).*/\1/p' out)
    same "$(sed -n 's/^ "output_bytes": \([0-9]*\).*/\1/p' before)" "$wrote"
    for i in $inputs; do
      run 0 --threads 1 --json diff "$demo/$i" merged --exact
      for field in cosine relative_l2 max_abs; do
        figures "$field" out >after.f
        figures_to "$demo/$i" "$field" before >before.f
        [ -s after.f ] && cmp -s before.f after.f || {
          echo "not ok: $method $dtype $i: $field of the preview is not the file's"
          diff before.f after.f | head -n 5
          bad=1
        }
      done
    done
  done
done

# Closed forms say that they are of the merge before rounding; what has none shows an interval.
run 0 --json preview "$demo/halfway.yml"
has out '"state": "closed"' '"exact": false' '"method": "linear"' '"rounding_interval": ['
run 0 --json preview "$demo/dare.yml"
has out '"state": "sampled"' '"interval": [' '"half_width": [' '"coverage": {'
run 0 preview "$demo/nearswap.yml" --t 0.0001,0.001
has out 'Swapped, by t' '0.0001' 'a tenth is swapped at t =' 'before rounding'
run 2 preview "$demo/nearswap.yml" --t 0.0001x
# t lies inside a bin of the histogram: the bin's bounds stand beside the figure.
run 0 --json preview "$demo/nearswap.yml"
has out '"swapped_interval": [' '"delta_ratio_interval": ['
run 3 preview no-such.yml

# A sample says so; what the catalog knows is exact without reading.
run 0 --catalog new.db diff "$demo/base" "$demo/kjv"
has out 'figures are from a sample' 'total' 'REL L2'
run 0 --json diff "$demo/base" "$demo/kjv" --exact --base "$demo/code"
has out '"exact": true' '"delta_cosine"' '"files": []'
cp out exact
run 0 --json diff "$demo/base" "$demo/kjv" --base "$demo/code"
figures relative_l2 exact >a.f
figures relative_l2 out >b.f
cmp -s a.f b.f || { echo 'not ok: a pair that was read is not remembered'; bad=1; }

# Sums taken before the weights were hashed are found again afterwards.
for m in base kjv code; do run 0 inspect "$demo/$m" --hash; done
run 0 --json diff "$demo/base" "$demo/kjv" --base "$demo/code"
has out '"exact": true'
figures relative_l2 out >b.f
cmp -s a.f b.f || { echo 'not ok: hashing loses what was read'; bad=1; }

# Counted and from the histogram: the count lies in the histogram's bounds.
run 0 --json diff "$demo/base" "$demo/kjv" --exact --t 0.0007,0.002
figures full out >counted
run 0 --json diff "$demo/base" "$demo/kjv" --t 0.0007,0.002
awk '/"full":/ { sub(/,$/, "", $2); full = $2 } /"interval": \[$/ { getline lo; getline hi
  sub(/,$/, "", lo); if (full != "") print lo + 0, hi + 0; full = "" }' out >bounds
paste counted bounds | awk 'NF == 3 && $2 <= $1 && $1 <= $3 { n++ } END { exit n != 2 }' || {
  echo 'not ok: the swap curve does not hold the count'
  paste counted bounds
  bad=1
}

# A tensor that one model lacks, one of another shape, and files that differ.
run 2 diff "$demo/base"
run 2 diff "$demo/base" "$demo/kjv" --dtype int9
cp -r "$demo/kjv" other && chmod -R u+w other
sed 's/"eos_token_id": *[0-9]*/"eos_token_id": 7/' "$demo/kjv/config.json" >other/config.json
run 0 --json diff "$demo/kjv" other
has out '"key": "eos_token_id"' '"b": 7' '"cosine": 1.0'
run 0 diff "$demo/kjv" other
has out eos_token_id

# What a folder says of itself is not trusted with the terminal.
sed 's/"model_type": *"llama"/"model_type": "ll\\u001b[31mama"/' "$demo/kjv/config.json" >other/config.json
run 0 diff "$demo/kjv" other
has out 'll\x1B[31mama'
hasnt out "$(printf '\033')"

# float32 is what merges are made in: storing it costs nothing, sampled or not.
sed -e "s|model: |model: $demo/|; s/bfloat16/float32/" \
  "$demo/dare.yml" >wide.yml
run 0 preview wide.yml
hasnt out inf
run 0 --json preview wide.yml
has out '"rounding": 0.0' '"rounding_delta": 0.0'
done_testing
