"""Golden data of the MLX encoders; never run by `make check`.

    python generate_mlx.py QUANT_VECTORS_JSON OUT_DIR

QUANT_VECTORS_JSON holds rows quantized by MLX 0.32.4 on a CPU (base64, little endian). Rows of the
halves (bf16, f16) and edge values are quantized here by the installed MLX and kept as FNV-1a
hashes, one for codes, scales and biases each.
"""
import base64
import json
import sys

import mlx.core as mx
import numpy as np

mx.set_default_device(mx.cpu)
DTYPES = {"f32": mx.float32, "bf16": mx.bfloat16, "f16": mx.float16}


def fnv(data):
    h = 0xCBF29CE484222325
    for b in bytes(data):
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def raw(a):
    if a.dtype == mx.bfloat16:
        a = a.view(mx.uint16)
    return np.array(a).tobytes()


def edges():
    """Groups around powers of two, where logarithms and midpoints decide, and lopsided ones."""
    rng = np.random.default_rng(5)
    rows = []
    for k in range(-20, 12):
        for step in (-2, -1, 0, 1, 2, 3):
            top = np.nextafter(np.float32(2.0**k * 6), np.float32(step * 1e30)) if step else 2.0**k * 6
            row = rng.uniform(-1, 1, 128).astype(np.float32) * np.float32(top)
            row[7] = top * (1 + step * 2**-23)
            rows.append(row)
    for k in range(32):
        row = np.full(128, 2.0 ** (k - 20), np.float32) * rng.choice([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5, 6], 128)
        rows.append(np.where(rng.random(128) < 0.5, row, -row).astype(np.float32))
    for k in range(-13, 12):
        row = np.zeros(128, np.float32)
        row[::32] = 2.0**k * 6 * (1 + np.array([1, 3, 7, 12]) * 2.0**-8)
        rows += [row, row * np.float32(448 / 6)]
    rows += [rng.normal(1, 1e-3, 128), rng.normal(-1, 1e-3, 128), rng.normal(0, 3e-8, 128),
             np.full(128, 5.0), np.full(128, -5.0), np.zeros(128), -np.zeros(128),
             rng.lognormal(0, 3, 128), np.linspace(-1, 1, 128), rng.normal(0, 1e4, 128)]
    return np.clip(np.array(rows, np.float32), -60000, 60000)


def case(mode, bits, group, dtype, name, x):
    w = mx.array(x).astype(DTYPES[dtype]).reshape(-1, group * (128 // group) if x.ndim > 1 else x.size)
    out = mx.quantize(w, group_size=group, bits=bits, mode=mode)
    return {"mode": mode, "bits": bits, "group": group, "dtype": dtype, "input": name,
            "w": fnv(raw(out[0])), "scales": fnv(raw(out[1])),
            "biases": fnv(raw(out[2])) if len(out) > 2 else None}


def main():
    vectors = json.load(open(sys.argv[1]))
    given, cases = {}, []
    for name, v in vectors["inputs"].items():
        given[name] = v["f32"] if isinstance(v, dict) else v
    for c in vectors["mlx"]:
        x = np.frombuffer(base64.b64decode(given[c["input"]]), "<f4")
        made = case(c["mode"], c["bits"], c["group"], c["dtype"], c["input"], x)
        for key in ("w", "scales", "biases"):
            kept = c[key] and fnv(base64.b64decode(c[key]))
            if kept != made[key]:
                print("the stored vector and this MLX differ:", c["mode"], c["dtype"], c["input"], key)
            made[key] = kept
        cases.append(made)
    x = edges()
    given["edges"] = base64.b64encode(x.astype("<f4").tobytes()).decode()
    for dtype in DTYPES:
        for bits in (2, 3, 4, 5, 6, 8):
            for group in (32, 64, 128):
                cases.append(case("affine", bits, group, dtype, "edges", x))
        for mode, bits, group in (("mxfp4", 4, 32), ("mxfp8", 8, 32), ("nvfp4", 4, 16)):
            cases.append(case(mode, bits, group, dtype, "edges", x))
    used = {c["input"] for c in cases}
    json.dump({"inputs": {k: v for k, v in given.items() if k in used}, "cases": cases},
              open(sys.argv[2] + "/mlx_encode.json", "w"), indent=0, sort_keys=True)


main()
