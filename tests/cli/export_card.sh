#!/bin/sh
# Cards out of the catalog: what stands in them, in every layout; and in again: the same figures.
. "$top_srcdir/tests/cli/lib.sh"

cp -r "$demo/base" "$demo/code" "$demo/kjv" .
chmod -R u+w .
export CUPEL_CATALOG="$dir/c.db"
cat >mix.yml <<'E2'
# my mix
models:
  - model: code
    parameters: {weight: 0.7}
  - model: kjv
    parameters: {weight: 0.3, density: 0.5}
merge_method: linear
dtype: bfloat16
E2
run 0 merge mix.yml mixed --seed 7
run 0 quantize mixed mixed-Q4_K_M.gguf --plan Q4_K_M
run 0 scan .
cat >m.csv <<'E2'
model,task,metric,value,stderr,n,shots
mixed,arc_challenge,acc_norm,0.481,,1172,0
mixed,arc_easy,acc_norm,0.686,0.0095,2376,0
mixed,boolq,acc,0.842,,3270,0
mixed,hellaswag,acc_norm,0.679,,10042,0
mixed,winogrande,acc,0.65,,1267,0
code,arc_challenge,acc_norm,0.468,,1172,0
code,arc_easy,acc_norm,0.642,0.0098,2376,0
code,boolq,acc,0.835,,3270,0
kjv,arc_easy,acc_norm,0.587,0.0101,2376,0
kjv,boolq,acc,0.641,,3270,0
mixed-Q4_K_M.gguf,arc_challenge,acc_norm,0.470,,1172,0
mixed-Q4_K_M.gguf,arc_easy,acc_norm,0.680,,2376,0
E2
run 0 import m.csv

# What a run's card says, and that nothing in it is of this machine.
run 0 export 1 --format card
cp out card.md
has out '---' 'library_name: transformers' 'model_name: mixed' '- merge' 'model-index:' \
  "# made of, by names that are no repository's: code, kjv" 'num_few_shot: 0' 'verified: false' \
  'stderr: 0.0095' '# mixed' 'mixed is a merge of code and kjv by Linear' '70% code + 30% kjv' \
  '| arc_easy | acc_norm | 2376 | 0.686 ± 0.0095 | 0.642 ± 0.0098 | 0.587 ± 0.01 |' \
  '| mixed - code | arc_easy | +0.0440 |' '| real | 105 of 2376 |' '# my mix' \
  'line 6: ' '├─ code' '| bytes | 5776008 (5.8 MB) |' '| seed | 7 |' 'pipeline("text-generation"'
hasnt out "$dir"
hasnt out 'None'
run 0 export mixed --format card
cmp out card.md || bad=1
run 0 export mixed --format card -o file.md
cmp file.md card.md || bad=1
run 2 export mixed --format card -o file.md
has err 'it is there already; --force'
run 0 export mixed --format card -o file.md --force
run 0 export mixed --json --format card
has out '"rows": [' '"verdict": "real"' '"title": "ARC Easy"'

# Every name of the data is explained in the manual.
for name in $(sed -n 's/^ *"\([a-z_]*\)": .*/\1/p' out | sort -u); do
  grep -q -w "$name" "$top/man/cupel-card.5.in" || {
    echo "not ok: cupel-card(5) does not say what $name is"
    bad=1
  }
done

# A quantization: what of, its types to the byte, how it is run.
run 0 export 2 --format card
has out 'library_name: gguf' '- gguf' 'is a quantization of mixed to Q4_K_M' '| token_embd | Q6_K |' \
  "llama-server -m mixed-Q4_K_M.gguf" 'Bits | Relative error |' '| output_norm | F32 | 1 | 256 | 1024 | 32 | 0 |' \
  "| bytes | $(wc -c <mixed-Q4_K_M.gguf | tr -d ' ') " \
  '| mixed-Q4_K_M - mixed | arc_easy | -0.0060 |'
hasnt out 'Made from'
hasnt out '| Q4_K | 4 | 131072 | 73728 | 4.5 |  |'
cp out gguf.md
run 0 audit gguf.md
has out '0 wrong, 0 misleading, 0 unsupported'

# A model of which nothing was measured.
for layout in default brainwaves cerebellum leaderboard side-by-side; do
  run 0 export base --format card --template $layout
  has out '# base' 'model_name: base'
  hasnt out '## Scores'
done

# The layouts.
run 0 export mixed --format card --template brainwaves
has out '         arc   arc/e boolq hswag obkqa piqa  wino' '         0.481,0.686,0.842,0.679,,,0.650' \
  'code     0.468,0.642,0.835' 'kjv      ,0.587,0.641'
run 0 export mixed-Q4_K_M.gguf mixed --format card --template side-by-side
has out '| Task | mixed-Q4_K_M.gguf | mixed | Difference | Relative | Questions | Verdict |' \
  '| ARC Easy | 0.68 | 0.686 | -0.0060 | -0.9 % | 14 of 2376 | noise |'
run 0 export mixed --format card --template leaderboard
has out '| Avg. | 66.76 |' '| ARC Easy (0-shot) | 68.60 |'
run 0 export mixed --format card --template cerebellum
has out 'No group of its tensors was measured on its own.'

# In again, into an empty catalog: the same figures, variants, parents, recipe.
figures() { # catalog
  "$CUPEL" --catalog "$1" --json sql "SELECT variant AS v, task AS t, metric AS m,
    CAST(round(value * 1000) AS INTEGER) AS x, json_extract(protocol, '\$.shots') AS s
    FROM scores WHERE task <> 'average' ORDER BY 1, 2, 3" | tr -d ' \n' | tr '}' '\n' | sed 's/^[],[{]*//'
}
figures c.db | grep -v Q4_K_M >all
grep '"v":"mixed"' all >own
same "$(lines own) $(lines all)" '5 10'
for layout in default brainwaves side-by-side cerebellum leaderboard; do
  expected=all
  [ $layout = leaderboard ] && expected=own
  run 0 export mixed --format card --template $layout
  cp out README.md
  rm -f in.db
  run 0 --catalog in.db --json import README.md
  has out '"name": "code"' '"name": "kjv"' '"relation": "merge"' 'merge_method: linear' '"model": "mixed"'
  figures in.db >got
  cmp $expected got || {
    echo "not ok: $layout comes back changed"
    diff $expected got
    bad=1
  }
  run 0 --catalog in.db import README.md
  has out ' 0 of them new'
  # The recipe has a dead key, and the card says so itself.
  run 0 audit README.md --all
  has out '0 wrong, 0 misleading, 0 unsupported' 'density is no parameter of linear'
done

# Cards of others, in, out in the layout of their author, and in again.
own_figures() { # catalog model
  "$CUPEL" --catalog "$1" --json sql "SELECT DISTINCT task AS t, CAST(round(value * 1000) AS INTEGER) AS x
    FROM scores WHERE variant = '$2' AND task <> 'average' ORDER BY 1, 2" | tr -d ' \n'
}
groups() { # catalog
  "$CUPEL" --catalog "$1" --json sql "SELECT json_extract(r.value, '\$.cells[0]') AS g, d.value AS d
    FROM cards c, json_each(c.facts, '\$.tables') t, json_each(t.value, '\$.rows') r,
      json_each(r.value, '\$.cells') d, json_each(t.value, '\$.columns') k
    WHERE json_extract(t.value, '\$.kind') = 'sensitivity' AND k.value = 'delta_percent'
      AND d.key = k.key AND d.value IS NOT NULL ORDER BY 1" | tr -d ' \n'
}
for pair in synergy:brainwaves dead-keys:default sensitivity:cerebellum near-swap:leaderboard \
  mixed-bits:side-by-side; do
  rm -f a.db b.db
  run 0 --catalog a.db --json import "$top/tests/golden/cards/${pair%:*}.txt"
  name=$(sed -n 's/^ *"model": "\(.*\)",$/\1/p' out | head -n 1)
  others=
  [ "$pair" = mixed-bits:side-by-side ] &&
    others=$("$CUPEL" --catalog a.db sql "SELECT DISTINCT variant FROM scores WHERE variant <> '$name'" | tail -n 1)
  # shellcheck disable=SC2086
  run 0 --catalog a.db export "$name" $others --format card --template "${pair#*:}"
  cp out README.md
  run 0 --catalog b.db --json import README.md
  has out "\"model\": \"$name\""
  for each in $name $others; do
    same "$(own_figures b.db "$each")" "$(own_figures a.db "$each")"
  done
  same "$(groups b.db)" "$(groups a.db)"
  # What the export says is right; what the author said of his base stays his.
  "$CUPEL" audit README.md >out
  [ "$pair" = sensitivity:cerebellum ] || has out '0 wrong,'
  same "$("$CUPEL" --catalog b.db --json sql 'SELECT recipe FROM cards')" \
    "$("$CUPEL" --catalog a.db --json sql 'SELECT recipe FROM cards')"
done
[ "$(groups b.db)" = '[]' ] || bad=1

# Names that would be markup, YAML or a way out of a block stay names.
mkdir -p 'odd'
cp -r code 'odd/a|b `x` *c* #1: [d]'
cat >odd.yml <<'E2'
models:
  - {model: 'odd/a|b `x` *c* #1: [d]', parameters: {weight: 1}}
  - {model: kjv, parameters: {weight: 1}}
merge_method: linear
E2
run 0 merge odd.yml 'od: "d"'
run 0 rename 3 'n: "q" | ```x <b>'
run 0 export 3 --format card
has out "model_name: 'n: \"q\" | \`\`\`x <b>'" '# n: "q" \| \`\`\`x \<b\>'
cp out odd.md
run 0 --catalog odd.db import odd.md
has out 'n: "q"'

# Layouts of one's own come first; what is wrong in one is told with file and line.
mkdir -p "$XDG_CONFIG_HOME/cupel/cards"
printf '{{title}}: {{for r in rows}}{{r.task}} {{end}}\n' >"$XDG_CONFIG_HOME/cupel/cards/mine.md"
run 0 export mixed --format card --template mine
same "$(cat out)" 'mixed: arc_challenge arc_easy boolq hellaswag winogrande mean '
printf 'a\nb {{titel}}\n' >"$XDG_CONFIG_HOME/cupel/cards/mine.md"
run 3 export mixed --format card --template mine
has err 'cards/mine.md:2: there is no value titel' 'did you mean title?'
run 3 export mixed --format card --template none
has err 'there are brainwaves, cerebellum, default, leaderboard, mine, side-by-side'
run 3 export mixed --format card --template ../mine
run 3 export nobody --format card
has err 'neither a run, nor a model'
run 3 export mixed --format card --baseline nobody
run 2 export mixed --template default
run 0 export mixed --format card --baseline kjv
has out '| mixed - kjv | arc_easy | +0.0990 |'

# What only measured has no card of its own: it is about the model it measured, or says why not.
run 0 eval code --text "$demo/code.txt" --chunks 2
run 0 export 4 --format card
has out 'model_name: code' '| code.txt | perplexity |'
hasnt out 'quantization of'
run 0 eval mix.yml --text "$demo/code.txt" --chunks 2
run 3 export 5 --format card
has err 'run 5 measured a recipe that was not written; `cupel merge` writes it'
done_testing
