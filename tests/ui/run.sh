#!/bin/sh
# Drives the workbench from inside, without a terminal, and compares what it would show.
#   tests/ui/NAME.script   lines of a script (ui/app_script.c), after "#!" lines that set it up:
#       #! size 80x24      of the screen (default)
#       #! env NAME=VALUE  environment
#       #! args ARG…       on the command line
#   tests/ui/NAME.screen   every ":screen-save OUT/TITLE" of it, one after the other.
# GENERATE=1 rewrites the .screen files. One argument: only that script.
set -u
top=$(cd "${top_srcdir:-.}" && pwd)
cupel=${CUPEL:-$(pwd)/cupel}
here=$top/tests/ui
failed=0

run_one() {
  name=$1
  script=$here/$name.script
  work=$(mktemp -d) || exit 1
  mkdir "$work/out" "$work/home"
  cp -R "$top/share/demo" "$work/demo"
  chmod -R u+w "$work/demo"
  size=80x24
  args=
  line=$(sed -n 's/^#! *size *//p' "$script")
  [ -z "$line" ] || size=$line
  args=$(sed -n 's/^#! *args *//p' "$script")
  (
    cd "$work/demo" || exit 1
    unset CUPEL_CATALOG HF_HOME HF_HUB_CACHE NO_COLOR EDITOR VISUAL TMUX CUPEL_DATA
    export HOME="$work/home" XDG_DATA_HOME="$work/home/data" XDG_STATE_HOME="$work/home/state" \
      XDG_CACHE_HOME="$work/home/cache" XDG_CONFIG_HOME="$work/home/config" LC_ALL=C.UTF-8 TERM=xterm-256color TZ=UTC
    sed -n 's/^#! *env *//p' "$script" >"$work/env"
    while IFS= read -r setting; do export "${setting?}"; done <"$work/env"
    grep -v '^#!' "$script" | sed "s|OUT/|$work/out/|" >"$work/script"
    # shellcheck disable=SC2086
    timeout 300 "$cupel" --root . --script "$work/script" --size "$size" $args </dev/null >"$work/log" 2>&1
  )
  status=$?
  : >"$work/got"
  # In the order they were saved; what differs from run to run is made the same.
  sed -n 's|^:screen-save OUT/||p' "$script" | while IFS= read -r title; do
    echo "== $title"
    if [ -f "$work/out/$title" ]; then
      sed -e "s|$work|WORK|g" \
        -e 's/[0-9][0-9.]* [KMGT]*B free/N free/' -e 's/read [0-9]* s ago/read N s ago/' \
        -e 's/20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]\([ T][0-9][0-9]:[0-9][0-9]\(:[0-9][0-9]Z\)*\)*/DATE/g' \
        "$work/out/$title"
    else
      echo "(not saved)"
    fi
  done >"$work/got"
  if [ "$status" -ne 0 ]; then
    echo "$name: exit status $status"
    sed 's/^/  /' "$work/log"
    failed=1
  fi
  if [ -n "${GENERATE-}" ]; then
    cp "$work/got" "$here/$name.screen"
  elif ! diff -u "$here/$name.screen" "$work/got"; then
    echo "$name: the screen differs"
    failed=1
  fi
  rm -rf "$work"
}

if [ $# -gt 0 ]; then
  run_one "$1"
else
  for s in "$here"/*.script; do
    run_one "$(basename "$s" .script)"
  done
fi
exit $failed
