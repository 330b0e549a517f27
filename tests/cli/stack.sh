#!/bin/sh
# Slices and modules from the command line: the manual's examples run as they stand, what they make,
# what is said, what is refused.
. "$top_srcdir/tests/cli/lib.sh"

for m in base code kjv; do ln -s "$demo/$m" $m; done

# Every example of the manual with slices, on the demonstration family.
awk '/^\.EX$/ { on = 1; n++; next } /^\.EE$/ { on = 0 }
  on { gsub(/\\-/, "-"); gsub(/\\&/, ""); print > ("man" n ".yml") }' "$top/man/cupel-recipe.5.in"
tried=0
for f in $(grep -l '^slices:\|^modules:' man*.yml); do
  run 0 lint --strict "$f"
  run 0 merge "$f" "out-$f"
  [ -f "out-$f/model.safetensors" ] || { echo "not ok: nothing made of $f"; bad=1; }
  tried=$((tried + 1))
done
same "$tried" 3

# The demonstration's stack: six layers, each slice with its own way from base to code.
run 0 --json merge "$demo/tall.yml" tall
has out '"tensors": 56'
grep -q '"num_hidden_layers": 6' tall/config.json || { echo 'not ok: the number of layers'; bad=1; }
run 0 --json inspect tall
has out '"layers": 6'
run 0 lint "$demo/tall.yml"
has out 'layers 0-2: ' 'layers 3-5: ' 'the embedding, the last norm and the head take the first value'
run 0 --json preview "$demo/tall.yml"
has out '"model.layers.5.mlp.up_proj.weight"'

# Six layers are the same on any number of threads.
for n in 1 4; do
  run 0 --threads $n merge "$demo/tall.yml" "tall$n"
  cmp tall/model.safetensors "tall$n/model.safetensors" || bad=1
done

# What nothing is made of is told before the run, in lint and in merge.
cat >left.yml <<'EOF'
slices:
  - sources: [{model: base, layer_range: [0, 3]}]
  - sources: [{model: code, layer_range: [2, 4]}]
merge_method: passthrough
EOF
run 0 lint left.yml
has out 'no slice takes layer 3 of base: 9 tensors [unused-layers]' \
  'no slice takes layers 0-1 of code: 18 tensors' '[unused-tensors]' '0 errors, 0 warnings'
run 0 merge left.yml left
has err 'note: no slice takes layers 0-1 of code'

# Weights that cancel in one layer alone: layer 1 of 4, a third of the way along.
cat >cancel.yml <<'EOF'
models:
  - model: base
    parameters: {weight: [0, 0.9]}
  - model: code
    parameters: {weight: -0.3}
merge_method: linear
EOF
run 1 lint cancel.yml
has out 'cancel.yml:3:26: error: model.layers.1.' 'sum of the weights' 'normalize: false' '[breaks-rule]'
run 3 merge cancel.yml x
has err 'sum of the weights'

# Refused before anything is read, with the rule and what to do.
sed 's/\[2, 4\]/[2, 5]/' left.yml >beyond.yml
run 3 merge beyond.yml x
has err 'layer_range [2, 5] goes beyond the last layer: code has 4 layers, 0 to 3'
run 1 lint beyond.yml
has out 'beyond-last-layer'
sed 's/\[2, 4\]/[4, 2]/' left.yml >backwards.yml
run 3 merge backwards.yml x
has err 'has no layers' '[first, end)'
printf 'models: [{model: base, parameters: {weight: 1}}, {model: tall, parameters: {weight: 1}}]\n%s\n' \
  'merge_method: linear' >depth.yml
run 3 merge depth.yml x
has err 'it has 6 layers, base has 4' 'slices: [{sources: [{model: base, layer_range: [0, 4]}, {model: tall'
[ ! -e x ] || { echo 'not ok: something was written'; bad=1; }

done_testing
