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

# What lm-eval 0.4.13 writes: groups with their number of questions, several filters, errors of N/A.
run 0 import "$files/results_groups.json"
has out '7 figures, 7 of them new'
hasnt out 'not read'
of="variant = 'maker/tiny-base' AND source LIKE '%results_groups.json'"
same "$(value "$of AND task = 'tiny_group'")" '0.270833 0.0654497 48 34'
same "$(value "$of AND task = 'tiny_two' AND metric = 'acc'")" '0.291667 0.094776 24 16'
same "$(value "$of AND protocol LIKE '%flexible-extract%'")" '0 0 6 27'
same "$(value "$of AND protocol LIKE '%strict-match%'")" '0.333333 0.210819 6 25'
run 0 sql "SELECT task || json_extract(protocol, '\$.task_version') || ' ' ||
  coalesce(json_extract(protocol, '\$.shots'), '-') AS x FROM scores WHERE $of ORDER BY line" --json
has out '"tiny_mc1.5 0"' '"tiny_two0 2"' '"tiny_group2 -"'
run 0 import "$files/results_template.json"
has out '4 figures'
run 0 sql "SELECT protocol FROM scores WHERE task = 'tiny_ppl' AND metric = 'word_perplexity'" --json
has out '\"template\": \"c90ea6d7' '\"system\": \"cc7096c1' '\"multiturn\": true' \
  '\"limit\": 5' '\"shots\": 1'
same "$(value "task = 'tiny_ppl' AND metric = 'bits_per_byte'")" '2.97967 - 5 9'
# mlx_lm.evaluate over the same version; versions before 0.4 have one number of shots for all.
run 0 import "$files/eval_maker_new_0.4.13_00_tiny"
has out '7 figures'
of="variant = 'maker_new' AND task = 'tiny_group'"
same "$(value "$of AND json_extract(protocol, '\$.shots') = 0")" '0.270833 0.0654497 48 33'
printf '{"results": {"arc_easy": {"acc": 0.63, "acc_stderr": 0.01}}, "versions": {"arc_easy": 0},
"config": {"model": "hf-causal", "model_args": "pretrained=maker/old", "num_fewshot": 5}}' >old.json
run 0 import old.json --json
has out '"variant": "maker/old"' '"shots": 5' '"engine": "hf-causal"' '"stderr": 0.01'
# One that breaks off: what is whole arrives, the model from the folder that lm-eval put it in.
mkdir maker__torn-model
cp "$files/results_torn.json" maker__torn-model/results_2026-06-01.json
run 0 import maker__torn-model/results_2026-06-01.json
has out '6 figures, 6 of them new' 'not read: 1' 'line 28: the file breaks off here'
same "$(value "variant = 'maker/torn-model' AND task = 'tiny_two' AND metric = 'acc_norm'")" \
  '0.25 0.0902894 24 18'
{ head -c 400 "$files/results_groups.json"; printf '\377\376garbage'; } >garbage.json
run 0 import garbage.json
has out '3 figures' 'line 17: the file breaks off'
printf '{"results": {"piqa": {"acc,none": 0.5' >number.json
run 3 import number.json
# The tables that lm-eval prints, two runs in one log; the second table of groups says nothing new.
run 0 import "$files/lm_eval_tables.txt"
has out '11 figures' 'tiny_ppl'
hasnt out 'not read'
of="source LIKE '%lm_eval_tables.txt'"
same "$(value "$of AND task = 'tiny_group'")" '0.2708 0.0654 - 4'
same "$(value "$of AND task = 'tiny_mc' AND metric = 'acc_norm' AND variant LIKE '%base'")" \
  '0.25 0.0903 - 6'
same "$(value "$of AND metric = 'word_perplexity' AND variant = 'maker/tiny-kjv'")" '8142.99 - - 23'
run 0 sql "SELECT protocol FROM scores WHERE $of AND line = 10" --json
has out '\"filter\": \"strict-match\"' '\"task_version\": 3' '\"shots\": 0'

# Logs of a llama-perplexity that puts the time before its lines; four runs in one log, each with its
# model; a final line in the middle of another.
run 0 import "$files/llama_runs.log"
has out '36 figures' 'line 90: the program gives no score of fewer than 100 tasks'
of="source LIKE '%llama_runs.log'"
same "$(value "$of AND variant = 'base-bf16.gguf'")" '28.8495 2.1078 1016 10'
same "$(value "$of AND variant = 'base-Q4_K_M.gguf' AND metric = 'kld'")" '0.002556 6.9e-05 1016 38'
same "$(value "$of AND task = 'hellaswag'")" '0.666667 - 3 81'
run 0 sql "SELECT protocol FROM scores WHERE $of AND line IN (10, 81) ORDER BY line" --json
has out '\"text\": \"text.txt\"' '\"context\": 256' '\"selected\": 4'
run 0 import "$files/llama_mixed.log"
has out '1 figure,' '28.8495'
hasnt out 'not read'
# Which multiple choice it was, the names of files tell.
printf '+ llama-perplexity -m x.gguf --multiple-choice -bf data/arc-challenge-validation.bin\n' >mc.log
cat "$files/choice.log" >>mc.log
cp "$files/choice.log" mmlu-q4.log
run 0 import mc.log mmlu-q4.log
same "$(value "task = 'arc_challenge' AND variant = 'x.gguf'")" '0.244798 0.015052 817 4'
same "$(value "task = 'mmlu' AND source LIKE '%mmlu-q4.log'")" '0.244798 0.015052 817 3'
run 0 import "$files/mlx_perplexity.txt"
same "$(value "variant = 'maker/tiny-merge-q8-hi-mlx'")" '17.012 0.21 10220 14'

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

# The table of a leaderboard: names of several words, links as models, holes; then models as columns,
# and commas in numbers where no comma parts the columns.
run 0 import "$files/leaderboard.csv"
has out '12 figures'
hasnt out 'not read'
of="source LIKE '%leaderboard.csv'"
same "$(value "$of AND variant = 'maker/one' AND task = 'leaderboard_math_hard'")" '0.1216 - - 2'
same "$(value "$of AND variant = 'maker/two' AND task = 'ifeval'")" '0.701 - - 3'
same "$(value "$of AND variant = 'maker/one' AND task = 'average'")" '35.23 - - 2'
printf 'Task;base;merge\narc_easy;0,63;0,65\nboolq acc;0.62;-\n' >across.csv
run 0 import across.csv
has out '3 figures'
same "$(value "source LIKE '%across.csv' AND variant = 'merge'")" '0.65 - - 2'
same "$(value "source LIKE '%across.csv' AND metric = 'acc' AND variant = 'base'")" '0.62 - - 3'
printf 'task,when,who\nlaundry,monday,me\n' >chores.csv
run 3 import chores.csv

# Rows of the data set behind the leaderboards: points of the second are points above guessing.
run 0 import "$files/contents.csv"
has out '15 figures' 'line 4: names no model'
same "$(value "task = 'ifeval' AND metric = 'score' AND variant = 'maker/tiny-merge'")" '0.4512 - - 2'
same "$(value "task = 'bbh' AND metric = 'normalized'")" '0.284 - - 2'
same "$(value "task = 'average' AND variant = 'maker/tiny-base'")" '0.1225 - - 3'
same "$(value "metric = 'exact_match' AND variant = 'maker/tiny-merge'")" '0.0091 - - 2'
run 0 import "$files/contents.json"
has out '9 figures, 9 of them new'
same "$(value "task = 'arc_challenge' AND variant = 'maker/old'")" '0.7338 - - 4'
same "$(value "task = 'gpqa' AND metric = 'acc_norm'")" '0.26 - - 2'
run 0 sql "SELECT protocol FROM scores WHERE task = 'gpqa' AND metric = 'acc_norm'" --json
has out 'open-llm-leaderboard' '\"shots\": 0' '\"template\": \"chat\"'

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
printf '\n \n' >README.md
run 3 import README.md
has err 'README.md: it is empty'
run 3 audit README.md
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
same "$("$CUPEL" sql "SELECT count(model) AS n FROM scores WHERE source LIKE '%late.csv'" --json |
  tr -dc 0-9)" 1
run 0 import late.csv
has out '0 of them new'
run 0 import none.csv --model code
same "$("$CUPEL" sql "SELECT count(model) AS n FROM scores WHERE model_name = 'code'" --json |
  tr -dc 0-9)" 1
run 3 import none.csv --model nobody
run 3 import none.csv --run 77
printf 'model,task,metric,value\n\033[31mx,bool\033q,acc,zzz\n' >hostile.csv
run 0 import hostile.csv
hasnt out "$(printf '\033')"

done_testing
