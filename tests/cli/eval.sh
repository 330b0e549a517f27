#!/bin/sh
# Perplexity: figures of the demonstration family as torch has them in float32; an unwritten merge is
# what is then written, whatever the threads; what is remembered; what is refused.
. "$top_srcdir/tests/cli/lib.sh"

# field KEY FILE: a number of the first level.
field() { sed -n "s/^ \"$1\": \([-0-9.e+]*\),*\$/\1/p" "$2"; }
near() { # VALUE WANTED: to 2e-6, the float32 of both sides
  awk -v a="$1" -v b="$2" 'BEGIN { d = a / b - 1; exit !(d < 2e-6 && d > -2e-6) }' || {
    printf 'not ok: %s is not %s\n' "$1" "$2"
    bad=1
  }
}
chunks() { sed -n '/"chunks": \[/,/\]/p' "$1"; }

run 0 eval "$demo/base" --text "$demo/kjv.txt" --chunks 24 --json
near "$(field perplexity out)" 43.631550
near "$(field nll out)" 3.7757806
same "$(field tokens out)" 6120
run 0 eval "$demo/kjv" --text "$demo/kjv.txt" --chunks 24 --json
near "$(field perplexity out)" 36.413590
run 0 eval "$demo/code" --text "$demo/code.txt" --chunks 24 --json
near "$(field perplexity out)" 96.992440

# Other kernels of OpenBLAS: other bits, the same figure; who names them is left alone.
OPENBLAS_CORETYPE=Prescott
export OPENBLAS_CORETYPE
run 0 eval "$demo/code" --text "$demo/code.txt" --chunks 24 --json
near "$(field perplexity out)" 96.992440
unset OPENBLAS_CORETYPE

# What nobody has written, and then is.
run 0 eval "$demo/halfway.yml" --text "$demo/kjv.txt" --chunks 8 --json --threads 1
cp out virtual
run 0 merge "$demo/halfway.yml" halfway
run 0 eval halfway --text "$demo/kjv.txt" --chunks 8 --json --threads 3
[ -n "$(chunks out)" ] || bad=1
same "$(chunks out)" "$(chunks virtual)"
run 0 quantize halfway q8.gguf --plan Q8_0
run 0 eval q8.gguf --text "$demo/kjv.txt" --chunks 8 --against halfway
has out 'PAIRED' 'q8.gguf' 'kjv.txt' '8 x 512'
run 0 eval q8.gguf --text "$demo/kjv.txt" --chunks 8 --against q8.gguf --json
has out '"delta_percent": 0.0' '"stderr": 0.0'

# Several texts, another context, a part of the text.
run 0 eval "$demo/base" --text "$demo/kjv.txt" --text "$demo/code.txt" --context 64 --chunks 3 --json
has out 'code.txt' 'kjv.txt' '"context": 64'
same "$(field tokens out)" 93

# A run with a score to each text, and its chunks for comparing in pairs.
run 0 scan "$demo"
run 0 eval "$demo/base" --text "$demo/kjv.txt" --text "$demo/code.txt" --chunks 4
run 0 sql "SELECT r.kind || ' ' || s.task || ' ' || s.metric || ' ' || s.model_name || ' ' || a.n AS x
  FROM scores s JOIN runs r ON r.id = s.run JOIN answers a ON a.score = s.id
  WHERE r.id = (SELECT max(id) FROM runs)" --json
has out 'eval kjv.txt perplexity' 'eval code.txt perplexity' 'base 4'
run 0 sql "SELECT count(DISTINCT questions) AS x FROM answers a JOIN scores s ON s.id = a.score
  WHERE s.task = 'kjv.txt' AND a.n = 4" --json
has out '"x": 1'
run 0 sql "SELECT protocol FROM scores ORDER BY id DESC LIMIT 1" --json
has out 'tokenizer' '\"context\":' '\"precision\":'

# Measured in pairs, a difference that either error alone would hide.
run 0 eval "$demo/code" --text "$demo/code.txt" --chunks 24
run 0 eval "$demo/base" --text "$demo/code.txt" --chunks 24
run 0 compare base code --task code.txt
has out 'paired' 'real' 'code is better on code.txt by 5.6 of perplexity'
hasnt out 'answered'

# Refused, in a line that says what to do.
run 2 eval "$demo/base"
has err '--text FILE'
run 2 eval "$demo/base" --text "$demo/kjv.txt" --context 0
has err '--context'
run 2 eval "$demo/base" --text "$demo/kjv.txt" --context 4096
has err '2048'
printf 'too short\n' >short.txt
run 3 eval "$demo/base" --text short.txt
has err 'short.txt' '512'
run 3 eval "$demo/base" --text absent.txt
has err 'absent.txt'
run 3 eval absent --text short.txt
mkdir mute && cp "$demo/base/config.json" "$demo/base/model.safetensors" mute
run 3 eval mute --text "$demo/kjv.txt"
has err 'tokenizer'
sed 's/"llama"/"gemma3_text"/' "$demo/base/config.json" >mute/config.json
cp "$demo/base/tokenizer.json" mute
run 3 eval mute --text "$demo/kjv.txt"
has err 'gemma3_text' 'another tool'
done_testing
