"""Golden data of written GGUF files; never run by `make check`.

    python gen_files.py ZOO LLAMA_CPP_SOURCE LLAMA_QUANTIZE OUT.json

For small models of four families, whose weights are a formula of name and place (tests/unit/
formula.h has the same one), converts with llama.cpp's converter and quantizes with its
llama-quantize, and records of every tensor its type, its dimensions and the XXH3-128 of its bytes.
The configs are those of the small trained models in ZOO; the tokenizer is theirs too, so the
converter is told the name of its pre-tokenizer.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import xxhash
from safetensors import safe_open

zoo, source, quantize, out = sys.argv[1:]
MODELS = {"llama": "base", "qwen3": "qwen3", "granite": "granite", "granitehybrid": "hybrid"}
TYPES = ["Q8_0", "Q4_0", "Q4_K_M", "Q3_K_M", "Q2_K", "Q6_K", "Q5_K_M", "IQ4_XS"]
M32 = 0xFFFFFFFF

CONVERT = r"""
import sys
sys.path.insert(0, sys.argv[1]); sys.path.insert(0, sys.argv[1] + "/gguf-py")
from conversion.base import TextModel
TextModel.get_vocab_base_pre = lambda self, tokenizer: "gpt-2"
top = sys.argv[1]
sys.argv = ["convert_hf_to_gguf.py", sys.argv[2], "--outtype", "bf16", "--outfile", sys.argv[3]]
import runpy
runpy.run_path(top + "/convert_hf_to_gguf.py", run_name="__main__")
"""


def fnv32(name):
    h = 0x811C9DC5
    for b in name.encode():
        h = ((h ^ b) * 0x01000193) & M32
    return h


def weights(name, n):
    """bf16 bits: an eight-bit number times a power of two, by place; one in 64 is sixteen-fold."""
    with np.errstate(over="ignore"):
        x = np.arange(n, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(fnv32(name))
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


def folder(family, dst):
    src = f"{zoo}/{MODELS[family]}"
    for f in ("config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        shutil.copy(f"{src}/{f}", dst)
    with safe_open(f"{src}/model.safetensors", "pt") as f:
        shapes = [[k, list(f.get_slice(k).get_shape())] for k in sorted(f.keys())]
    header, data, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape in shapes:
        w = weights(name, int(np.prod(shape))).tobytes()
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + len(w)]}
        data.append(w)
        at += len(w)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{dst}/model.safetensors", "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + b"".join(data))
    return json.load(open(f"{src}/config.json")), shapes


def tensors(path):
    import gguf

    found = []
    for t in gguf.GGUFReader(path).tensors:
        found.append([t.name, t.tensor_type.name, [int(d) for d in t.shape],
                      xxhash.xxh3_128_hexdigest(np.ascontiguousarray(t.data).tobytes())])
    return found


def imatrix(path, plain):
    """A made-up one: importance grows along a row and differs from tensor to tensor."""
    import gguf

    w = gguf.GGUFWriter(path, "imatrix")
    w.add_type("imatrix")
    w.add_array("imatrix.datasets", ["made-up"])
    w.add_uint32("imatrix.chunk_count", 4)
    w.add_uint32("imatrix.chunk_size", 512)
    for t in gguf.GGUFReader(plain).tensors:
        if not t.name.startswith("blk.") or not t.name.endswith(".weight") or len(t.shape) < 2:
            continue
        columns, many = int(t.shape[0]), int(t.shape[2]) if len(t.shape) > 2 else 1
        place = np.arange(columns * many, dtype=np.float32) % 31
        w.add_tensor(t.name + ".in_sum2", (place + np.float32(1 + fnv32(t.name) % 5)).reshape(many, columns) * np.float32(512))
        w.add_tensor(t.name + ".counts", np.full((many, 1), 512, np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main():
    made = {}
    with tempfile.TemporaryDirectory() as tmp:
        for family in MODELS:
            hf, plain = f"{tmp}/{family}", f"{tmp}/{family}.gguf"
            os.mkdir(hf)
            config, shapes = folder(family, hf)
            subprocess.run([sys.executable, "-c", CONVERT, source, hf, plain], check=True, stdout=subprocess.DEVNULL)
            made[family] = {"config": config, "tensors": shapes, "files": {"BF16": tensors(plain)}}
            for t in TYPES:
                subprocess.run([quantize, plain, f"{tmp}/q.gguf", t, "2"], check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                made[family]["files"][t] = tensors(f"{tmp}/q.gguf")
            imatrix(f"{tmp}/i.gguf", plain)
            for t in ("Q4_K_M", "IQ4_XS", "Q4_0"):
                subprocess.run([quantize, "--imatrix", f"{tmp}/i.gguf", plain, f"{tmp}/q.gguf", t, "2"], check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                made[family]["files"][t + " imatrix"] = tensors(f"{tmp}/q.gguf")
    json.dump(made, open(out, "w"), separators=(",", ":"))


main()
