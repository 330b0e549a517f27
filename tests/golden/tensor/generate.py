"""Golden data of the number formats, made with the formats' own tools; never run by `make check`.

    python generate.py QUANT_VECTORS_JSON OUT_DIR

QUANT_VECTORS_JSON holds blocks quantized and dequantized by ggml and MLX (base64, little endian).
floats.json is made with torch: FNV-1a hashes over all patterns, NaN replaced as the comment in
tests/unit/test_codec.c says.
"""
import json
import sys

import numpy as np
import torch

TYPES = "Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K Q8_K".split()


def fnv(data):
    h = 0xCBF29CE484222325
    for b in bytes(data):
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def canonical32(x):
    u = x.numpy().view(np.uint32).copy()
    u[(u & 0x7FFFFFFF) > 0x7F800000] = 0x7FC00000
    return u.astype("<u4").tobytes()


def decode_hash(dtype, bits):
    ints = {8: torch.uint8, 16: torch.uint16}[bits]
    raw = torch.arange(1 << bits, dtype=torch.int32).to(ints).view(dtype)
    return fnv(canonical32(raw.to(torch.float32)))


def encode_inputs():
    """Every sign, exponent and top-seven mantissa pattern with low halves around the ties."""
    high = np.arange(65536, dtype=np.uint32)[:, None] << 16
    low = np.array([0, 1, 0x0FFF, 0x1000, 0x1001, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)
    return (high | low[None, :]).reshape(-1)


def encode_hash(dtype):
    u = encode_inputs()
    u = u[(u & 0x7FFFFFFF) <= 0x7F800000]
    y = torch.from_numpy(u.view(np.float32).copy()).to(dtype)
    return fnv(y.view(torch.int16).numpy().astype("<i2").tobytes())


def promotions():
    names = ("bool uint8 int8 int16 uint16 int32 uint32 int64 uint64 float16 bfloat16 float32 "
             "float64 float8_e4m3fn float8_e5m2").split()
    rows = []
    for a in names:
        for b in names:
            try:
                t = str(torch.promote_types(getattr(torch, a), getattr(torch, b)))[6:]
            except Exception:
                t = None
            rows.append([a, b, t])
    return rows


def main(vectors, out):
    v = json.load(open(vectors))
    ggml = {}
    for t in TYPES:
        g = v["ggml"][t]
        cases = [c for c in g["cases"] if c["input"] != "overflow" and not c["imatrix"]]
        ggml[t] = [{k: c[k] for k in ("input", "q", "deq")} for c in cases]
    mlx = [m for m in v["mlx"] if m["mode"] == "affine"]
    mlx = [{k: m[k] for k in ("bits", "group", "dtype", "input", "w", "scales", "biases", "deq")}
           for m in mlx]
    json.dump({"ggml": ggml, "mlx": mlx}, open(out + "/quant.json", "w"), separators=(",", ":"))
    floats = {
        "decode": {
            "F16": decode_hash(torch.float16, 16),
            "BF16": decode_hash(torch.bfloat16, 16),
            "F8_E4M3": decode_hash(torch.float8_e4m3fn, 8),
            "F8_E5M2": decode_hash(torch.float8_e5m2, 8),
            "F8_E4M3FNUZ": decode_hash(torch.float8_e4m3fnuz, 8),
            "F8_E5M2FNUZ": decode_hash(torch.float8_e5m2fnuz, 8),
            "F8_E8M0": decode_hash(torch.float8_e8m0fnu, 8),
        },
        "encode": {"F16": encode_hash(torch.float16), "BF16": encode_hash(torch.bfloat16)},
        "promote": promotions(),
        "sizes": {k: [s["id"], s["block"], s["bytes"]] for k, s in v["meta"]["sizes"].items()},
    }
    json.dump(floats, open(out + "/floats.json", "w"), separators=(",", ":"))


main(sys.argv[1], sys.argv[2])
