#!/usr/bin/env python3
"""How far the files of cupel and of mergekit lie from the exact merge, for every method: the same
bfloat16 inputs, the same masks, an evaluation in float64 from the formulas alone. Prints a table and
exits 1 if cupel is further away anywhere. `make bench-accuracy PEER_PYTHON=…` with mergekit 0.1.5.
usage: accuracy.py CUPEL DIR"""
import json
import os
import subprocess
import sys

import numpy as np
import torch
import yaml
from mergekit.config import MergeConfiguration
from mergekit.merge import run_merge
from mergekit.options import MergeOptions
from safetensors.torch import load_file, save_file

CUPEL, DIR = sys.argv[1:3]
SEED, HIDDEN, INNER, WORDS = 11, 192, 384, 900
W = [0.6, 0.5, -0.2]
DENSITY, GAMMA, EPSILON = [0.5, 0.3, 0.7], [0.05, 0.02, 0.1], [0.1, 0.15, 0.2]


def shapes():
    t = {"model.embed_tokens.weight": (WORDS, HIDDEN), "model.norm.weight": (HIDDEN,),
         "lm_head.weight": (WORDS, HIDDEN)}
    for n, s in (("self_attn.q_proj", (HIDDEN, HIDDEN)), ("self_attn.k_proj", (HIDDEN // 2, HIDDEN)),
                 ("self_attn.v_proj", (HIDDEN // 2, HIDDEN)), ("self_attn.o_proj", (HIDDEN, HIDDEN)),
                 ("mlp.gate_proj", (INNER, HIDDEN)), ("mlp.up_proj", (INNER, HIDDEN)),
                 ("mlp.down_proj", (HIDDEN, INNER)), ("input_layernorm", (HIDDEN,)),
                 ("post_attention_layernorm", (HIDDEN,))):
        t[f"model.layers.0.{n}.weight"] = s
    return t


def make_models():
    config = dict(architectures=["LlamaForCausalLM"], model_type="llama", hidden_size=HIDDEN,
                  intermediate_size=INNER, num_hidden_layers=1, num_attention_heads=4,
                  num_key_value_heads=2, vocab_size=WORDS, tie_word_embeddings=False,
                  torch_dtype="bfloat16")
    g = torch.Generator().manual_seed(1)
    base = {n: torch.randn(s, generator=g) * 0.02 + (1.0 if "norm" in n else 0.0) for n, s in shapes().items()}
    models = []
    for m in range(4):
        d = f"{DIR}/m{m}"
        os.makedirs(d, exist_ok=True)
        t = {n: (v + (torch.randn(v.shape, generator=g) * 0.002 if m else 0)).bfloat16() for n, v in base.items()}
        save_file(t, d + "/model.safetensors", metadata={"format": "pt"})
        json.dump(config, open(d + "/config.json", "w"))
        models.append({n: v.double().numpy() for n, v in t.items()})
    return models


# --- the exact merge: x[0] is the base (or the first model), float64 throughout ---

def angle(a, b):
    lengths = np.sqrt((a * a).sum(-1, keepdims=True) * (b * b).sum(-1, keepdims=True))
    c = np.clip((a * b).sum(-1, keepdims=True) / lengths, -1, 1)
    return np.arccos(c), c


def arc(a, b, t, straight):
    th, c = angle(a, b)
    flat = straight(c)
    s = np.where(flat, 1, np.sin(th))
    return np.where(flat, 1 - t, np.sin((1 - t) * th) / s) * a + np.where(flat, t, np.sin(t * th) / s) * b


def unit(v):
    return v / np.sqrt((v * v).sum())


def multislerp(xs, w):
    w = np.array(w) / sum(w)
    n = [np.sqrt((v * v).sum()) for v in xs]
    u = [v / (k + 1e-8) for v, k in zip(xs, n)]
    m = unit(sum(a * v for a, v in zip(w, u)))
    tau = sum(a * (v - (v * m).sum() * m) for a, v in zip(w, u))
    a = np.sqrt((tau * tau).sum()) + 1e-8
    return (m * np.cos(a) + tau * np.sin(a) / a) * (w * n).sum()


def karcher(xs):
    n = [np.sqrt((v * v).sum()) for v in xs]
    u = [v / k for v, k in zip(xs, n)]
    mu = unit(sum(u))
    for _ in range(10):
        t = 0 * mu
        for v in u:
            c = np.clip((mu * v).sum(), -1, 1)
            if np.arccos(c) >= 1e-5:
                t = t + np.arccos(c) / np.sin(np.arccos(c)) * (v - c * mu) / len(u)
        size = np.sqrt((t * t).sum())
        if size < 1e-5:
            break
        mu = unit(np.cos(size) * mu + np.sin(size) * t / size)
    return mu * np.mean(n)


def stock(x, rows):
    shape = x[0].shape
    v = [(k.reshape(-1, shape[-1]) if rows else k.reshape(1, -1)) for k in x]
    d, n = [k - v[0] for k in v[1:]], len(x) - 1
    c = np.mean([angle(d[i], d[j])[1] for i in range(n) for j in range(i + 1, n)], 0)
    t = n * c / (1 + (n - 1) * c)
    return (t * sum(v[1:]) / n + (1 - t) * v[0]).reshape(shape)


def kept(d, method, k, masks):
    """Which elements stay, and which lie at the edge with others of their magnitude."""
    n, a = d.size, np.abs(d).reshape(-1)
    if masks:
        return masks[k].reshape(d.shape), np.zeros(d.shape, bool)
    order = np.argsort(-a, kind="stable")
    target = int(DENSITY[k] * n)
    top = min(int(GAMMA[k] * n), n - target) if method.startswith("bread") else 0
    target = max(1, target) if method == "ties" else target
    m = np.zeros(n)
    m[order[top:top + target]] = 1
    edge = a == (a[order[top + target - 1]] if target else -1)
    edge |= (a == a[order[top]]) & (top > 0)
    return m.reshape(d.shape), edge.reshape(d.shape)


def task(x, method, p, masks):
    rows, edge = [], np.zeros(x[0].shape, bool)
    for k, v in enumerate(x[1:]):
        d = v - x[0]
        if method != "task_arithmetic":
            m, e = kept(d, method, k, masks)
            edge |= e
            y = d * m
            d = y * (np.abs(d).sum() / np.abs(y).sum()) if p.get("rescale") and np.abs(y).sum() else y
        rows.append(d * W[k])
    rows, w = np.array(rows), np.array(W[:len(x) - 1]).reshape((-1,) + (1,) * x[0].ndim)
    if method.endswith("ties") or method == "della":
        # float32 may see another sign where they cancel
        edge = edge | (np.abs(rows.sum(0)) < 1e-6 * np.abs(rows).sum(0))
        agree = np.sign(rows) == np.where(rows.sum(0) >= 0, 1, -1)
        r, div = (rows * agree).sum(0), (w * agree).sum(0)
        div = np.where(div == 0, 1, div)
    else:
        r, div = rows.sum(0), w.sum()
    return x[0] + (r / div if p.get("normalize") else r) * p.get("lambda", 1), edge


def sce(x, topk):
    d, edge = np.array([v - x[0] for v in x[1:]]), np.zeros(x[0].shape, bool)
    if topk < 1:
        var = d.var(0).reshape(-1)
        keep = int((var != 0).sum() * topk)
        order = np.argsort(-var, kind="stable")
        m = np.zeros(var.size)
        m[order[:keep]] = 1
        # float32 orders them: what it cannot tell apart is at the edge
        edge = np.isclose(var, var[order[keep - 1]], rtol=1e-5, atol=0).reshape(x[0].shape)
        d = d * m.reshape(x[0].shape)
    w = np.array([(v * v).mean() for v in d])
    w = np.ones(len(d)) / len(d) if w.sum() < 1e-6 else w / w.sum()
    w = w.reshape((-1,) + (1,) * x[0].ndim) * (np.sign(d) == np.where(d.sum(0) >= 0, 1, -1))
    return x[0] + (d * w).sum(0) / np.maximum(w.sum(0), 1e-6), edge


def ram(x, plus):
    d = np.array([v - x[0] for v in x[1:]])
    active = np.abs(d) > 1e-5
    count = active.sum(0)
    one, more = active & (count == 1), active & (count > 1)
    axes = tuple(range(1, d.ndim))
    rho = more.sum(axes) / np.maximum(one.sum(axes), 1e-5)
    f = (1 + 0.1 * np.clip(rho, 0, 0.2) if plus else np.ones(len(d))).reshape((-1,) + (1,) * x[0].ndim)
    return x[0] + (d * one * f + d * more / np.maximum(count, 1)).sum(0)


def fusion(x):
    def soft(v):
        e = np.exp(v - v.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True) + 1e-8
    p, q, d = soft(x[1]), soft(x[0]), x[1] - x[0]
    imp = np.abs(d) * (p * np.log(p / q)).sum(-1, keepdims=True)
    s = np.sort(imp.reshape(-1))
    q1, q2, q3 = (s[int(np.float32(k) * np.float32(s.size - 1))] for k in (.25, .5, .75))
    least = q2 + 1.5 * (q3 - q1)
    return x[0] + d * (imp >= least), np.isclose(imp, least, rtol=1e-5, atol=0)


def exact(x, method, p, masks):
    """The merged tensor, and elements that are anybody's choice."""
    none, n = np.zeros(x[0].shape, bool), len(x)
    w = np.array(W[:n])
    if method == "linear":
        return sum(a * v for a, v in zip(w, x)) / w.sum(), none
    if method == "passthrough":
        return x[0] * 0.7, none
    if method == "slerp":
        r = arc(x[0].reshape(-1), x[1].reshape(-1), 0.3, lambda c: np.abs(c) > 0.9995)
    elif method == "nuslerp":
        a, b = x[1] - x[0], x[2] - x[0]
        a, b = (a.reshape(-1), b.reshape(-1)) if p.get("nuslerp_flatten", True) else (a, b)
        r = arc(a, b, W[1] / (W[0] + W[1]), lambda c: 1 - c * c <= 1e-16).reshape(x[0].shape) + x[0]
    elif method == "multislerp":
        r = multislerp([v.reshape(-1) for v in x], w)
    elif method == "karcher":
        r = karcher([v.reshape(-1) for v in x])
    elif method == "model_stock":
        r = stock(x, p.get("filter_wise"))
    elif method == "nearswap":
        t = np.clip(0.001 / np.maximum(np.abs(x[0] - x[1]), 1e-6), 0, 1)
        r = t * x[1] + (1 - t) * x[0]
    elif method in ("ram", "ramplus_tl"):
        r = ram(x, method == "ramplus_tl")
    elif method == "sce":
        return sce(x, p.get("select_topk", 1.0))
    elif method == "arcee_fusion":
        return fusion(x)
    else:
        return task(x, method, p, masks)
    return r.reshape(x[0].shape), none


# --- masks: what mergekit drew, and what cupel draws with the same generator ---

class Recorder:
    def __init__(self):
        self.v, self.real = [], torch.bernoulli

    def __call__(self, p, *a, **k):
        m = self.real(p, *a, **k)
        self.v.append(m.double().numpy().copy())
        return m


def chances(x, method, k):
    if method.startswith("dare"):
        return torch.full(x[0].shape, DENSITY[k], dtype=torch.bfloat16)
    a = torch.from_numpy(np.abs(x[k + 1] - x[0])).reshape(x[0].shape if x[0].ndim > 1 else (1, -1))
    r = a.argsort(dim=1, stable=True).argsort(dim=1, stable=True).bfloat16() + 1
    low, high = r.min(1, keepdim=True).values, r.max(1, keepdim=True).values
    return (DENSITY[k] - EPSILON[k]) + ((r - low) / (high - low)).clamp(0, 1) * 2 * EPSILON[k]


def drawn(models, method):
    torch.manual_seed(SEED)
    return {n: [torch.bernoulli(chances([m[n] for m in models], method, k)).double().numpy().reshape(models[0][n].shape)
                for k in range(len(models) - 1)] for n in sorted(models[0])}


# --- rows ---

ROWS = [("linear", {}, (1, 2, 3), {}), ("passthrough", {}, (1,), {"scale": [0.7]}), ("slerp", {"t": 0.3}, (0, 1), None),
        ("nuslerp", {}, (0, 1, 2), {}), ("nuslerp", {"nuslerp_flatten": False}, (0, 1, 2), {}),
        ("multislerp", {}, (1, 2), {}), ("karcher", {}, (1, 2, 3), None), ("model_stock", {}, (0, 1, 2, 3), None),
        ("model_stock", {"filter_wise": True}, (0, 1, 2, 3), None), ("nearswap", {"t": 0.001}, (0, 1), None),
        ("arcee_fusion", {}, (0, 1), None), ("ram", {}, (0, 1, 2), None), ("ramplus_tl", {}, (0, 1, 2), None),
        ("sce", {}, (0, 1, 2, 3), None), ("sce", {"select_topk": 0.5}, (0, 1, 2, 3), None),
        ("task_arithmetic", {"lambda": 0.9}, (0, 1, 2, 3), {})]
ROWS += [(m, p, (0, 1, 2, 3), dict({"density": DENSITY}, **({"gamma": GAMMA} if m.startswith("bread") else
          {"epsilon": EPSILON} if m.startswith("della") else {})))
         for m, p in (("ties", {"normalize": True}), ("ties", {"normalize": True, "rescale": True}),
                      ("breadcrumbs", {"rescale": True}), ("breadcrumbs_ties", {}), ("dare_linear", {"rescale": True}),
                      ("dare_ties", {"rescale": True}), ("della", {"rescale": True, "normalize": True}),
                      ("della_linear", {"rescale": True}))]
BASELESS = ("linear", "passthrough", "multislerp", "karcher")


def recipe(method, params, inputs, each):
    c = {"merge_method": method, "dtype": "bfloat16", "out_dtype": "bfloat16", "models": []}
    if method not in BASELESS:
        c["base_model"] = f"{DIR}/m{inputs[0]}"
    for i in inputs:
        k = i if method in BASELESS else i - 1
        k -= 1 if method in BASELESS else 0
        one = {"model": f"{DIR}/m{i}"}
        if each is not None and k >= 0:
            one["parameters"] = {n: v[k] for n, v in each.items()}
            if method != "passthrough":
                one["parameters"]["weight"] = W[k]
        c["models"].append(one)
    if params:
        c["parameters"] = params
    return c


def run(label, c):
    path, out = f"{DIR}/recipe.yml", [f"{DIR}/{label}-mergekit", f"{DIR}/{label}-cupel"]
    yaml.safe_dump(c, open(path, "w"), sort_keys=False)
    torch.bernoulli = recorder = Recorder()
    run_merge(MergeConfiguration.model_validate(c), out[0], MergeOptions(random_seed=SEED, copy_tokenizer=False,
              write_model_card=False, quiet=True, num_threads=1))
    torch.bernoulli = recorder.real
    more = ["--seed", str(SEED), "--rng", "mergekit"] if c["merge_method"].startswith(("dare", "della")) else []
    done = subprocess.run([CUPEL, "--catalog", f"{DIR}/catalog.db", "merge", path, out[1], "--force"] + more,
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{label}: {done.stderr}")
    files = [{n: v.double().numpy() for n, v in load_file(o + "/model.safetensors").items()} for o in out]
    return files[0], files[1], recorder.v


def errors(file, reference):
    total = count = most = 0
    for n, (want, loose) in reference.items():
        e = np.abs(file[n] - want)[~loose]
        total, count, most = total + e.sum(), count + e.size, max(most, e.max() if e.size else 0)
    return total / count, most


def main():
    os.makedirs(DIR, exist_ok=True)
    torch.set_num_threads(1)
    models, worse = make_models(), 0
    print(f"{'method':<34}{'mean error':>24}{'largest error':>24}\n{'':<34}" + f"{'cupel':>12}{'mergekit':>12}" * 2)
    for method, params, inputs, each in ROWS:
        label = " ".join([method] + [f"{k}={v}" for k, v in params.items() if k not in ("t", "lambda")])
        theirs, ours, recorded = run(label.replace(" ", "-"), recipe(method, params, inputs, each))
        used = [models[i] for i in inputs]
        masks = [None, None]
        if recorded:
            k = len(inputs) - 1
            masks[0] = {n: [m.reshape(used[0][n].shape) for m in recorded[i * k:i * k + k]]
                        for i, n in enumerate(sorted(used[0]))}
            masks[1] = drawn(used, method)
        found = []
        for file, m in ((ours, masks[1]), (theirs, masks[0])):
            found.append(errors(file, {n: exact([u[n] for u in used], method, params, m and m[n]) for n in used[0]}))
        (a, b), (c, d) = found
        bad = a > c * (1 + 1e-9) or b > d * (1 + 1e-9)
        worse += bad
        print(f"{label:<34}{a:12.3e}{c:12.3e}{b:12.3e}{d:12.3e}{'  worse' if bad else ''}", flush=True)
    print("cupel is at least as close on every row" if not worse else f"cupel is further away on {worse} rows")
    return int(worse > 0)


sys.exit(main())
