#!/bin/sh
# lineage: a merge of merges down to its leaves, what files and cards say, what is not known.
. "$top_srcdir/tests/cli/lib.sh"

mkdir fam
cp -R "$demo/base" "$demo/code" "$demo/kjv" fam
chmod -R u+w fam
cat >agent3.yml <<'EOF'
models:
  - model: fam/code
    parameters: {weight: 1.4}
  - model: fam/kjv
    parameters: {weight: 0.6}
merge_method: nuslerp
dtype: bfloat16
EOF
two() { # MODEL WEIGHT MODEL WEIGHT
  echo models:
  printf -- '- model: %s\n  parameters: {weight: %s}\n' "$@"
  printf 'merge_method: linear\ndtype: bfloat16\n'
}
two fam/code 1 fam/base 1 >agent2.yml
two agent3 1 agent2 1 >agent4.yml
run 0 scan fam
for i in 3 2 4; do run 0 merge agent$i.yml agent$i; done
run 0 quantize agent4 agent4-q8 --plan q8-hi

# The tree, shared ancestors once, recipes and shares; the sum over both ways.
run 0 lineage agent4-q8
has out 'quantized' 'q8-hi' 'linear .5/.5' 'nuslerp .7/.3' '≈0.70' 'affine8g32' 'mit' \
  'code (see above)' 'code ≈0.60, counted twice: 0.35 via agent3 + 0.25 via agent2' \
  'kjv ≈0.15 via agent3' 'base 0.25 via agent2' 'nearly parallel'
LC_ALL=C run 0 lineage agent4-q8
has out '|- agent3' '~0.70' 'code ~0.60'
run 0 lineage ./agent4 --json
has out '"model": "agent4"' '"relation": "merge"' '"source": "run 3"' '"brief": "nuslerp .7/.3"' \
  '"recipe": "models:' '"shared": true' '"leaves": [' '"double_counted": [' '"paths": 2' \
  '"via": "agent3, agent2"' '"dtype": "BF16"' '"license": "mit"' '"approximate": true'
run 0 lineage fam/base
has out 'not known'
run 3 lineage nobody/none
has err 'no such model'
run 2 lineage

# What the weights say: nothing is stored at first; a sample finds the parents in their order, and
# what a pass has summed is there without reading.
run 0 lineage agent4 --json
has out '"measured": {' '"state": "stored"' '"nearest": []'
run 0 lineage agent4
has out 'nothing is stored' '--measure'
run 0 lineage agent4 --measure
has out 'NEAREST BY WEIGHTS' 'an ancestor' ' to ' \
  'sampled, with 95 % intervals; task vectors from base; 5 of 5 compared'
hasnt out 'but '
run 0 diff fam/code fam/kjv --base fam/base --exact
run 0 lineage code
has out 'base                an ancestor  0.0082  13 %' 'from sums that are stored'
run 0 lineage code --measure --json
has out '"state": "sampled"' '"relative_l2_interval": [' '"base": "base"' '"finding": null'
cp -R fam/kjv liar
sed 's/^base_model: .*/base_model: code/' fam/kjv/README.md >liar/README.md
run 0 lineage ./liar --measure
has out 'the same' 'in the sample' \
  'but ' 'code is declared as its origin, but kjv is nearer: relative L2 0 % against'
{ two fam/code 1 fam/kjv -1; echo 'parameters: {normalize: false}'; } >apart.yml
run 0 merge apart.yml apart
sed 's/^base_model: .*/base_model: apart/' fam/kjv/README.md >liar/README.md
run 0 lineage ./liar --measure
has out 'apart is declared as a parent (metadata), but their weights are unrelated: cosine'
run 0 lineage apart --measure
run 3 lineage owner/name --measure
rm -rf apart liar

# The same graph from its roots: every model once, merges under what their parents share.
run 0 models --tree
has out 'MADE BY' '├─ agent4 ' '│  └─ agent4-q8' 'nuslerp .7/.3'
LC_ALL=C run 0 models --tree
has out '|- agent4 ' '|  `- agent4-q8'
run 0 models --tree --json
has out '"made_by": "linear .5/.5"' '"parent": "agent4"' '"relation": "quantized"'
same "$(grep -c '"name":' out)" 9

# Elsewhere nothing but the files is known: the recipe beside the weights says it all the same.
export CUPEL_CATALOG="$dir/other.db"
run 0 lineage ./agent4
has out 'provenance' 'linear .5/.5' 'agent3' 'elsewhere'
run 0 scan fam agent3 agent2
run 0 lineage ./agent4
has out 'code ≈0.60, counted twice' 'nuslerp .7/.3'
hasnt out elsewhere
run 0 models --tree
hasnt out elsewhere

# A licence below is carried up; a card's list, and a circle that two cards close.
sed 's/^license: mit/license: cc-by-nc-4.0/' fam/kjv/README.md >card && cp card fam/kjv/README.md
mkdir own
cp -R fam/kjv own/private
cp -R fam/kjv own/open
cat >own/open/README.md <<'EOF'
---
license: apache-2.0
base_model: [own/private, maker/else]
base_model_relation: merge
---
EOF
sed 's/^base_model: .*/base_model: open/' card >own/private/README.md
run 0 scan own
run 0 lineage ./own/open
has out 'maker/else' 'elsewhere' 'metadata' 'non-commercial use only (cc-by-nc-4.0) from private' \
  'it says apache-2.0, but cc-by-nc-4.0 of private allows no commercial use' 'would close a circle'
rm -rf "$CUPEL_CATALOG"* own/private
sed '/^base_model/d' fam/base/README.md >own/open/README.md
for i in one two; do
  cp -R own/open own/$i
  printf -- '---\nbase_model: maker/else\n---\n' >own/$i/README.md
done
run 0 scan own
run 0 models --tree
has out 'maker/else' 'elsewhere' '├─ one' '└─ two'
done_testing
