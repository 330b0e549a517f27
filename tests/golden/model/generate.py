"""Small models as MLX and gguf-py write them, with what those tools read back; never run by `make check`.

    python generate.py OUT_DIR

mlx/              a folder of two layers, each module packed another way (MLX)
mlx.json          for each module: name, shape, text of the type, FNV-1a of float32 bytes
types.gguf        tensors of every type that is decoded, and keys of every type (gguf-py)
types.json        the same for its tensors, and the keys
"""
import json
import os
import sys

import mlx.core as mx
import numpy as np
from gguf import GGMLQuantizationType as Q
from gguf import GGUFWriter, quants


def fnv(x):
    h = 0xCBF29CE484222325
    for b in np.ascontiguousarray(x, dtype="<f4").tobytes():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def make_mlx(out):
    os.makedirs(f"{out}/mlx", exist_ok=True)
    rng = np.random.default_rng(1)
    arrays, want = {}, []
    config = {"model_type": "qwen3_moe", "num_hidden_layers": 2, "vocab_size": 64,
              "hidden_size": 128, "tie_word_embeddings": False,
              "quantization": {"group_size": 64, "bits": 4, "mode": "affine"}}

    def note(name, value, text):
        v = np.array(value.astype(mx.float32))
        want.append({"name": name, "shape": list(v.shape), "type": text, "fnv": fnv(v)})

    def add(path, shape, mode="affine", bits=4, group=64, dtype=mx.bfloat16, experts=None):
        w = mx.array(rng.normal(0, 0.05, shape).astype(np.float32)).astype(dtype)
        parts = mx.quantize(w, group_size=group, bits=bits, mode=mode)
        names = [".weight", ".scales", ".biases"]
        for n, p in zip(names, parts):
            arrays[path + n] = p
        back = mx.dequantize(*parts, group_size=group, bits=bits, mode=mode, dtype=dtype)
        text = f"affine{bits}g{group}" if mode == "affine" else mode
        if (bits, group, mode) != (4, 64, "affine"):
            config["quantization"][path] = {"group_size": group, "bits": bits, "mode": mode}
        if experts:
            for e in range(shape[0]):
                note(experts.replace("EXPERT", str(e)), back[e], text)
        else:
            note(path + ".weight", back, text)

    def plain(path, shape, dtype=mx.bfloat16):
        w = mx.array(rng.normal(1, 0.1, shape).astype(np.float32)).astype(dtype)
        arrays[path] = w
        note(path, w, {mx.bfloat16: "BF16", mx.float16: "F16"}[dtype])

    a = "model.layers.0.self_attn."
    add("model.embed_tokens", (64, 128))
    add(a + "q_proj", (32, 128), bits=2, group=32)
    add(a + "k_proj", (16, 128), bits=3)
    add(a + "v_proj", (16, 128), bits=5, group=128)
    add(a + "o_proj", (128, 32), bits=6, group=32)
    add("lm_head", (64, 128), bits=8, group=32, dtype=mx.float16)
    b = "model.layers.1.self_attn."
    add(b + "q_proj", (32, 128), mode="mxfp4", bits=4, group=32)
    add(b + "k_proj", (16, 128), mode="mxfp8", bits=8, group=32)
    add(b + "v_proj", (16, 128), mode="nvfp4", bits=4, group=16)
    add("model.layers.1.mlp.switch_mlp.gate_proj", (3, 8, 128), bits=3, group=32,
        experts="model.layers.1.mlp.experts.EXPERT.gate_proj.weight")
    add("model.layers.1.mlp.gate", (3, 128), bits=8)
    plain("model.norm.weight", (128,))
    plain("model.layers.0.input_layernorm.weight", (128,), mx.float16)
    mx.save_safetensors(f"{out}/mlx/model.safetensors", arrays, {"format": "mlx"})
    with open(f"{out}/mlx/config.json", "w") as f:
        json.dump(config, f, indent=1)
    parameters = sum(int(np.prod(w["shape"])) for w in want)
    with open(f"{out}/mlx.json", "w") as f:
        json.dump({"parameters": parameters, "tensors": want}, f, indent=0)


def make_gguf(out):
    rng = np.random.default_rng(2)
    g = GGUFWriter(f"{out}/types.gguf", "strange")
    g.add_uint8("t.u8", 200)
    g.add_int8("t.i8", -100)
    g.add_uint16("t.u16", 60000)
    g.add_int16("t.i16", -30000)
    g.add_uint32("t.u32", 4000000000)
    g.add_int32("t.i32", -2000000000)
    g.add_float32("t.f32", 1e-6)
    g.add_bool("t.bool", True)
    g.add_string("t.string", "gr\u00fc\u00df")
    g.add_array("t.list", [1, 2, 3])
    g.add_array("t.strings", ["a", "", "c"])
    g.add_uint64("t.u64", 1 << 62)
    g.add_int64("t.i64", -(1 << 62))
    g.add_float64("t.f64", 0.1)
    want = []
    x = rng.normal(0, 0.05, (2, 512)).astype(np.float32)
    for t in (Q.F32, Q.F16, Q.BF16, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q8_0):
        raw = quants.quantize(x, t)
        back = quants.dequantize(raw, t)
        g.add_tensor(f"blk.0.{t.name.lower()}.weight", raw, raw_dtype=t)
        want.append((t, back))
    for t in (Q.Q2_K, Q.Q3_K, Q.Q4_K, Q.Q5_K, Q.Q6_K):
        block, size = 256, {"Q2_K": 84, "Q3_K": 110, "Q4_K": 144, "Q5_K": 176, "Q6_K": 210}[t.name]
        raw = rng.integers(0, 256, (2, 512 // block * size), dtype=np.uint8)
        # half floats inside the blocks: keep them finite
        where = {"Q2_K": (80, 82), "Q3_K": (108,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}
        for row in raw:
            for start in range(0, len(row), size):
                for at in where[t.name]:
                    row[start + at + 1] = 0x18
        back = quants.dequantize(raw, t)
        g.add_tensor(f"blk.0.{t.name.lower()}.weight", raw, raw_dtype=t)
        want.append((t, back))
    g.write_header_to_file()
    g.write_kv_data_to_file()
    g.write_tensors_to_file()
    g.close()
    with open(f"{out}/types.json", "w") as f:
        json.dump([{"name": f"blk.0.{t.name.lower()}.weight", "type": t.name,
                    "shape": list(b.shape), "fnv": fnv(b)} for t, b in want], f, indent=0)


make_mlx(sys.argv[1])
make_gguf(sys.argv[1])
