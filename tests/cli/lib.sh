# For tests of the command line: a folder of one's own, an empty catalog, checks that say what
# failed.
set -u
: "${CUPEL:?}" "${top_srcdir:?}"
top=$(cd "$top_srcdir" && pwd)
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
export HOME="$dir/home" XDG_DATA_HOME="$dir/data" XDG_CACHE_HOME="$dir/cache"
export XDG_STATE_HOME="$dir/state" XDG_CONFIG_HOME="$dir/config" LC_ALL=C.UTF-8
mkdir -p "$HOME"
unset CUPEL_CATALOG CUPEL_DATA HF_HOME HF_HUB_CACHE CLICOLOR_FORCE NO_COLOR 2>/dev/null || :
demo=$top/share/demo
bad=0

# run STATUS ARGUMENT...: what the program prints is in out and err.
run() {
  want=$1
  shift
  "$CUPEL" "$@" >out 2>err </dev/null
  got=$?
  [ "$got" = "$want" ] || {
    printf 'not ok: cupel %s: status %s, not %s\n' "$*" "$got" "$want"
    sed 's/^/  out: /' out | head -n 20
    sed 's/^/  err: /' err | head -n 20
    bad=1
  }
}
# has FILE TEXT...: the file holds each text.
has() {
  file=$1
  shift
  for text; do
    grep -q -F -e "$text" "$file" || {
      printf 'not ok: no "%s" in %s\n' "$text" "$file"
      sed 's/^/  /' "$file" | head -n 20
      bad=1
    }
  done
}
hasnt() {
  if grep -q -F -e "$2" "$1"; then
    printf 'not ok: "%s" in %s\n' "$2" "$1"
    bad=1
  fi
}
# same TEXT TEXT
same() {
  [ "$1" = "$2" ] || {
    printf 'not ok: "%s" is not "%s"\n' "$1" "$2"
    bad=1
  }
}
lines() { wc -l <"$1" | tr -d ' '; }
done_testing() { exit $bad; }
