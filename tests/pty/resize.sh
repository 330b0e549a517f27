#!/bin/sh
# Any size, at any moment; a size that is too small says so and is no end.
. "${top_srcdir:-.}/tests/pty/lib.sh"

begin 80 24 -- dare.yml
see 'what it really does'
t resize-window -t w -x 160 -y 50
see 'int8_mask'
t resize-window -t w -x 60 -y 16
gone 'int8_mask   ○ no                                               '
see '[3 Recipe]'
t resize-window -t w -x 40 -y 10
see 'cupel needs 60×16, this is 40×10'
for size in 20:5 200:60 61:17 7:3 80:24; do
  t resize-window -t w -x "${size%:*}" -y "${size#*:}"
done
see 'what it really does'
keys q
see 'left with 0'
