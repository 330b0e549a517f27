"""Golden data of ggml's block formats, from vectors that ggml itself made; never run by `make check`.

    python blocks.py QUANT_VECTORS_JSON OUT_DIR

blocks.json: the inputs and importances (base64 float32, little endian) and, of each type, cases
[input, importance or null, stored bytes as base64, FNV-1a of what ggml decodes them to]. In the
hash every NaN is 7FC00000 and every -0.0 is 0.0.
"""
import base64
import json
import sys

import numpy as np

SKIPPED = {"Q8_K"}  # never stored in files


def fnv(data):
    h = 0xCBF29CE484222325
    for b in data:
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def decoded_hash(text):
    u = np.frombuffer(base64.b64decode(text), "<u4").copy()
    u[(u & 0x7FFFFFFF) > 0x7F800000] = 0x7FC00000
    u[u == 0x80000000] = 0
    return fnv(u.tobytes())


def main(vectors, out):
    v = json.load(open(vectors))
    doc = {
        "inputs": {k: i["f32"] for k, i in v["inputs"].items()},
        "importance": {k: i["f32"] for k, i in v["imatrix"].items()},
        "types": {
            t: [[c["input"], c["imatrix"], c["q"], decoded_hash(c["deq"])] for c in g["cases"]]
            for t, g in v["ggml"].items()
            if t not in SKIPPED
        },
    }
    with open(out + "/blocks.json", "w") as f:
        json.dump(doc, f, separators=(",", ":"))
        f.write("\n")


main(sys.argv[1], sys.argv[2])
