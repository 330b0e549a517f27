#!/bin/sh
# Other terminals: without colours, with letters only, a console; the mouse; pasted text; the editor.
. "${top_srcdir:-.}/tests/pty/lib.sh"

begin 80 24 NO_COLOR=1 LC_ALL=C -- dare.yml
see 'what it really does'
if screen | LC_ALL=C grep -q '[^ -~]'; then fail 'more than letters'; fi
if t capture-pane -p -e -t w | grep -q '38;5\|\[3[1-7]m'; then fail 'colours'; fi
keys q
see 'left with 0'
finish

begin 80 24 TERM=vt100 --
see 'kjv'
keys q
see 'left with 0'
finish

begin 80 24 "EDITOR=sed -i s/0.6/0.8/" -- dare.yml
see '0.60'
keys E
see '0.80'
keys u
see '0.60'
# A click on a tab, as the terminal reports it.
keys -l "$(printf '\033[<0;9;1M')"
see '[1 Models]'
# What is pasted into a filter is text, not commands.
keys /
t set-buffer 'q quit'
t paste-buffer -p -t w
see '/q quit'
keys Escape
gone '/q quit'
keys q
see 'left with 0'
