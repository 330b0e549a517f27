#!/usr/bin/env python3
"""Makes base, one, two .safetensors and figures.json: merges of small models in float64 and the
figures of the merge against each input. Needs numpy and safetensors; never run by the tests.

    python3 generate.py
"""
import json
import numpy as np
from safetensors.numpy import save_file

rng = np.random.default_rng(20240611)
SHAPES = {
    "model.embed_tokens.weight": (37, 48),
    "model.layers.0.self_attn.q_proj.weight": (48, 64),
    "model.layers.0.mlp.down_proj.weight": (31, 17),
    "model.layers.0.input_layernorm.weight": (48,),
    "model.layers.1.self_attn.q_proj.weight": (48, 64),
    "model.layers.1.mlp.down_proj.weight": (3, 5, 7),
    "model.layers.1.input_layernorm.weight": (1,),
    "model.norm.weight": (48,),
}
base, one, two = {}, {}, {}
for name, shape in SHAPES.items():
    b = rng.normal(0, 0.02, shape)
    # one is a close fine-tune (relative distance about 1e-4), two a far one
    base[name] = b.astype(np.float32)
    one[name] = (b + rng.normal(0, 2e-6, shape)).astype(np.float32)
    two[name] = (b + rng.normal(0, 4e-3, shape)).astype(np.float32)
two["model.layers.0.mlp.down_proj.weight"] = one["model.layers.0.mlp.down_proj.weight"].copy()
base["model.norm.weight"][:] = 0
one["model.norm.weight"][:] = 0
for n, m in (("base", base), ("one", one), ("two", two)):
    save_file(m, n + ".safetensors", metadata={"format": "pt"})

X = {n: {k: v.astype(np.float64) for k, v in m.items()} for n, m in
     (("base", base), ("one", one), ("two", two))}


def arc(a, b, t, limit):
    na, nb = np.linalg.norm(a), np.linalg.norm(b)
    c = np.clip((a * b).sum() / (max(na, 1e-7) * max(nb, 1e-7)), -1, 1)
    if limit(c):
        return (1 - t) * a + t * b
    th = np.arccos(c)
    # the angle of close tensors from their distance: arccos near 1 has lost half the digits
    if c > 0.99:
        ua, ub = a / na, b / nb
        th = 2 * np.arcsin(np.linalg.norm(ua - ub) / 2)
    if th < 1e-12:
        return (1 - t) * a + t * b
    return (np.sin((1 - t) * th) * a + np.sin(t * th) * b) / np.sin(th)


def merge(case, k):
    b, x, y = X["base"][k], X["one"][k], X["two"][k]
    m, p = case["method"], case
    if m == "linear":
        w = [p["w1"], p["w2"]]
        v = w[0] * x + w[1] * y
        return v / sum(w) if p.get("normalize", True) else v
    if m == "task_arithmetic":
        return b + p.get("lambda", 1.0) * (p["w1"] * (x - b) + p["w2"] * (y - b))
    if m == "slerp":
        return arc(b, y, p["t"], lambda c: abs(c) > 0.9995)
    if m == "nuslerp":
        t = p["w2"] / (p["w1"] + p["w2"])
        flat = lambda c: 1 - c * c <= 1e-16
        if p.get("base"):
            return b + arc(x - b, y - b, t, flat)
        return arc(x, y, t, flat)
    if m == "passthrough":
        return p["scale"] * x
    raise ValueError(m)


def figures(m, x, b):
    dm, dx = m - b, x - b
    n = lambda v: float(np.sqrt((v * v).sum()))
    div = lambda p, q: float(p / q) if q else None
    cos = div((m * x).sum(), n(m) * n(x))
    # 1 - cos without cancellation: half the squared distance of the unit vectors
    omc = None
    if n(m) and n(x):
        d = m / n(m) - x / n(x)
        omc = float((d * d).sum() / 2)
    return {"cosine": cos, "one_minus_cosine": omc, "relative_l2": div(n(m - x), n(x)),
            "delta_ratio": div(n(dm), n(dx)),
            "delta_cosine": div((dm * dx).sum(), n(dm) * n(dx)), "norm": n(m), "delta_norm": n(dm),
            "input_norm": n(x), "input_delta_norm": n(dx)}


CASES = [
    dict(method="linear", w1=1.4, w2=0.6),
    dict(method="linear", w1=0.7, w2=0.2, normalize=False),
    dict(method="task_arithmetic", w1=0.5, w2=0.25),
    dict(method="task_arithmetic", w1=1.5, w2=-0.5, **{"lambda": 0.8}),
    dict(method="slerp", t=0.3),
    dict(method="nuslerp", w1=1.4, w2=0.6),
    dict(method="nuslerp", w1=1.0, w2=1.0, base=True),
    dict(method="passthrough", scale=0.9),
]
out = []
for case in CASES:
    inputs = {"slerp": ["base", "two"], "passthrough": ["one"]}.get(case["method"], ["one", "two"])
    merged = {k: merge(case, k) for k in SHAPES}
    cat = lambda d: np.concatenate([d[k].ravel() for k in SHAPES])
    rows = {k: {i: figures(merged[k], X[i][k], X["base"][k]) for i in inputs} for k in SHAPES}
    total = {i: figures(cat(merged), cat(X[i]), cat(X["base"])) for i in inputs}
    out.append({"case": case, "inputs": inputs, "tensors": rows, "total": total})
json.dump(out, open("figures.json", "w"), indent=1)
