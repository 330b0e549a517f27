#!/bin/sh
# Habits a compiler does not check: line length, size of files and functions, blanks at line ends,
# tabs, words that mean unfinished work, paths of one machine.
set -eu
top=${top_srcdir:-.}
cd "$top"
list=$(find src ui tests share man m4 bootstrap Makefile.am configure.ac README HACKING NEWS .ci \
  -type f 2>/dev/null | grep -v -E -e '^share/demo/.*\.(json|safetensors|txt)$' \
  -e '^tests/golden/' -e '^tests/fuzz/corpus/' -e '\.(screen|Po|o|trs|log|out)$' || :)
makefiles=$(printf '%s\n' "$list" | grep '\.mk$')
code=$(printf '%s\n' "$list" | grep -E '^(src|ui|tests)/.*\.[ch]$')

# shellcheck disable=SC2046,SC2086
found=$(
  # A function begins with { and ends with } in the first column. Length in characters, not bytes:
  # continuation bytes of UTF-8 do not count; a tab goes to the next multiple of eight.
  LC_ALL=C awk '
    FNR == 1 { open = 0; if (prev && lines > 700 && prev !~ /^tests\//)
      print prev ": " lines " lines, at most 700"; prev = FILENAME }
    { lines = FNR }
    /^\{/ { open = FNR }
    /^\}/ {
      if (open && FNR - open - 1 > 80)
        print FILENAME ":" open ": function of " FNR - open - 1 " lines, at most 80"
      open = 0
    }
    END { if (lines > 700 && prev !~ /^tests\//) print prev ": " lines " lines, at most 700" }
    ' $code
  LC_ALL=C awk '
    {
      text = $0; gsub(/[\200-\277]/, "", text); width = 0
      if (index(text, "\t")) {
        n = split(text, piece, "\t")
        for (i = 1; i < n; i++) { width += length(piece[i]); width += 8 - width % 8 }
        width += length(piece[n])
      } else width = length(text)
      most = FILENAME ~ /^tests\// ? 120 : 100 # tests hold tables of cases
      if (width > most && FILENAME !~ /\.(def|role)$/) # rows of tables stay whole
        print FILENAME ":" FNR ": " width " columns, at most " most
    }
    /[ \t]+$/ { print FILENAME ":" FNR ": blanks at the end of the line" }
    /\r/ { print FILENAME ":" FNR ": carriage return" }
    ' $list
  LC_ALL=C awk '/^    / && !/^     \*/ { print FILENAME ":" FNR ": indented with blanks" }' $code
  # What no fragment of the makefile names is missing from a release.
  for f in $(printf '%s\n' "$list" | grep -E '^(src|ui|tests|share|man)/.*\.[^/]*$' |
    grep -v -E '(local\.mk|/README[^/]*)$'); do
    grep -q -F -w -e "$f" Makefile.am $makefiles || echo "$f: in no local.mk, so not in a release"
  done
  # The words are broken up so that this file does not find itself.
  words="TO""DO|FIX""ME|X""XX|HA""CK|WI""P|not imple""mented|place""holder|st""ubs?"
  grep -n -w -E "$words" $list || :
  grep -n -E "(^|[^A-Za-z0-9_.\$}-])/(wo""rk|ro""ot)/" $list || :
)
[ -z "$found" ] || {
  printf '%s\n' "$found"
  exit 1
}
