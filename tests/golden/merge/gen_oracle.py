#!/usr/bin/env python3
"""Larger tensors than the vectors hold, evaluated in float64 with numpy from the formulas of the
methods (never run by make check). Inputs are made by an integer hash that the test repeats, so only
some outputs are stored: values at spread positions, the sum and the norm.
usage: gen_oracle.py > oracle.json"""
import json
import numpy as np

M32 = np.uint64(0xFFFFFFFF)


def mix(x):
    x = x & M32
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x7FEB352D)) & M32
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(0x846CA68B)) & M32
    return x ^ (x >> np.uint64(16))


def values(n, which):
    """Uniform in [-0.5, 0.5)."""
    i = np.arange(n, dtype=np.uint64)
    return mix(mix(i) + np.uint64(which * 7919 + 1)) * 2.0 ** -32 - 0.5


def tensor(n, k, coarse):
    """Input 0 is the base; the others are it plus a change. coarse: changes share few magnitudes."""
    base = (values(n, 0) * 0.2).astype(np.float32).astype(np.float64)
    if coarse:
        base = np.round(base * 1024) / 1024
    if k == 0:
        return base.astype(np.float32)
    change = values(n, k) * 0.02
    if coarse:
        change = np.round(change * 1024) / 1024
    return (base + change).astype(np.float32)


def philox(seed, name_hash, index, n):
    """Philox4x32-10; see src/base/rng.c for the layout of key and counter."""
    q = np.arange((n + 3) // 4, dtype=np.uint64)
    one = np.ones_like(q)
    c = [one * np.uint64(name_hash & 0xFFFFFFFF), one * np.uint64(name_hash >> 32),
         (q >> np.uint64(32) << np.uint64(16)) | np.uint64(index), q & M32]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), p1 & M32,
             (p0 >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), p0 & M32]
        k0 = (k0 + 0x9E3779B9) & 0xFFFFFFFF
        k1 = (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, 1).reshape(-1)[:n] >> np.uint64(8)


def pair(a, b, t, floor):
    """Factors of a spherical step, per row of two matrices."""
    na = np.maximum(np.sqrt((a * a).sum(-1, keepdims=True)), floor)
    nb = np.maximum(np.sqrt((b * b).sum(-1, keepdims=True)), floor)
    c = np.clip((a / na * (b / nb)).sum(-1, keepdims=True), -1, 1)
    flat = 1 - c * c <= 1e-16
    th = np.arccos(np.where(flat, 0, c))
    s = np.where(flat, 1, np.sin(th))
    return (np.where(flat, 1 - t, np.sin((1 - t) * th) / s),
            np.where(flat, t, np.sin(t * th) / s), c)


def nuslerp(x, p, shape, base):
    w1, w2 = p["weight"]
    t = .5 if abs(w1 + w2) < 1e-6 else w2 / (w1 + w2)
    a, b = (x[1] - x[0], x[2] - x[0]) if base else (x[0], x[1])
    a, b = a.reshape(shape), b.reshape(shape)
    turn = False
    if p.get("nuslerp_flatten", 1) or a.ndim < 2:
        a, b = a.reshape(1, -1), b.reshape(1, -1)
    elif p.get("nuslerp_row_wise", 0):
        a, b, turn = np.swapaxes(a, 0, -1), np.swapaxes(b, 0, -1), True
    fa, fb, _ = pair(a, b, t, 1e-7)
    r = fa * a + fb * b
    r = (np.swapaxes(r, 0, -1) if turn else r).reshape(-1)
    return r + x[0] if base else r


def slerp(x, p):
    a, b, t = x[0], x[1], p["t"]
    fa, fb, c = pair(a[None], b[None], t, 1e-8)
    if abs(c[0, 0]) > .9995:
        return (1 - t) * a + t * b
    return (fa * a[None] + fb * b[None])[0]


def ranked(d, density, eps, shape):
    """della: below which number of 24 bits an element is kept, by its rank along dimension 1."""
    a = np.abs(d).reshape(shape if len(shape) > 1 else [1, -1])
    length = a.shape[1]
    rank = np.argsort(np.argsort(a, axis=1, kind="stable"), axis=1, kind="stable").astype(np.float64)
    p = (density - eps) + rank / (length - 1) * 2.0 * eps if length > 1 else np.full(a.shape, density)
    return np.ceil(p.astype(np.float32).astype(np.float64) * 2 ** 24).reshape(-1)


def task(x, p, method, n, shape):
    rows = []
    for k, w in enumerate(p["weight"]):
        # the cut and the sums act on differences as they are in float32
        d = (x[k + 1].astype(np.float32) - x[0].astype(np.float32)).astype(np.float64)
        density = p.get("density", [1] * 9)[k]
        if method == "ties" and density < 1:
            keep = max(1, int(density * n)) if density > 0 else 0
            m = np.zeros(n)
            m[np.argsort(-np.abs(d), kind="stable")[:keep]] = 1
        elif method.startswith("breadcrumbs") and density < 1:
            target, top = int(density * n), int(p["gamma"][k] * n)
            out = min(top, n - target)
            m = np.zeros(n)
            m[np.argsort(-np.abs(d), kind="stable")[out:out + target]] = 1
        elif method.startswith("dare") and density < 1:
            m = philox(int(p["seed"], 16), int(p["name_hash"], 16), k + 1, n) < np.ceil(float(np.float32(density)) * 2 ** 24)
        elif method.startswith("della") and density < 1:
            m = philox(int(p["seed"], 16), int(p["name_hash"], 16), k + 1, n) < ranked(d, density, p["epsilon"][k], shape)
        else:
            m = np.ones(n)
        y = d * m
        if p.get("rescale", 0) and density < 1 and np.abs(y).sum() >= 1e-7:
            y = y * (np.abs(d).sum() / np.abs(y).sum())
        rows.append(y * float(np.float32(w)))
    rows, w = np.array(rows), np.array(p["weight"], dtype=np.float32).astype(np.float64)
    if method.endswith("ties") or method == "della":
        keep = np.where(rows.sum(0) >= 0, 1, -1) == np.sign(rows)
        r, div = (rows * keep).sum(0), (w[:, None] * keep).sum(0)
        div[div == 0] = 1
    else:
        r, div = rows.sum(0), w.sum()
    if p.get("normalize", 0):
        r = r / div
    return x[0] + r * p.get("lambda", 1.0)


def changes(x):
    return np.array([(y.astype(np.float32) - x[0].astype(np.float32)).astype(np.float64) for y in x[1:]])


def ram(x, p, plus):
    d = changes(x)
    active = np.abs(d) > float(np.float32(p["epsilon"]))
    count = active.sum(0)
    lone, shared = active & (count == 1), active & (count > 1)
    f = np.ones(len(d))
    if plus:
        rho = shared.sum(1) / np.maximum(lone.sum(1), p["epsilon"])
        f = 1 + p["r"] * np.clip(rho, 0, p["alpha"])
    return x[0] + (d * lone * f[:, None] + d * shared / np.maximum(count, 1)).sum(0)


def sce(x, p):
    d = changes(x)
    if p["select_topk"] < 1:
        var = d.var(0).astype(np.float32)
        keep = np.zeros(var.size)
        keep[np.argsort(-var, kind="stable")[:int((var != 0).sum() * p["select_topk"])]] = 1
        d = d * keep
    w = (d * d).mean(1)
    w = np.ones(len(d)) / len(d) if w.sum() < 1e-6 else w / w.sum()
    w = w[:, None] * (np.where(d.sum(0) >= 0, 1, -1) == np.sign(d))
    return x[0] + (d * w).sum(0) / np.maximum(w.sum(0), 1e-6)


def fusion(x, shape):
    def soft(v):
        e = np.exp(v - v.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True) + 1e-8
    p, q = soft(x[1].reshape(shape)), soft(x[0].reshape(shape))
    kl = np.maximum((p * np.log(p / q)).sum(-1, keepdims=True), 0).astype(np.float32)
    # importances and their order are of float32
    d = x[1].astype(np.float32) - x[0].astype(np.float32)
    imp = (np.abs(d).reshape(shape) * kl).reshape(-1)
    order = np.sort(imp)
    q1, q2, q3 = (order[int(q * (imp.size - 1))] for q in (.25, .5, .75))
    least = q2 + np.float32(1.5) * (q3 - q1)
    return x[0] + np.where(imp >= least, d, 0).astype(np.float64)


def evaluate(c):
    n = int(np.prod(c["shape"]))
    p = c["params"]
    x = [tensor(n, k, c.get("coarse", False)).astype(np.float64) for k in range(c["inputs"])]
    m = c["method"]
    if m == "linear":
        w = np.array(p["weight"], dtype=np.float32).astype(np.float64)
        r = sum(a * b for a, b in zip(w, x))
        r = r / w.sum() if p["normalize"] else r
    elif m == "passthrough":
        r = x[0] * p["scale"][0]
    elif m == "nearswap":
        w = np.clip(p["t"] / np.maximum(np.abs(x[0] - x[1]), 1e-6), 0, 1)
        r = w * x[1] + (1 - w) * x[0]
    elif m == "slerp":
        r = slerp(x, p)
    elif m == "nuslerp":
        r = nuslerp(x, p, c["shape"], c["base"] >= 0)
    elif m in ("ram", "ramplus_tl"):
        r = ram(x, p, m == "ramplus_tl")
    elif m == "arcee_fusion":
        r = fusion(x, c["shape"])
    elif m == "sce":
        r = sce(x, p)
    else:
        r = task(x, p, m, n, c["shape"])
    at = [int(i) for i in np.unique(np.linspace(0, n - 1, 16).astype(int))]
    return {"at": at, "values": [float(r[i]) for i in at], "sum": float(r.sum()),
            "norm": float(np.sqrt((r * r).sum())), "max": float(np.abs(r).max())}


SHAPES = [[300, 257], [70001], [9, 33, 65], [3, 300001], [270001, 3], [2, 2, 140001]]
cases = []


def add(method, inputs, base, shapes=SHAPES, coarse=False, **params):
    for shape in shapes:
        cases.append({"method": method, "inputs": inputs, "base": base, "shape": shape,
                      "coarse": coarse, "params": params})


add("linear", 3, -1, weight=[0.5, 0.3, 0.4], normalize=1)
add("linear", 2, -1, weight=[1.5, -0.25], normalize=0)
add("slerp", 2, 0, t=0.35)
for flat, row in ((1, 0), (0, 0), (0, 1)):
    add("nuslerp", 2, -1, weight=[1.4, 0.6], nuslerp_flatten=flat, nuslerp_row_wise=row)
    add("nuslerp", 3, 0, weight=[0.3, 0.6], nuslerp_flatten=flat, nuslerp_row_wise=row)
add("task_arithmetic", 4, 0, weight=[0.4, -0.2, 0.9], normalize=1, **{"lambda": 1.1})
for coarse in (False, True):
    add("ties", 4, 0, coarse=coarse, weight=[0.5, 0.25, 0.75], density=[0.5, 0.2, 0.93], normalize=1)
    add("ties", 3, 0, coarse=coarse, weight=[1, -1], density=[0.001, 1], normalize=0, rescale=1)
add("dare_linear", 3, 0, weight=[0.5, 0.8], density=[0.37, 0.9], rescale=1, seed="7", name_hash="123456789ABCDEF0")
add("dare_ties", 4, 0, weight=[0.3, 0.1, 0.3], density=[0.3, 1, 0.1], rescale=1, normalize=1,
    seed="FEDCBA9876543210", name_hash="FFFFFFFF00000001")
for coarse in (False, True):
    add("breadcrumbs", 3, 0, coarse=coarse, weight=[0.5, 0.8], density=[0.4, 0.97], gamma=[0.02, 0.1])
    add("breadcrumbs_ties", 4, 0, coarse=coarse, weight=[1, 0.5, -0.3], density=[0.6, 1, 0.05],
        gamma=[0.0001, 0.1, 0.3], rescale=1, normalize=1)
ROWS = [[300, 257], [40003], [9, 33, 65], [70, 4096], [270001, 1], [3, 150001]]
for coarse in (False, True):
    add("della", 4, 0, coarse=coarse, weight=[0.3, 0.1, 0.3], density=[0.3, 1, 0.6], epsilon=[0.29, 0.15, 0.1],
        rescale=1, normalize=1, seed="FEDCBA9876543210", name_hash="FFFFFFFF00000001", shapes=ROWS)
    add("della_linear", 3, 0, coarse=coarse, weight=[0.5, 0.8], density=[0.5, 0.7], epsilon=[0.2, 0], rescale=1,
        seed="7", name_hash="123456789ABCDEF0", shapes=ROWS)
add("della", 3, 0, weight=[1, -1], density=[0.2, 0.8], epsilon=[0.1, 0.1], rescale=0, normalize=0, seed="1",
    name_hash="2", shapes=[[6, 2048], [3, 7, 11]])
add("ram", 4, 0, epsilon=0.006)
add("ramplus_tl", 4, 0, epsilon=0.006, r=0.3, alpha=1.5)
for coarse in (False, True):
    add("sce", 4, 0, coarse=coarse, select_topk=0.3)
add("sce", 3, 0, select_topk=1)
for coarse in (False, True):
    add("arcee_fusion", 2, 0, coarse=coarse, shapes=[[300, 257], [70001], [9, 33, 65], [3, 300001], [90, 4096]])
add("nearswap", 2, 0, t=0.004)
add("passthrough", 1, -1, scale=[0.75], shapes=SHAPES[:3])
print('{"cases":[')
print(",\n".join(json.dumps(dict(c, expected=evaluate(c)), separators=(",", ":")) for c in cases))
print("]}")
