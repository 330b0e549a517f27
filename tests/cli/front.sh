#!/bin/sh
# The front door: help, options anywhere, suggestions, errors in one line and as JSON, status codes.
. "$top_srcdir/tests/cli/lib.sh"

run 0 --version
same "$(cut -d' ' -f1 out)" cupel
run 0 --help
has out 'cupel VERB' completion --catalog
run 0 help
cp out all
run 0 help completion
has out 'cupel completion bash|zsh|fish' --json
run 0 completion --help
has out 'cupel completion bash|zsh|fish'
run 0 completion -h
run 0 help --json
has out '"name": "completion"'

# Every verb explains itself: one line in the list, no line wider than a narrow terminal.
for verb in $("$CUPEL" help --json | sed -n 's/^  "name": "\(.*\)",*$/\1/p'); do
  has all "  $verb "
  run 0 help "$verb"
  has out "cupel $verb"
  awk 'length($0) > 80 { print FILENAME ": " $0; bad = 1 } END { exit bad }' out || bad=1
done

# Slips of the fingers.
run 2 completin
has err 'cupel: completin: is neither a verb nor a file; did you mean completion'
same "$(lines err)" 1
run 2 help completin
has err 'did you mean completion'
run 2 completion --jsn bash
has err 'cupel: completion: unknown option --jsn; did you mean --json'
run 2 --verson
has err 'did you mean --version'
run 2 completion
has err 'wants bash|zsh|fish; see cupel help completion'
run 2 completion bash zsh
has err 'takes only'
run 2 types all
has err 'takes no arguments'
run 2 completion tcsh
run 2 --threads many completion bash
has err 'no number of threads'
run 2 --threads
has err '--threads wants a value'
run 2 --json=yes completion bash
has err '--json takes no value'

# The same as JSON, on standard output too, even when the fault is in the options.
run 2 completion --json
has out '"error"' '"code": "usage"' '"where": "completion"' '"hint": "see cupel help completion"'
run 2 --json completion --bad
has out '"what": "unknown option --bad"'

# Options before the verb, after it, and with an equals sign.
run 0 --threads 2 --root x completion --catalog=y.db bash
run 0 completion --threads=2 -- bash
# Control bytes of a name never reach the terminal.
run 2 "$(printf 'a\033[31mb')"
has err 'a\x1B[31mb'

# A full disk is an error, not silence.
if [ -e /dev/full ]; then
  "$CUPEL" help >/dev/full 2>err
  same $? 4
  has err 'No space left'
fi

# Completion is made of the table of verbs, and the shells accept it.
run 0 completion bash
has out 'complete -o filenames -F _cupel cupel' --catalog
if command -v bash >/dev/null 2>&1; then
  bash -n out || bad=1
  completes() {
    bash -c '. ./out; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cupel; echo "${COMPREPLY[*]}"' \
      bash "$@"
  }
  same "$(completes cupel compl)" completion
  same "$(completes cupel help compl)" completion
  same "$(completes cupel completion --js)" --json
fi
run 0 completion zsh
if command -v zsh >/dev/null 2>&1; then zsh -n out || bad=1; fi
run 0 completion fish
if command -v fish >/dev/null 2>&1; then fish -n out || bad=1; fi

# doctor finds what is wrong and says so by its status.
run 0 doctor
has out catalog 'made when needed' libraries
run 0 doctor --json
has out '"problems": []'
printf 'no catalog at all, only text that is long enough' >broken.db
run 1 --catalog broken.db doctor
has out '! state'
CUPEL_DATA=$dir/nothing run 1 doctor
has out '! demo/README.md'

# What a tensor is decides what is written: without the rows that say so nothing is.
for m in base code; do ln -s "$demo/$m" $m; done
cat >two.yml <<'EOF'
merge_method: linear
models: [{model: base, parameters: {weight: 0.5}}, {model: code, parameters: {weight: 0.5}}]
EOF
CUPEL_DATA=$dir/nothing run 3 merge two.yml none
has err "$dir/nothing/roles" 'there are no files of roles' 'CUPEL_DATA'
CUPEL_DATA=$dir/nothing run 3 quantize base none.gguf --plan Q8_0
has err 'there are no files of roles'
[ ! -e none ] && [ ! -e none.gguf ] || { echo 'not ok: something was written'; bad=1; }

# The log has what was asked for and what failed.
CUPEL_LOG=$dir/log run 2 merge
grep -q 'argument 1: merge$' "$dir/log" && grep -q 'exit status 2$' "$dir/log" ||
	{ echo 'not ok: the log'; cat "$dir/log"; bad=1; }

done_testing
