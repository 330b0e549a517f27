#!/bin/sh
# Every example of the README and of the manual runs as it stands, in order, in the folder of the
# demonstration, and prints something.
. "$top_srcdir/tests/cli/lib.sh"

mkdir bin demo
ln -s "$CUPEL" bin/cupel
PATH=$dir/bin:$PATH
cp -r "$demo/." demo/
chmod -R u+w demo

run_examples() { # source of the lines
  cd "$dir/demo" || exit 99
  rm -rf "$dir/out" "$dir/data" "$dir/cache" out
  n=0
  while IFS= read -r line; do
    n=$((n + 1))
    # What a reader writes to /tmp goes to a folder of this test.
    line=$(printf '%s' "$line" | sed "s|/tmp/|$dir/out/|g")
    mkdir -p "$dir/out"
    sh -c "$line" >"$dir/got" 2>"$dir/err" </dev/null
    status=$?
    if [ "$status" != 0 ] || [ ! -s "$dir/got" ]; then
      printf 'not ok: %s: %s: status %s\n' "$1" "$line" "$status"
      sed 's/^/  /' "$dir/got" "$dir/err" | head -n 20
      bad=1
    fi
  done
  [ "$n" -gt 5 ] || {
    printf 'not ok: %s has only %s examples\n' "$1" "$n"
    bad=1
  }
  cd "$dir" || exit 99
}

# In the README a command stands four columns in, what it does two blanks or more behind it.
sed -n 's/^    \(cupel [a-z].*\)/\1/p' "$top/README" | sed 's/   *.*//' >readme.txt
sed 's/ *#.*//' "$top/man/examples" >man.txt
run_examples README <readme.txt
run_examples 'man/examples' <man.txt

done_testing
