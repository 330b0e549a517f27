#!/bin/sh
# Scores side by side: what is subtracted, what is real, what is only shown, in every form.
. "$top_srcdir/tests/cli/lib.sh"

# A card's seven tasks: two quantizations of one model.
{
  echo 'model,task,metric,value'
  echo 'arc_challenge .390 .396
arc_easy .436 .429
boolq .622 .622
hellaswag .632 .611
openbookqa .348 .346
piqa .754 .738
winogrande .639 .649' | while read -r task a b; do
    echo "maker/Ember-8B-q4-hi-mlx,$task,acc,$a"
    echo "maker/Ember-8B-qx63-hi-mlx,$task,acc,$b"
  done
} >seven.csv
run 0 import seven.csv
run 0 compare q4-hi qx63-hi
has out ' Ember-8B · against q4-hi · ± is 1 SE (a bound: unpaired)' \
  ' arc_challenge   .390     .396  +.006  .020    7 of  1172           noise' \
  ' boolq           .622     .622      ·     ·    = majority  no information' \
  ' hellaswag       .632     .611  -.021  .007  211 of 10042            real' \
  ' mean            .546     .542  -.004  .007                         noise' \
  ' hellaswag                             ├───●───┤ │' \
  ' 1 of 7 differences is real: q4-hi is better on hellaswag by 2.1 points (3.3%).' \
  ' No task here resolves .006: arc_challenge would need about 100,000 questions.'
widest=$(LC_ALL=C awk '{ gsub(/[\200-\277]/, ""); if (length($0) > n) n = length($0) } END { print n }' out)
[ "$widest" -le 80 ] || same "$widest columns" '80 columns'

LC_ALL=C run 0 compare q4-hi qx63-hi
has out ' hellaswag                             |---o---| :'
LC_ALL=C grep -q '[^ -~]' out && same 'only ASCII' ''
run 0 compare q4-hi qx63-hi --format markdown
has out '| hellaswag | .632 | .611 | -.021 | .007 | 211 of 10042 | real |'
run 0 compare q4-hi qx63-hi --format csv
has out 'task,metric,model,value,stderr,n,' 'boolq,acc,maker/Ember-8B-qx63-hi-mlx,0.622,'
same "$(lines out)" 17
run 0 compare q4-hi qx63-hi --json
has out '"maker/Ember-8B-qx63-hi-mlx"' '"verdict": "real"' '"verdict": "no information"' \
  '"items": 211' '"baseline": "maker/Ember-8B-q4-hi-mlx"'
run 0 compare q4-hi qx63-hi --only-differences
hasnt out boolq
run 0 compare q4-hi qx63-hi --task arc
hasnt out piqa
has out arc_easy

# What is no word for a variant, or for several.
run 3 compare nobody
has err 'neither a model, nor a run' 'cupel import'
run 3 compare Ember-8B-q5-mlx
has err 'is it Ember-8B-q4-hi-mlx?'
run 3 compare Ember-8B
has err 'maker/Ember-8B-q4-hi-mlx, maker/Ember-8B-qx63-hi-mlx'
run 3 compare 7
run 2 compare
run 2 compare q4-hi --format latex
run 2 compare q4-hi --parent --each

# Models and runs without scores: where those come from, or what else is known.
cp -r "$demo" models
run 0 scan models
run 3 compare base
has err 'no scores are known of it; `cupel import FILE` takes in'
run 0 merge models/halfway.yml first
sed '5s/0\.5/0.25/' models/halfway.yml >models/quarter.yml
printf 'models:\n- model: code # one\n  parameters: {weight: 0.50}\n- model: kjv\n  parameters:\n    weight: 5e-1
merge_method: linear\ndtype: bfloat16\n' | sed 's/5e-1/0.500/' >models/same.yml
run 0 merge models/quarter.yml second
run 0 merge models/same.yml third
run 0 compare 1 2
has out 'recipe of second against first' '-       weight: 0.5' '+       weight: 0.25' \
  'No scores are known of first.' ' tensors: 38 of 38 differ'
run 0 compare first third --only-differences
has out '(they say the same)' ' tensors: 0 of 38 differ'
run 0 compare 1 2 --json
has out '"recipe_differences": [' '"sign": "+"'
run 0 import models/measured.csv
run 0 compare code
has out 'against base' 'kjv.txt ppl' ' size '
run 0 compare code base kjv halfway
has out ' ** real  * suggestive'
run 0 compare code base kjv halfway --each
has out 'mean, line minus column' ' halfway - kjv' 'kjv against base: '
[ "$(sort -u out | wc -l)" -gt 10 ] || same 'few lines' ''

done_testing
