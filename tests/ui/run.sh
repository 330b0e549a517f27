#!/bin/sh
# Drives the workbench from inside, without a terminal, and compares what it would show.
#   tests/ui/NAME.script   lines of a script (ui/app_script.c), after "#!" lines that set it up:
#       #! size 80x24      of the screen (default)
#       #! env NAME=VALUE  environment
#       #! rc LINE         of its cupelrc
#       #! args ARG…       on the command line, before the script's
#       #! copy PATH       of the source tree, into the family's folder
#   A screen is saved when all work in the background is done, so that it is the same every time.
#   tests/ui/NAME.screen   every ":screen-save OUT/TITLE" of it, one after the other.
# GENERATE=1 rewrites the .screen files. Arguments: only these scripts.
set -u
top=$(cd "${top_srcdir:-.}" && pwd)
cupel=${CUPEL:-$(pwd)/cupel}
here=$top/tests/ui
failed=0

# Beside the demonstration family: names nobody should have.
evil_names() {
  mkdir evil
  for name in '日本語モデル-3b' "$(printf 'red\033[31m-alert')" "$(printf 'back\342\200\256wards')" \
    "$(printf 'e\314\201tude-\360\237\221\251\342\200\215\360\237\222\273-flag\360\237\207\251\360\237\207\252')"; do
    cp -R code "evil/$name"
  done
}

run_one() {
  name=$1
  script=$here/$name.script
  # The length of the name is part of what is compared.
  work=$(mktemp -d /tmp/cupel-ui.XXXXXX) || exit 1
  mkdir "$work/out" "$work/home"
  cp -R "$top/share" "$work/share"
  chmod -R u+w "$work/share"
  cp -R "$work/share/demo" "$work/demo"
  size=$(sed -n 's/^#! *size *//p' "$script")
  args="--threads 2 $(sed -n 's/^#! *args *//p' "$script")"
  case $args in
  *--root*) roots= ;;
  *) roots='--root .' ;;
  esac
  (
    cd "$work/demo" || exit 1
    [ "$name" != names ] || evil_names
    [ "$name" != results ] || cp -R "$top/tests/golden/cards" "$top/tests/golden/import" .
    for file in $(sed -n 's/^#! *copy *//p' "$script"); do cp "$top/$file" .; done
    unset CUPEL_CATALOG HF_HOME HF_HUB_CACHE NO_COLOR EDITOR VISUAL TMUX
    export CUPEL_DATA="$work/share" HOME="$work/home" XDG_DATA_HOME="$work/home/data" \
      XDG_STATE_HOME="$work/home/state" XDG_CACHE_HOME="$work/home/cache" \
      XDG_CONFIG_HOME="$work/home/config" \
      LC_ALL=C.UTF-8 TERM=xterm-256color TZ=UTC
    mkdir -p "$XDG_CONFIG_HOME/cupel"
    sed -n 's/^#! *rc *//p' "$script" >"$XDG_CONFIG_HOME/cupel/cupelrc"
    sed -n 's/^#! *env *//p' "$script" >"$work/env"
    while IFS= read -r setting; do export "${setting?}"; done <"$work/env"
    grep -v '^#!' "$script" | sed "s|^:screen-save OUT/|:wait-idle\\
:screen-save $work/out/|" >"$work/script"
    # shellcheck disable=SC2086
    timeout 300 "$cupel" $roots --script "$work/script" --size "${size:-80x24}" $args \
      </dev/null >"$work/log" 2>&1
  )
  status=$?
  # In the order they were saved; what differs from run to run is made the same.
  sed -n 's|^:screen-save OUT/||p' "$script" | while IFS= read -r title; do
    echo "== $title"
    if [ -f "$work/out/$title" ]; then
      sed -E -e "s|$work|/tmp/cupel-ui.WORKED|g" \
        -e 's/[0-9.]+ [KMGT]?B free/N GB free/' \
        -e 's/^(.*free  *)[0-9.]+ [KMGT]?B */\1N GB /' \
        -e 's/20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z/20YY-MM-DDTHH:MM:SSZ/g' \
        -e 's/[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}/MM-DD HH:MM/g' \
        -e 's/20[0-9]{2}-[0-9]{2}-[0-9]{2}/20YY-MM-DD/g' \
        -e 's/[0-9]+\.[0-9] s/T.T s/g' -e 's/read [0-9]+ s ago/read N s ago/' \
        -e 's/[0-9]+-[0-9a-f]{8}\.log/N-NNNNNNNN.log/' "$work/out/$title"
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
  for s in "$@"; do
    run_one "$s"
  done
else
  for s in "$here"/*.script; do
    run_one "$(basename "$s" .script)"
  done
fi
exit $failed
