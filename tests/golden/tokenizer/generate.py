#!/usr/bin/env python3
"""Models with different tokenizers and what mergekit 0.1.5 makes of them, for tests/unit/test_vocab.

    python generate.py OUT        needs mergekit 0.1.5 and tokenizers, one thread, CPU

Writes the models a, b, c, d and expected.json: for every recipe the rows of embedding and head by
token (the ids that mergekit gives to tokens a union adds differ from run to run), the sizes, the
flags of added tokens. Values of the models are exact in bfloat16.
"""
import json
import os
import sys

import torch
import yaml
from safetensors.torch import load_file, save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

WIDTH = 8
LETTERS = sorted(pre_tokenizers.ByteLevel.alphabet())


def byte_level(letters, merges, added):
    vocab = {w: i for i, w in enumerate(letters)}
    for one, two in merges:
        vocab[one + two] = len(vocab)
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([AddedToken(a, special=True, normalized=False) for a in added])
    return t


def model(path, tok, seed, rows=0, tied=False, dtype=torch.float32, template=None):
    os.makedirs(path, exist_ok=True)
    rows = rows or tok.get_vocab_size()
    g = torch.Generator().manual_seed(seed)

    def weight(*shape):
        return (torch.randn(*shape, generator=g) * 0.25).to(torch.bfloat16).to(dtype)

    sd = {"model.embed_tokens.weight": weight(rows, WIDTH), "model.norm.weight": weight(WIDTH)}
    p = "model.layers.0."
    for k in "qkvo":
        sd[f"{p}self_attn.{k}_proj.weight"] = weight(WIDTH, WIDTH)
    sd[p + "mlp.gate_proj.weight"] = weight(16, WIDTH)
    sd[p + "mlp.up_proj.weight"] = weight(16, WIDTH)
    sd[p + "mlp.down_proj.weight"] = weight(WIDTH, 16)
    sd[p + "input_layernorm.weight"] = weight(WIDTH)
    sd[p + "post_attention_layernorm.weight"] = weight(WIDTH)
    if not tied:
        sd["lm_head.weight"] = weight(rows, WIDTH)
    save_file(sd, path + "/model.safetensors", metadata={"format": "pt"})
    v = tok.get_vocab()
    config = dict(architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=WIDTH,
                  intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
                  num_key_value_heads=2, vocab_size=rows, tie_word_embeddings=tied,
                  torch_dtype=str(dtype)[6:], bos_token_id=v["<s>"], eos_token_id=v["</s>"],
                  rms_norm_eps=1e-5, max_position_embeddings=64)
    tc = dict(tokenizer_class="PreTrainedTokenizerFast", bos_token="<s>", eos_token="</s>",
              clean_up_tokenization_spaces=False)
    if template:
        tc["chat_template"] = template
    for name, x in (("config", config), ("tokenizer_config", tc),
                    ("generation_config", dict(bos_token_id=v["<s>"], eos_token_id=[v["</s>"]]))):
        with open(f"{path}/{name}.json", "w") as f:
            json.dump(x, f, indent=1)
            f.write("\n")
    tok.save(path + "/tokenizer.json", pretty=False)


def make_models():
    few = list("abcdefgh")
    model("a", byte_level(few + ["Ġ"], [("a", "b"), ("c", "d"), ("ab", "cd")],
                          ["<s>", "</s>", "<pad>"]), 1, template="{% for m in messages %}A{% endfor %}")
    model("b", byte_level(["Ġ"] + few[::-1] + ["x"], [("c", "d"), ("x", "a"), ("e", "f")],
                          ["</s>", "<s>", "<|im_start|>", "<|im_end|>"]), 2, rows=24,
          template="{% for m in messages %}B{% endfor %}")
    model("c", byte_level(few[2:] + ["y", "a", "Ġ", "b"], [("e", "f"), ("c", "d"), ("y", "a")],
                          ["<s>", "</s>", "<|im_start|>", "<tool>"]), 3, tied=True,
          template="{% for m in messages %}B{% endfor %}\n")
    # its tokenizer has three tokens more than the embedding has rows
    model("d", byte_level(few + ["Ġ", "z"], [("a", "b"), ("g", "h")],
                          ["<s>", "</s>", "<tool>", "<late>"]), 4, rows=13,
          dtype=torch.bfloat16)


def linear(*names, **more):
    weights = [1.0, 0.5, 2.0, 0.25]
    return dict(merge_method="linear", models=[
        dict(model=n, parameters=dict(weight=weights[i])) for i, n in enumerate(names)], **more)


RULES = {
    "<pad>": {"source": {"kind": "zero"}, "force": True},
    "<|im_start|>": {"source": "c"},
    "<s>": {"source": {"kind": "model_token", "model": "b", "token": "</s>"}, "force": True},
    "<tool>": {"source": {"kind": "model_token", "model": "a", "token_id": 3}},
    "<brand new>": {"source": {"kind": "model_token", "model": "a", "token": "abcd"}},
    "xa": {"source": {"kind": "zero"}},
}
TASK = dict(merge_method="task_arithmetic", base_model="a", dtype="float32", models=[
    dict(model="a"), dict(model="b", parameters=dict(weight=0.5)),
    dict(model="c", parameters=dict(weight=0.25))])
CASES = {
    "union": linear("a", "b", "c", tokenizer_source="union", dtype="float32"),
    "union_based": dict(TASK, tokenizer_source="union"),
    "base": dict(TASK, tokenizer_source="base"),
    "model": linear("a", "b", tokenizer_source="b", dtype="float32"),
    "rules": dict(TASK, tokenizer=dict(source="union", tokens=RULES)),
    "padded": linear("a", "b", tokenizer=dict(source="union", pad_to_multiple_of=16),
                     dtype="float32"),
    "single": dict(merge_method="passthrough", models=[dict(model="b")],
                   tokenizer_source="union"),
    "stripped": dict(merge_method="linear", base_model="d", dtype="float32",
                     parameters=dict(weight=1.0), models=[dict(model="d"), dict(model="a")],
                     tokenizer_source="base"),
    "stripped_union": dict(merge_method="linear", base_model="d", dtype="float32",
                           parameters=dict(weight=1.0),
                           models=[dict(model="d"), dict(model="a"), dict(model="b")],
                           tokenizer_source="union"),
    "tied": linear("c", "a", tokenizer_source="union", dtype="float32"),
    "cut": dict(linear("a", "b", dtype="float32"), unsafe_truncate_embeddings=True),
    "stacked": dict(merge_method="passthrough", dtype="float32", tokenizer_source="union", slices=[
        dict(sources=[dict(model="a", layer_range=[0, 1])]),
        dict(sources=[dict(model="b", layer_range=[0, 1])])]),
    "template": linear("a", "b", "c", tokenizer_source="union", dtype="float32",
                       chat_template="auto"),
}


def run(name, recipe, out):
    from mergekit.config import MergeConfiguration
    from mergekit.merge import run_merge
    from mergekit.options import MergeOptions

    text = yaml.safe_dump(recipe, sort_keys=False)
    # without a base, mergekit's first model is that of an unordered set: the first listed is meant
    config = MergeConfiguration.model_validate(yaml.safe_load(text))
    names = config.referenced_models
    listed = [m.model for m in config.models or [x for s in config.slices for x in s.sources]]
    if config.base_model and config.base_model not in listed:
        listed.append(config.base_model)
    object.__setattr__(config, "referenced_models", lambda: listed)
    run_merge(config, out, MergeOptions(quiet=True, write_model_card=False,
                                       unsafe_truncate_embeddings=name == "cut"))
    sd = load_file(out + "/model.safetensors")
    with open(out + "/config.json") as f:
        saved = json.load(f)
    r = dict(recipe=text, tensors=sorted(sd), vocab_size=saved["vocab_size"])
    tok = Tokenizer.from_file(out + "/tokenizer.json")
    vocab = tok.get_vocab()
    embed, head = sd["model.embed_tokens.weight"].float(), sd.get("lm_head.weight")
    r["rows"] = embed.shape[0]
    if name == "cut":
        r["by_row"] = [dict(embed=embed[i].tolist(), head=head[i].tolist())
                       for i in range(embed.shape[0])]
        return r
    with open(out + "/tokenizer.json") as f:
        added = {t["content"]: t for t in json.load(f)["added_tokens"]}
    r["tokens"] = {}
    for t, i in sorted(vocab.items(), key=lambda x: x[1]):
        one = dict(embed=embed[i].tolist(), added=t in added,
                   special=bool(added.get(t, {}).get("special")))
        if head is not None:
            one["head"] = head[i].float().tolist()
        r["tokens"][t] = one
    if len(vocab) < embed.shape[0]:
        r["pad"] = dict(embed=embed[-1].tolist(), head=head[-1].float().tolist())
    if os.path.exists(out + "/chat_template.jinja"):
        with open(out + "/chat_template.jinja") as f:
            r["chat_template"] = f.read()
    return r


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    os.chdir(sys.argv[1])
    torch.set_num_threads(1)
    make_models()
    expected = {}
    for name, recipe in CASES.items():
        import shutil
        import tempfile
        out = tempfile.mkdtemp()
        print(name, file=sys.stderr)
        expected[name] = run(name, recipe, out)
        shutil.rmtree(out)
    with open("expected.json", "w") as f:
        json.dump(expected, f, indent=0, ensure_ascii=True)
        f.write("\n")


main()
