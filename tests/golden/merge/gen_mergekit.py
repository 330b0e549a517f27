#!/usr/bin/env python3
"""Whole merges by mergekit 0.1.5 on one CPU thread with a seed, for --arithmetic mergekit and --rng
mergekit: models made by an integer hash that the test repeats, of each output tensor a digest of its
bits. Sorting is made stable, because mergekit leaves the order of equal magnitudes open; breadcrumbs
stand in float32 alone, where there are none.
usage: gen_mergekit.py > mergekit.json   (a python with mergekit; never run by make check)"""
import json
import os
import tempfile

import numpy as np
import torch
import yaml
from mergekit.config import MergeConfiguration
from mergekit.merge import run_merge
from mergekit.options import MergeOptions
from safetensors.torch import load_file, save_file

HIDDEN, INNER, WORDS, SEED = 40, 100, 7000, 1234
TENSORS = [("model.embed_tokens.weight", (WORDS, HIDDEN)), ("model.norm.weight", (HIDDEN,))]
TENSORS += [(f"model.layers.0.{n}.weight", s) for n, s in (
    ("self_attn.q_proj", (40, HIDDEN)), ("self_attn.k_proj", (20, HIDDEN)), ("self_attn.v_proj", (20, HIDDEN)),
    ("self_attn.o_proj", (HIDDEN, 40)), ("mlp.gate_proj", (INNER, HIDDEN)), ("mlp.up_proj", (INNER, HIDDEN)),
    ("mlp.down_proj", (HIDDEN, INNER)), ("input_layernorm", (HIDDEN,)), ("post_attention_layernorm", (HIDDEN,)))]
CONFIG = dict(architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=HIDDEN, intermediate_size=INNER,
              num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, head_dim=20, vocab_size=WORDS,
              tie_word_embeddings=True)
M32 = np.uint64(0xFFFFFFFF)
W = [0.6, 0.4, -0.3, 0.25, 0.9, 0.15]
D = [0.53, 0.3, 0.7, 0.2, 0.6, 0.4]


def mix(x):
    x = x & M32
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x7FEB352D)) & M32
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(0x846CA68B)) & M32
    return x ^ (x >> np.uint64(16))


def values(n, which):
    i = np.arange(n, dtype=np.uint64)
    return mix(mix(i) + np.uint64(which * 7919 + 1)) * 2.0 ** -32 - 0.5


def model(m, dtype):
    out = {}
    for t, (name, shape) in enumerate(TENSORS):
        n = int(np.prod(shape))
        v = values(n, 100 * t) * 0.2 + (values(n, 100 * t + m) * 0.02 if m else 0)
        out[name] = torch.from_numpy(v.astype(np.float32)).to(dtype).reshape(shape).contiguous()
    return out


def digest(t):
    u = t.float().numpy().reshape(-1).copy()
    u[u == 0] = 0
    u = u.view(np.uint32).astype(np.uint64)
    i = np.arange(u.size, dtype=np.uint64)
    with np.errstate(over="ignore"):
        s = ((u + np.uint64(1)) * ((i * np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1))).sum(dtype=np.uint64)
    return f"{int(s):016x}"


def recipe(method, k, params=(), each=(), top=()):
    base = method not in ("linear", "passthrough")
    c = dict(top, merge_method=method)
    if base:
        c["base_model"] = "{0}"
    c["models"] = []
    for i in range(k):
        p = {n: v[i] for n, v in dict(each).items()}
        if method != "passthrough":
            p["weight"] = W[i]
        c["models"].append({"model": "{%d}" % (i + 1), "parameters": p})
    if params:
        c["parameters"] = dict(params)
    return yaml.safe_dump(c, sort_keys=False, default_flow_style=None)


R = [recipe("linear", 5), recipe("linear", 3, {"normalize": False}),
     recipe("passthrough", 1, (), {"scale": [0.7]}),
     recipe("task_arithmetic", 3, {"normalize": True, "lambda": 0.8}),
     recipe("task_arithmetic", 6, {"normalize": True}),
     recipe("dare_ties", 3, {"normalize": True}, {"density": [0.37, 1.0, 0.2]}),
     recipe("dare_linear", 6, {"lambda": 1.3}, {"density": D}),
     recipe("dare_linear", 2, {"rescale": False},
            {"density": [[0.3, 0.8], [{"filter": "mlp", "value": 0.5}, {"value": 1.0}]]}),
     recipe("ties", 3, {"rescale": True, "lambda": 0.9}, {"density": D}), recipe("ties", 6, (), {"density": D}),
     recipe("della", 3, (), {"density": D, "epsilon": [0.1] * 6}),
     recipe("della_linear", 2, {"normalize": True}, {"density": [0.5, 0.0], "epsilon": [0.15] * 2})]
FLOAT32 = [recipe(m, 3, {"rescale": True}, {"density": D, "gamma": [0.1, 0.01, 0.05]})
           for m in ("breadcrumbs", "breadcrumbs_ties")]
CASES = [(d, r) for d in ("float32", "bfloat16", "float16") for r in R] + [("float32", r) for r in FLOAT32]
CASES += [("float32", recipe("dare_ties", 2, (), {"density": D}, {"dtype": "bfloat16"})),
          ("bfloat16", recipe("dare_ties", 2, (), {"density": D}, {"dtype": "float32", "out_dtype": "bfloat16"}))]


def main():
    torch.set_num_threads(1)
    sort = torch.sort

    def stable(t, dim=-1, descending=False):
        return sort(t, dim=dim, descending=descending, stable=True).indices
    torch.argsort = torch.Tensor.argsort = stable
    cases = []
    with tempfile.TemporaryDirectory() as d:
        for dtype in ("float32", "bfloat16", "float16"):
            for m in range(7):
                os.makedirs(f"{d}/{dtype}{m}")
                save_file(model(m, getattr(torch, dtype)), f"{d}/{dtype}{m}/model.safetensors",
                          metadata={"format": "pt"})
                json.dump(dict(CONFIG, torch_dtype=dtype), open(f"{d}/{dtype}{m}/config.json", "w"))
        for i, (dtype, text) in enumerate(CASES):
            y = text
            for m in range(7):
                y = y.replace("'{%d}'" % m, f"{d}/{dtype}{m}")
            run_merge(MergeConfiguration.model_validate(yaml.safe_load(y)), f"{d}/out{i}", MergeOptions(
                random_seed=SEED, copy_tokenizer=False, write_model_card=False, quiet=True, num_threads=1))
            out = load_file(f"{d}/out{i}/model.safetensors")
            cases.append({"dtype": dtype, "recipe": text, "digests": {n: digest(out[n]) for n, _ in TENSORS}})
    print('{"seed": %d, "config": %s,\n "tensors": %s,\n "cases": [' % (
        SEED, json.dumps(CONFIG), json.dumps([[n, list(s)] for n, s in TENSORS])))
    print(",\n".join(json.dumps(c) for c in cases))
    print("]}")


main()
