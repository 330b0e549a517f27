#!/bin/sh
# The law of the house: a folder includes only its own headers and those of the folders above it;
# only ui/screen/term.c knows curses; src never knows a screen. Includes first, then symbols.
set -eu
top=${top_srcdir:-.}
build=${top_builddir:-.}
bad=0
fail() {
  printf '%s\n' "$*"
  bad=1
}

# Position in the list: an include may go up, never down. recipe may use merge/method.h.
order='base system tensor model stat merge recipe quant catalog import compare engine infer lineage audit report cli
  ui/screen ui/command ui/widget ui/view ui'
found=$(find "$top/src" "$top/ui" -name '*.[ch]' -o -name '*.def' | while read -r f; do
  rel=${f#"$top"/}
  grep -n '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' "$f" | sed "s|^|${rel}:|"
done | awk -v order="$order" '
  BEGIN { n = split(order, v, /[ \n]+/); for (i = 1; i <= n; i++) rank[v[i]] = i }
  {
    split($0, part, ":"); file = part[1]; line = part[2]
    from = file; sub(/^src\//, "", from); sub(/\/[^\/]*$/, "", from)
    system_header = $0 ~ /include[ \t]*</
    to = $0; sub(/^[^"<]*["<]/, "", to); sub(/[">].*/, "", to)
    if (to ~ /curses|^term\.h$/ && file != "ui/screen/term.c")
      print file ":" line ": only ui/screen/term.c may include " to
    if (system_header || to == "config.h") next
    if (to !~ /\//) { print file ":" line ": include " to " by its folder"; next }
    dir = to; sub(/\/[^\/]*$/, "", dir)
    if (!(from in rank)) { print file ": folder " from " has no place in the list"; next }
    if (!(dir in rank)) { print file ":" line ": folder of " to " has no place in the list"; next }
    if (rank[dir] > rank[from]) print file ":" line ": " from " may not include " to ", below it"
  }')
[ -z "$found" ] || fail "$found"

# What the archives ask of others.
if command -v nm >/dev/null 2>&1 && [ -f "$build/libcupel.a" ] && [ -f "$build/libcupelui.a" ]; then
  undefined() { nm -u "$1" 2>/dev/null | awk 'NF == 2 && $1 == "U" { print $2 }' | sort -u; }
  screen='^(stdscr|initscr|newterm|endwin|setupterm|tigetstr|tparm)$'
  screen="$screen|^w?(refresh|getch|add_?n?w?(ch|str))\$"
  if undefined "$build/libcupel.a" | grep -E "$screen"; then
    fail 'libcupel.a asks for curses'
  fi
  if undefined "$build/libcupelui.a" | grep -E '^(cblas_|openblas_|yaml_|sqlite3_)'; then
    fail 'libcupelui.a asks for what only src may use'
  fi
fi
exit $bad
