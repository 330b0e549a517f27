#!/usr/bin/env python3
# Makes share/demo/measured.csv: what the demonstration family is worth, measured by transformers.
#   python3 measured.py SHARE/demo >SHARE/demo/measured.csv
# Contexts of 512 tokens, no BOS, at most 24 of them, float32; the second half is scored: positions
# 256 to 510 predict 257 to 511. perplexity: its standard error has the contexts as units. acc: how
# often the likeliest next token is the right one; its standard error too.
import math
import os
import sys

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

CONTEXT, CHUNKS = 512, 24
demo = sys.argv[1]


def weights(name):
    return {k: v.float() for k, v in load_file(os.path.join(demo, name, "model.safetensors")).items()}


def model(state):
    m = LlamaForCausalLM(LlamaConfig.from_pretrained(os.path.join(demo, "base")))
    m.load_state_dict(state, strict=False)
    m.tie_weights()
    return m.float().eval()


def measure(m, ids):
    nll, right = [], []
    n = min(CHUNKS, len(ids) // CONTEXT)
    with torch.no_grad():
        for c in range(n):
            x = torch.tensor([ids[c * CONTEXT:(c + 1) * CONTEXT]])
            logits = m(x).logits[0, 256:511]
            want = x[0, 257:512]
            nll.append(torch.nn.functional.cross_entropy(logits, want).item())
            right.append((logits.argmax(-1) == want).double().mean().item())
    return nll, right


def mean_se(v):
    mean = sum(v) / len(v)
    var = sum((x - mean) ** 2 for x in v) / (len(v) - 1)
    return mean, math.sqrt(var / len(v))


def main():
    tokenizer = Tokenizer.from_file(os.path.join(demo, "base", "tokenizer.json"))
    states = {name: weights(name) for name in ("base", "code", "kjv")}
    half = {k: (0.5 * states["code"][k] + 0.5 * states["kjv"][k]).bfloat16().float()
            for k in states["code"]}
    states["halfway"] = half
    print("model,task,metric,value,stderr,n")
    for name, state in states.items():
        m = model(state)
        for text in ("kjv", "code"):
            with open(os.path.join(demo, text + ".txt"), encoding="utf-8") as f:
                ids = tokenizer.encode(f.read(), add_special_tokens=False).ids
            nll, right = measure(m, ids)
            mean, se = mean_se(nll)
            acc, acc_se = mean_se(right)
            n = 255 * len(nll)
            print(f"{name},{text}.txt,perplexity,{math.exp(mean):.4f},{math.exp(mean) * se:.4f},{n}")
            print(f"{name},{text}.next,acc,{acc:.4f},{acc_se:.4f},{n}")


main()
