# For tests that drive the workbench in a real terminal: tmux with a server of its own, which nothing
# else can reach and which ends with the test. Sourced.
#   begin WIDTH HEIGHT [NAME=VALUE …] -- ARGUMENT…   starts cupel in a copy of the demonstration family
#   see TEXT, gone TEXT      waits (at most WAIT seconds) until the screen has it, or no longer
#   keys KEY…                tmux's names: Enter Escape C-c …
#   screen                   what is shown now
#   finish                   ends tmux, to begin again
set -u
top=$(cd "${top_srcdir:-.}" && pwd)
cupel=${CUPEL:-$(pwd)/cupel}
command -v tmux >/dev/null 2>&1 || exit 77
WAIT=60
work=$(mktemp -d /tmp/cupel-pty.XXXXXX) || exit 1
socket=$work/tmux
t() { tmux -S "$socket" -f /dev/null "$@"; }
trap 't kill-server 2>/dev/null; rm -rf "$work" 2>/dev/null || rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

begin() {
  width=$1 height=$2
  shift 2
  mkdir -p "$work/home"
  if [ ! -d "$work/demo" ]; then
    cp -R "$top/share/demo" "$work/demo"
    chmod -R u+w "$work/demo"
  fi
  {
    echo "cd '$work/demo'"
    echo 'unset CUPEL_CATALOG HF_HOME HF_HUB_CACHE NO_COLOR EDITOR VISUAL CUPEL_DATA TMUX'
    echo "export HOME='$work/home' XDG_DATA_HOME='$work/home/data' XDG_STATE_HOME='$work/home/state'"
    echo "export XDG_CACHE_HOME='$work/home/cache' XDG_CONFIG_HOME='$work/home/config'"
    echo 'export LC_ALL=C.UTF-8 TERM=screen-256color'
    while [ "$1" != -- ]; do
      echo "export '$1'"
      shift
    done
    shift
    printf "'%s'" "$cupel"
    for a in --threads 2 --root . "$@"; do printf " '%s'" "$a"; done
    echo
    echo 'echo "left with $?"'
    echo 'cat' # the screen stays to be looked at
  } >"$work/start.sh"
  t new-session -d -x "$width" -y "$height" -s w "sh '$work/start.sh'" || exit 77
}

no_server() { ! t list-sessions >/dev/null 2>&1; }
finish() {
  t kill-server
  until_true no_server
  rm -f "$socket"
}
# The first child of a process; a small system has no ps.
child() {
  { cat "/proc/$1/task/$1/children" || ps -o pid= --ppid "$1"; } 2>/dev/null |
    awk '{ print $1; exit }'
}
screen() { t capture-pane -p -t w; }
keys() { t send-keys -t w "$@"; }

# until CONDITION…: polls; the bound is for a machine that hangs, not a time anything should take.
until_true() {
  end=$(($(date +%s) + WAIT))
  until "$@"; do
    if [ "$(date +%s)" -ge "$end" ]; then return 1; fi
  done
}
shows() { screen | grep -q -F -e "$1"; }
hides() { ! shows "$1"; }

fail() {
  echo "$*; the screen:"
  screen
  exit 1
}
see() { until_true shows "$1" || fail "never seen: $1"; }
gone() { until_true hides "$1" || fail "still there: $1"; }
