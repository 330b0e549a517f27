#!/bin/sh
# Figures of other programs: what arrives, under which name and from which line, what does not and
# why; twice changes nothing; a model that is found later gets its figures.
. "$top_srcdir/tests/cli/lib.sh"
files=$top/tests/golden/import

# value SQL-CONDITION: value, stderr, n of the one score.
value() {
  "$CUPEL" sql "SELECT printf('%g', value) || ' ' || iif(stderr IS NULL, '-', printf('%g', stderr)) || ' ' ||
    coalesce(n, '-') || ' ' || line AS x FROM scores WHERE $1" --json >got 2>&1
  sed -n 's/.*"x": "\(.*\)".*/\1/p' got
}

run 0 import "$files/results_2026-05-01T10-00-00.json"
has out '6 figures, 6 of them new' 'line 14' 'line 26' 'not read: 2'
same "$(value "task = 'arc_easy' AND metric = 'acc'")" '0.630471 0.0099043 2376 5'
same "$(value "task = 'gsm8k'")" '0.05 0.0219043 100 12'
same "$(value "task = 'mmlu'")" '0.2689 0.0037 - 18'
same "$(value "task = 'suite'")" '0.41 - - 37'
run 0 sql "SELECT protocol, variant, text FROM scores WHERE task = 'gsm8k'" --json
has out 'strict-match' '\"shots\": 5' '\"limit\": 100' '\"template\": \"none\"' \
  '\"dtype\": \"bfloat16\"'
has out 'maker/tiny-merge+maker/adapter' '0.4.9'
run 0 import "$files/results_2026-05-01T10-00-00.json"
has out '6 figures, 0 of them new'

run 0 import "$files/eval_maker_tiny-merge_0.4.9_05_arc_easy_boolq" --json
has out '"kind": "mlx_lm.evaluate"' '"shots": 5' '"variant": "maker_tiny-merge"' '"line": 9'
has out '"added": 2' '"value": 0.622'

run 0 import "$files/perplexity.log"
same "$(value "task = 'text' AND variant LIKE '%Q4_K_M%'")" '15.7521 0.41234 1020 5'
run 0 import "$files/divergence.log"
has out '17 figures' 'line 21: no figure by that name'
same "$(value "metric = 'kld'")" '0.022 0.0012 - 16'
same "$(value "metric = 'kld_99.9'")" '0.7 - - 18'
same "$(value "metric = 'delta_p'")" '-0.0012 0.0008 - 25'
same "$(value "metric = 'same_top'")" '0.91569 0.01231 - 29'
run 0 import "$files/hellaswag.log" "$files/winogrande.log" "$files/choice.log"
same "$(value "task = 'hellaswag'")" '0.4125 - 400 6'
same "$(value "task = 'winogrande'")" '0.504341 0.014052 1267 2'
same "$(value "task = 'multiple_choice'")" '0.244798 0.015052 817 3'
run 0 import "$files/cut.log"
has out '0 figures' 'ends before the final estimate'

# Points and fractions, other names of tasks, estimates, lines inside quotes.
run 0 import "$files/points.csv"
has out '4 figures' 'line 6: the column is in points' 'line 7: no number' 'line 9: no share' \
  'line 10: no task'
same "$(value "task = 'arc_easy' AND variant = 'maker/tiny-merge'")" '0.623 0.01 2376 2'
same "$(value "task = 'boolq' AND variant = 'maker/tiny-merge'")" '0.618 0.009 3270 3'
same "$(value "task = 'arc_challenge' AND estimated")" '0.312 - - 5'
same "$(value "metric = 'perplexity' AND variant = 'maker/tiny-base'")" '18.4 - - 8'
run 0 import "$files/wide.csv"
has out '3 figures'
same "$(value "task = 'arc_easy' AND variant = 'tiny-base' AND estimated")" '0.6 - - 3'

# A file of no use does not keep the others out.
printf '{ "results": ' >broken.json
printf 'nothing\n' >text.txt
cp "$files/wide.csv" again.csv
run 3 import broken.json again.csv text.txt
has out '3 figures, 3 of them new'
has err 'broken.json' 'text.txt'
run 3 import broken.json again.csv --json
has out '"file": "broken.json"' '"kind": "csv"'
run 3 import text.txt
run 3 import absent.csv
run 2 import

# A quote that is never closed does not take the rest with it.
printf 'model,task,metric,value,note\nm1,piqa,acc,0.5,"so\nm2,piqa,acc,0.6,\n' >quote.csv
run 0 import quote.csv
has out '2 figures'
# What is no number is no figure.
printf 'Final estimate: PPL = 9.5 +/- 0.1\nFinal estimate: PPL = nan +/- 0.1\n' >nan.log
run 0 import nan.log
has out '1 figure,' 'line 2: not a finite number'

# The model comes later.
cp -r "$demo" models
printf 'model,task,metric,value\nbase,boolq,acc,0.5\n' >late.csv
printf 'task,metric,value\nboolq,acc,0.51\n' >none.csv
run 0 import late.csv
same "$("$CUPEL" sql "SELECT count(model) AS n FROM scores WHERE source LIKE '%late.csv'" --json |
  tr -dc 0-9)" 0
run 0 scan models
run 0 import late.csv
has out '0 of them new'
same "$("$CUPEL" sql "SELECT count(model) AS n FROM scores WHERE source LIKE '%late.csv'" --json |
  tr -dc 0-9)" 1
run 0 import none.csv --model code
same "$("$CUPEL" sql "SELECT count(model) AS n FROM scores WHERE model_name = 'code'" --json |
  tr -dc 0-9)" 1
run 3 import none.csv --model nobody
run 3 import none.csv --run 77
printf 'model,task,metric,value\n\033[31mx,bool\033q,acc,zzz\n' >hostile.csv
run 0 import hostile.csv
hasnt out "$(printf '\033')"

done_testing
