#!/bin/sh
# The workbench is killed while a merge it started is written: the merge goes on, with the same bytes.
. "${top_srcdir:-.}/tests/pty/lib.sh"

begin 80 24 -- dare.yml
see 'Δ→code'
keys :
keys -l 'write merged'
keys Enter
see 'start writing'
keys Enter
see '5 shows it'
pid=$(t display -p -t w '#{pane_pid}')
victim=$(child "$pid")
[ -n "$victim" ] || exit 77
kill -KILL "$victim"
written() { [ -f "$work/demo/merged/model.safetensors" ]; }
until_true written || fail 'nothing was written'
finish
# The verb on the command line, alone, writes the same.
(
  cd "$work/demo" || exit 1
  export HOME="$work/home" XDG_DATA_HOME="$work/home/data2" XDG_STATE_HOME="$work/home/state" \
    XDG_CACHE_HOME="$work/home/cache"
  "$cupel" merge dare.yml again >/dev/null 2>&1
) || fail 'merge failed'
cmp "$work/demo/merged/model.safetensors" "$work/demo/again/model.safetensors" || exit 1
# And whoever opens the workbench next finds the run.
begin 80 24 --
see '[1 Models]'
see 'merged'
keys 7
see 'dare_ties'
see 'done'
keys q
see 'left with 0'
