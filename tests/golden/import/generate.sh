#!/bin/sh
# How the files here that real programs wrote came about; make check needs none of them.
#   LLAMA=folder of llama-perplexity  LM_EVAL=the program  MODEL=a small model as a folder
#   GGUF=the same in 16 bits  Q4=the same as Q4_K_M  TEXT=some thousand words
# lm-eval 0.4.13 with the three tasks below; llama.cpp of autumn 2026. results_torn.json is
# results_groups.json cut in the middle of a key. The logs without times before their lines, the
# tables in CSV and the report of mlx_lm.perplexity are written by hand after the programs' sources.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir tasks maker
ln -s "$MODEL" maker/tiny-base

i=0
while [ $i -lt 24 ]; do
  echo "{\"question\": \"In the light number $i,\", \"choices\": [\"And God said\", \"x = x +\", \"import os\", \"the king\"], \"answer\": $((i % 4))}"
  i=$((i + 1))
done >questions.jsonl
task() { # NAME SHOTS
  cat <<YAML
task: $1
dataset_path: json
dataset_kwargs: {data_files: {test: $work/questions.jsonl}}
test_split: test
fewshot_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
doc_to_choice: "{{choices}}"
num_fewshot: $2
metric_list: [{metric: acc}, {metric: acc_norm}]
metadata: {version: 1.5}
YAML
}
task tiny_mc 0 >tasks/tiny_mc.yaml
task tiny_two 2 >tasks/tiny_two.yaml
printf 'group: tiny_group\ntask: [tiny_mc, tiny_two]\naggregate_metric_list: [{metric: acc}]\n' >tasks/tiny_group.yaml
"$LM_EVAL" --model hf --model_args pretrained=maker/tiny-base,dtype=float32 --tasks tiny_group \
  --include_path tasks --output_path out --device cpu >printed.txt 2>&1
sed -n '/^hf (/,$p' printed.txt >"$here/lm_eval_tables.txt.new"
cp out/*/results_*.json "$here/results_groups.json.new"

cp "$GGUF" base-bf16.gguf
cp "$Q4" base-Q4_K_M.gguf
head -c 6000 "$TEXT" >text.txt
"$LLAMA/llama-perplexity" -m base-bf16.gguf -f text.txt -c 256 --kl-divergence-base base.kld >/dev/null 2>&1
cat >all.sh <<'SH'
llama-perplexity -m base-bf16.gguf -f text.txt -c 256 -t 2
llama-perplexity -m base-Q4_K_M.gguf -f text.txt -c 256 -t 2 --kl-divergence-base base.kld --kl-divergence
SH
PATH=$LLAMA:$PATH sh -x all.sh >"$here/llama_runs.log.new" 2>&1
echo 'compare the .new files with those here: times, processors and settings of the machine are cut out by hand'
