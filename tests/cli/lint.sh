#!/bin/sh
# lint: findings as text and JSON, statuses, models compared where they are at hand.
. "$top_srcdir/tests/cli/lib.sh"
golden=$top/tests/golden/recipe

run 0 lint "$golden/card001.yml"
has out '5:7: warning: weight of the base model is skipped' '6:7: warning: density of the base model' \
  '33:3: warning: interpolation_factor is no parameter of dare_ties' \
  'effective weights sum to 0.70, not 1.00' '2.39 task vectors in sum, not 0.70' \
  'cannot be opened here' '[not-found]' '0 errors, 4 warnings'
run 1 lint --strict --text "$golden/card001.yml"
hasnt out not-found

run 0 --json lint "$golden/card000.yml"
has out '"code": "weights-ratio"' '1.4/0.6 means t = 0.30' '"key": "name"' '"path": "name"' '"line": 10' \
  '"column": 1' '"warnings": 1' '"errors": 0' '"coverage": []' '"has_effect": false'

printf 'models: [{model: a}]\nmerge_method: dare-ties\n' >r.yml
run 1 lint --text r.yml
has out 'r.yml:2:15: error: there is no method dare-ties; did you mean dare_ties?'

# Text that is no recipe is an answer, too.
printf 'models: [\n' >r.yml
run 1 --json lint r.yml
has out '"code": "not-yaml"' '"severity": "error"'
printf 'a: 1\n\tb: 2\n' >r.yml
run 1 lint r.yml
has out 'r.yml:2:1: error: a tab cannot stand here'
printf 'models: [{model: "\\e[31mred\\a"}]\nmerge_method: linear\n' >r.yml
run 1 lint r.yml
hasnt out "$(printf '\033')"
printf 'models: [{model: "\033[31mred"}]\n' >r.yml
run 1 lint r.yml
hasnt out "$(printf '\033')"

run 3 lint absent.yml
run 2 lint
head -c 17000000 /dev/zero | tr '\0' '#' >big.yml
run 3 lint big.yml

for r in "$demo"/*.yml; do
  run 0 lint --strict "$r"
  has out tokenizer
done
run 0 lint --keys --text "$demo/dare.yml"
has out 'models[0].parameters.weight'

# The same name in two places: the working directory is taken, and the recipe's folder is named.
mkdir -p there code there/code
printf 'models: [{model: code, parameters: {weight: 1}}]\nmerge_method: linear\n' >there/r.yml
run 0 lint there/r.yml
has out '[two-places]'

# What lint warns of, a merge and a preview say before they read a weight.
cat >filters.yml <<Y
models: [{model: $demo/base}, {model: $demo/code}]
merge_method: slerp
base_model: $demo/base
parameters:
  t:
  - {filter: mlpp, value: 0.7}
  - {filter: mlp, value: 0.3}
  - {value: 0.5}
Y
run 0 merge filters.yml filtered
has err 'filters.yml:6: warning: no tensor'"'"'s name contains mlpp' 'did you mean mlp?'
run 0 preview filters.yml
has err 'did you mean mlp?'
cat >density.yml <<Y
models: [{model: $demo/code, parameters: {weight: 1, density: 1.5}}]
merge_method: dare_ties
base_model: $demo/base
Y
run 0 merge density.yml dense
has err 'density.yml:1: warning: a density of 1.5'
# Filters that leave a tensor without a value, and a list without one: where, and what to do.
sed '/value: 0.5/d' filters.yml >rest.yml
run 3 merge rest.yml out2
has err 'rest.yml:6:3: slerp: t of the recipe is given by filters, and none names model.embed' \
  'end the list of filters with {value: NUMBER}'
sed 's/density: 1.5/density: 0.5/; s/weight: 1/weight: []/' density.yml >none.yml
run 3 merge none.yml out3
has err 'none.yml:1:' 'an empty list is no value, and dare_ties needs weight' 'a list of at least one'
[ ! -e out2 ] && [ ! -e out3 ] || bad=1
done_testing
