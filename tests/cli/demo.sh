#!/bin/sh
# The demonstration without a terminal: every step runs, with the figures it really has, in a folder
# that is gone afterwards; nothing of the person's is touched.
. "$top_srcdir/tests/cli/lib.sh"

mkdir tmp
TMPDIR=$dir/tmp
export TMPDIR
run 0 demo
same "$(ls -A tmp)" ''
[ ! -e "$XDG_DATA_HOME" ] || {
  echo 'not ok: the demonstration wrote into the data folder'
  bad=1
}
has out '1. ' 'cupel scan .' 'cupel models --tree' 'cupel preview halfway.yml' \
  'cupel merge halfway.yml halfway' 'cupel replay 3' 'cupel quantize halfway.yml halfway.gguf' \
  'cupel import measured.csv'
# Every step that was announced is followed by an answer.
awk '/^\$ cupel/ { if (waiting) bad = 1; waiting = 1; next } waiting && NF { waiting = 0 }
  END { exit bad || waiting }' out || {
  echo 'not ok: a step without an answer'
  sed 's/^/  /' out
  bad=1
}
# Figures that this family has and no other.
has out '2.89 M' '38 tensors' 'the same' '├─ halfway' '16 figures, 16 of them new' \
  'base is better on kjv.next by 7.2 points'
same "$(grep -c '^[0-9]*\. ' out)" 18
same "$(lines err)" 0

# Where there is no room for it, one line says so.
TMPDIR=$dir/nowhere
run 3 demo
same "$(lines err)" 1
CUPEL_DATA=$dir/nothing
export CUPEL_DATA
TMPDIR=$dir/tmp
run 3 demo
has err 'cannot find the demonstration'
same "$(ls -A tmp)" ''

done_testing
