"""Golden data of written MLX folders; never run by `make check`.

    python gen_mlx_files.py TOKENIZER_FOLDER files.json mlx_files.json

For the formula models of files.json (gen_files.py), converts with mlx_lm and records of every array
its dtype, its shape and the first half of the XXH3-128 of its bytes, and config.json's
"quantization".
"""
import json
import os
import shutil
import sys
import tempfile

import numpy as np
import xxhash
from mlx_lm.convert import convert

tokenizer, source, out = sys.argv[1:]
FAMILIES = ["llama", "qwen3", "granitehybrid"]
PRESETS = {
    "q4": dict(q_bits=4, q_group_size=64),
    "q8-hi": dict(q_bits=8, q_group_size=32),
    "mxfp4": dict(q_mode="mxfp4"),
    "nvfp4": dict(q_mode="nvfp4"),
    "mixed_3_6": dict(quant_predicate="mixed_3_6", q_group_size=64),
}
M32 = 0xFFFFFFFF


def weights(name, n):
    """As in gen_files.py and tests/unit/formula.h."""
    h = 0x811C9DC5
    for b in name.encode():
        h = ((h ^ b) * 0x01000193) & M32
    with np.errstate(over="ignore"):
        x = np.arange(n, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(h)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x7FEB352D)
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x846CA68B)
        x ^= x >> np.uint32(16)
    value = (x >> np.uint32(24)).astype(np.int32) - 128
    down = 10 + (x & np.uint32(3)).astype(np.int32)
    down -= np.where((x >> np.uint32(2)) & np.uint32(63), 0, 4).astype(np.int32)
    f = (value * np.exp2(-down.astype(np.float64))).astype(np.float32)
    return (f.view(np.uint32) >> np.uint32(16)).astype("<u2")


def store(path, tensors):
    header, data, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape in tensors:
        w = weights(name, int(np.prod(shape))).tobytes()
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + len(w)]}
        data.append(w)
        at += len(w)
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + b"".join(data))


def plain(v):
    """files.json writes what JSON has no number for as an object."""
    if isinstance(v, dict):
        return float(v["__float__"]) if "__float__" in v else {k: plain(x) for k, x in v.items()}
    return [plain(x) for x in v] if isinstance(v, list) else v


def arrays(folder):
    found = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".safetensors"):
            continue
        raw = open(f"{folder}/{name}", "rb").read()
        n = int.from_bytes(raw[:8], "little")
        for key, v in json.loads(raw[8 : 8 + n]).items():
            if key != "__metadata__":
                a, b = v["data_offsets"]
                h = xxhash.xxh3_128_hexdigest(raw[8 + n + a : 8 + n + b])
                found.append([key, v["dtype"], v["shape"], h[:16]])
    return sorted(found)


made = {}
models = json.load(open(source))
for family in FAMILIES:
    of = models[family]
    with tempfile.TemporaryDirectory() as tmp:
        hf = f"{tmp}/hf"
        os.mkdir(hf)
        for f in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(f"{tokenizer}/{f}", hf)
        json.dump(plain(of["config"]), open(f"{hf}/config.json", "w"))
        store(f"{hf}/model.safetensors", of["tensors"])
        made[family] = {}
        for preset, how in PRESETS.items():
            try:
                convert(hf, mlx_path=f"{tmp}/{preset}", quantize=True, **how)
            except Exception as why:
                print("left out:", family, preset, why, file=sys.stderr)
                continue
            config = json.load(open(f"{tmp}/{preset}/config.json"))
            made[family][preset] = {"quantization": config["quantization"], "arrays": arrays(f"{tmp}/{preset}")}
json.dump(made, open(out, "w"), separators=(",", ":"))
