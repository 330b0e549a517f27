#!/bin/sh
# Killed in the middle: the terminal is given back, and what was not saved is offered again.
. "${top_srcdir:-.}/tests/pty/lib.sh"

begin 80 24 -- dare.yml
see '0.60'
keys +
see '0.65'
pid=$(t display -p -t w '#{pane_pid}')
victim=$(child "$pid")
[ -n "$victim" ] || exit 77
journal() { [ -n "$(ls "$work/home/state/cupel/journal" 2>/dev/null)" ]; }
until_true journal || fail 'no journal was written'
kill -SEGV "$victim"
see 'left with 139'
see 'offered again'
[ "$(t display -p -t w '#{alternate_on} #{mouse_any_flag} #{cursor_flag}')" = '0 0 1' ] ||
  fail 'the terminal was not given back'
finish
begin 80 24 -- dare.yml
see 'of an earlier session'
see '0.65'
keys u
see '0.60'
keys q
see 'left with 0'
[ -z "$(ls "$work/home/state/cupel/journal")" ] || fail 'the journal is still there'
