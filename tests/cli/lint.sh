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
done_testing
