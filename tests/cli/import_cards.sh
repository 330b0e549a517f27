#!/bin/sh
# Model cards: what arrives in the catalog, that twice changes nothing, and what is said of it.
. "$top_srcdir/tests/cli/lib.sh"
cards=$top/tests/golden/cards

# one SQL: the one value of the answer.
one() {
  "$CUPEL" sql "$1" --json >got 2>&1
  sed -n 's/.*": "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' got
}
state() {
  "$CUPEL" sql "SELECT (SELECT count(*) FROM scores) || ' ' || (SELECT count(*) FROM cards) || ' ' ||
    (SELECT count(*) FROM ancestry) AS x" --json | sed -n 's/.*"x": "\(.*\)".*/\1/p'
}

for card in "$cards"/*.txt "$cards"/*.md; do
  run 0 import "$card"
  has out 'a model card' '  model  '
done
before=$(state)
same "${before#* }" "8 13"
for card in "$cards"/*.txt "$cards"/*.md; do
  run 0 import "$card"
  has out ' 0 of them new'
done
same "$(state)" "$before"

# A copy elsewhere says nothing new either.
mkdir copy
cp "$cards/synergy.txt" copy/
run 0 import copy/synergy.txt
has out '40 figures, 0 of them new'

# What a person reads.
run 0 import "$cards/synergy.txt"
has out 'made from         tidewater/quarrystone-4.1-3B-Fortran-Lua-Ocaml  (merge, line 9)' \
  'a merge, lines 80 to 89' 'mlx q8-hi, 8 bits, groups of 32' '~0.642'
run 0 import "$cards/mixed-bits.txt"
has out 'repaired 14 pieces of mojibake' 'license           apache-2.0' 'mlx-lm 0.26.4'
run 0 import "$cards/near-swap.txt"
has out 'exl2, 4.6 bits per weight, head 8 bits' 'line 10: no models stand under it' \
  'NorthGale-70B'

# What a script reads.
run 0 --json import "$cards/synergy.txt"
has out '"kind": "card"' '"relation": "merge"' '"recipe_line": 80' '"estimated": true' \
  '"line": 48' '"stated": "HellaSwag (Context) 0.484 0.634 0.642 (est) 0.679 +0.037' \
  '"repaired": 0' '"claims": [' '"quantization": {'
run 0 --json import "$cards/sensitivity.txt"
has out '"kind": "sensitivity"' '"bytes_saved"' '"license": null' '"recipe": null' \
  '"active_parameters"'

# What the catalog keeps.
same "$(one "SELECT printf('%g', value) AS x FROM scores WHERE estimated")" 0.642
same "$(one "SELECT count(*) AS x FROM scores WHERE value > 1")" 6
same "$(one "SELECT weight AS x FROM ancestry WHERE parent LIKE '%Ocaml'")" 1.4
same "$(one "SELECT relation AS x FROM ancestry WHERE child LIKE 'Merino3-8B%'")" quantized
same "$(one "SELECT license AS x FROM cards WHERE name LIKE 'Merino3-8B%'")" apache-2.0
same "$(one "SELECT json_extract(facts, '\$.quantization.type') AS x FROM cards
  WHERE name LIKE 'Merino3-8B%'")" qx63-hi
run 0 sql "SELECT text, recipe FROM cards WHERE name LIKE '%dare_ties%'" --json
has out 'interpolation_factor' 'Models Merged'

# The model of a card is found, also later.
cp -r "$demo" models
chmod -R u+w models
cat >models/code/README.md <<'END'
---
base_model: base
---
# code

| Task | code | base |
|---|---|---|
| BoolQ | 61.2 | 60.9 |
| ARC Easy (0-shot) | 30.1 | - |
END
run 0 import models/code/README.md
has out '3 figures, 3 of them new'
same "$(one "SELECT count(model) AS x FROM cards WHERE name = 'code'")" 0
run 0 scan models
run 0 import models/code/README.md
has out '0 of them new'
same "$(one "SELECT model_name AS x FROM cards WHERE name = 'code'")" code
same "$(one "SELECT count(*) AS x FROM scores WHERE model_name = 'code' AND task = 'arc_easy'
  AND json_extract(protocol, '\$.shots') = 0")" 1

# An unreadable part is listed, the rest arrives; nothing gets to the terminal.
printf -- '---\nlicense: mit\ntags: [a\n---\n# M\033[31m-1\n\n| Task | M-1 |\n|--|--|\n| arc | 0.5 | 9 |\n' >bad.md
run 0 import bad.md
has out '1 figure,' 'line 3: front matter' 'line 9: 3 cells under 2 columns' 'license           mit'
hasnt out "$(printf '\033')"

done_testing
