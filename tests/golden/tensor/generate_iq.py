"""Golden data of the grid formats; never run by `make check`.

    python generate_iq.py QUANT_VECTORS_JSON OUT_DIR

Blocks that ggml wrote with what it read back from them, and for every format a hash of 2048 blocks
of noise (xorshift64, as the test makes them; scales kept finite) decoded by the gguf package.
"""
import json
import sys

import numpy as np
from gguf import GGMLQuantizationType, quants

TYPES = "IQ2_XXS IQ2_XS IQ2_S IQ3_XXS IQ3_S IQ1_S IQ1_M".split()
BLOCKS = 2048


def fnv(data):
    h = 0xCBF29CE484222325
    for b in bytes(data):
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def noise(n):
    s, out = 88172645463325252, bytearray()
    for _ in range(n):
        s ^= (s << 13) & 0xFFFFFFFFFFFFFFFF
        s ^= s >> 7
        s ^= (s << 17) & 0xFFFFFFFFFFFFFFFF
        out.append(s >> 56)
    return out


def hashed(name, size):
    raw = np.frombuffer(noise(BLOCKS * size), np.uint8).reshape(BLOCKS, size).copy()
    raw[:, 55 if name == "IQ1_M" else 1] &= 0x3F  # no infinite scale
    t = GGMLQuantizationType[name]
    x = quants.dequantize(raw, t).astype("<f4") + np.float32(0)  # no negative zeros
    return fnv(x.tobytes())


def main(vectors, out):
    ggml = json.load(open(vectors))["ggml"]
    made = {t: {"noise": hashed(t, ggml[t]["bytes"]),
                "cases": [{k: c[k] for k in ("input", "q", "deq")} for c in ggml[t]["cases"]
                          if c["input"] != "overflow"]} for t in TYPES}
    json.dump(made, open(out + "/iq.json", "w"), separators=(",", ":"))


main(sys.argv[1], sys.argv[2])
