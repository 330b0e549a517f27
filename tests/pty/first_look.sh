#!/bin/sh
# Open the family, move, filter, help, quit; the terminal is as it was.
. "${top_srcdir:-.}/tests/pty/lib.sh"

begin 80 24 --
see '[1 Models]'
see 'kjv'
see 'holds     38 tensors' # the pane about the selected model
keys j
see 'from      base'
keys /
keys k j v
see '/kjv'
keys Enter
see 'Esc shows all'
keys Escape
gone 'Esc shows all'
keys '?'
see 'search:'
keys q u i t
see 'Quit. Jobs go on'
keys Escape
gone 'search:'
keys :
keys n e w
see 'new-recipe'
keys Escape
gone 'new-recipe [METHOD]'
keys q
see 'left with 0'
[ "$(t display -p -t w '#{alternate_on} #{mouse_any_flag} #{cursor_flag}')" = '0 0 1' ] ||
  fail 'the terminal was not given back'
