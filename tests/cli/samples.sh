#!/bin/sh
# Answers to single questions: whose figures they belong to, what damaged lines cost, and what is
# known of a difference once the same questions were answered by both.
. "$top_srcdir/tests/cli/lib.sh"
files=$top/tests/golden/import/samples
number() {
  "$CUPEL" sql "SELECT count(*) AS n FROM $1" --json | tr -dc 0-9
}

# With the results they are beside; by themselves they find those.
run 0 import "$files"/maker__tiny-a/results_*.json
has out '4 figures, 4 of them new' 'arc_easy acc: the answers to 40 questions' \
  'gsm8k exact_match: the answers to 12 questions'
run 0 import "$files"/maker__tiny-b/samples_*.jsonl --json
has out '"kind": "lm-eval samples"' '"questions": 40' '"line": 12' '"added": 2'
same "$(number answers)" 8
run 0 import "$files"/maker__tiny-b/results_*.json
has out '4 figures, 0 of them new'
run 0 import "$files"/maker__tiny-a/samples_*.jsonl
same "$(number answers) $(number scores)" '8 8'
run 0 sql 'SELECT count(DISTINCT questions) AS n FROM answers' --json
has out '"n": 2'

# Counted by hand: 12 only b, 7 only a of 40; p is McNemar's.
run 0 compare tiny-a tiny-b --json
has out '"items": 5' '"stderr": 0.1071651762467' '"p": 0.3592834472' '"paired": true' \
  '"stderr": 0.1863389981249' '"p": 0.0703125' '"metric": "exact_match,strict-match"'
run 0 compare tiny-a tiny-b
has out '± is 1 SE,' ' paired' ' gsm8k flexible-extract'

# Without results the figures follow from the answers.
run 0 import "$files"/maker__tiny-c/samples_arc_easy_*.jsonl
has out 'maker/tiny-c' '0.525' '2 figures, 2 of them new'
run 0 compare tiny-a tiny-c
has out 'Not subtracted: 2 measured differently'
run 0 compare tiny-a tiny-c --across
has out '-.075!'

# Damaged lines are listed, the rest arrives; what is another run's is told apart.
mkdir maker__tiny-d
{
  sed -n 1,10p "$files"/maker__tiny-c/samples_arc_easy_*.jsonl
  printf '{"doc_id": 10, "acc": \n[1, 2]\n{"acc": 1.0}\n\n{"doc_id": 3, "doc_hash": "x"}\n'
  sed -n 11,20p "$files"/maker__tiny-c/samples_arc_easy_*.jsonl | tr -d '\n'
  printf '\n'
  sed -n 21,40p "$files"/maker__tiny-c/samples_arc_easy_*.jsonl
  sed -n 1,3p "$files"/maker__tiny-c/samples_arc_easy_*.jsonl
  printf '{"doc_id": 99, "doc_hash": "y", "acc": true, "word_perplexity": [1, 2], "bleu": 3}'
} >maker__tiny-d/samples_arc_easy_2026-03-04T12-00-00.jsonl
run 0 import maker__tiny-d/samples_arc_easy_2026-03-04T12-00-00.jsonl
has out 'not read: 5' 'line 11' 'line 12: not an object' 'line 13: says no question' \
  'line 15: no metric' 'line 16' 'arc_easy acc: the answers to 31 questions'
cp "$files"/maker__tiny-a/results_*.json maker__tiny-d/results_2026-03-04T12-00-00.json
run 0 import maker__tiny-d/samples_arc_easy_2026-03-04T12-00-00.jsonl
has out 'arc_easy acc: the answers to 31 questions'
mkdir other
cp "$files"/maker__tiny-b/samples_arc_easy_*.jsonl other/samples_arc_easy_2026-03-04T12-00-00.jsonl
cp "$files"/maker__tiny-a/results_*.json other/results_2026-03-04T12-00-00.json
run 0 import other/results_2026-03-04T12-00-00.json
has out 'acc of 40 answers is 0.725, not 0.6 as in the results: they are of another run'
: >other/samples_boolq_2026-03-05T12-00-00.jsonl
run 0 import other/samples_boolq_2026-03-05T12-00-00.jsonl
has out '0 figures'
run 3 import other/samples_none_2026-03-05T12-00-00.jsonl
cp "$files"/maker__tiny-c/samples_arc_easy_*.jsonl renamed.jsonl
run 0 import renamed.jsonl
has out 'the name of the file says no task'

# Asked with another prompt is asked something else.
mkdir maker__tiny-e
sed 's/"prompt_hash": "./"prompt_hash": "z/' "$files"/maker__tiny-c/samples_arc_easy_*.jsonl \
  >maker__tiny-e/samples_arc_easy_2026-03-06T12-00-00.jsonl
run 0 import maker__tiny-e/samples_arc_easy_2026-03-06T12-00-00.jsonl
run 0 compare tiny-c tiny-e
has out 'measured differently'

done_testing
