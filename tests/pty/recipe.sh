#!/bin/sh
# A recipe: the figures move with a weight, undo, the question at the end, a file changed outside.
. "${top_srcdir:-.}/tests/pty/lib.sh"

begin 120 40 -- dare.yml
see '[3 Recipe]'
see '0.60'
see 'Δ→code'
keys +
see '[3 Recipe*]'
see '0.65'
keys q
see 'Save dare.yml? y n Esc'
keys Escape
gone 'Save dare.yml?'
keys u
see 'undone'
see '[3 Recipe]'
# Another program writes the file: it is read again, as one step.
sed 's/weight: 0.6/weight: 0.9/' "$work/demo/dare.yml" >"$work/new" && mv "$work/new" "$work/demo/dare.yml"
see 'changed outside'
see '0.90'
keys + C-s
see 'saved dare.yml'
grep -q 'weight: 0.95' "$work/demo/dare.yml" || fail 'not saved'
keys q
see 'left with 0'
