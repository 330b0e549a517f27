"""Golden data of written GGUF files; never run by `make check`.

    python gen_files.py ZOO LLAMA_CPP_SOURCE LLAMA_QUANTIZE OUT.json

For small models of many families, whose weights are a formula of name and place (tests/unit/
formula.h has the same one), converts with llama.cpp's converter and quantizes with its
llama-quantize, and records of every tensor its type, its dimensions and half of the XXH3-128 of its
bytes; and the keys that the converter wrote (gguf_keys.py). The configs are those of the small
trained models in ZOO, or stand here; the tokenizer is theirs too, so the converter is told the name
of its pre-tokenizer.
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

from gguf_keys import keys_of

zoo, source, quantize, out = sys.argv[1:]
ZOO = {"llama": "base", "qwen3": "qwen3", "granite": "granite", "granitehybrid": "hybrid"}
TYPES = ["Q8_0", "Q4_0", "Q4_K_M", "Q3_K_M", "Q2_K", "Q6_K", "Q5_K_M", "IQ4_XS"]
IMATRIX = ["Q4_K_M", "IQ4_XS", "Q4_0"]
M32 = 0xFFFFFFFF


def config(kind, model_type, **more):
    c = dict(architectures=[kind + "ForCausalLM"], model_type=model_type, dtype="bfloat16", hidden_act="silu", hidden_size=256,
             intermediate_size=256, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=1024,
             rms_norm_eps=1e-6, rope_theta=10000.0, tie_word_embeddings=True, vocab_size=2048, bos_token_id=0, eos_token_id=0)
    c.update(more)
    return c


# Families that are not among the small trained models, and what those do not have: biases, a head
# of its own, experts one by one and stacked, rows that are no whole blocks, factors of frequencies.
HAND = {
    "qwen2": config("Qwen2", "qwen2", intermediate_size=512, tie_word_embeddings=False, vocab_size=2056,
                    rope_scaling={"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 256}),
    "qwen3moe": config("Qwen3Moe", "qwen3_moe", head_dim=64, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=256,
                       intermediate_size=512, rope_parameters={"rope_type": "default", "rope_theta": 1000000.0}),
    "qwen2moe": config("Qwen2Moe", "qwen2_moe", num_experts=4, num_experts_per_tok=2, moe_intermediate_size=256,
                       shared_expert_intermediate_size=512, rope_scaling={"rope_type": "linear", "factor": 2.0}),
    "granitemoe": config("GraniteMoe", "granitemoe", num_local_experts=4, num_experts_per_tok=2, attention_multiplier=0.015625,
                         embedding_multiplier=12.0, residual_multiplier=0.22, logits_scaling=6.0),
    "granitemoeshared": config("GraniteMoeShared", "granitemoeshared", num_local_experts=2, num_experts_per_tok=1, num_hidden_layers=1,
                               shared_intermediate_size=512, attention_multiplier=0.015625, embedding_multiplier=12.0,
                               residual_multiplier=0.22, logits_scaling=6.0, tie_word_embeddings=False),
    "granitedense": config("GraniteMoeHybrid", "granitemoehybrid", num_local_experts=0, num_experts_per_tok=0, num_hidden_layers=1,
                           shared_intermediate_size=512, attention_multiplier=0.015625, embedding_multiplier=12.0,
                           residual_multiplier=0.22, logits_scaling=6.0, layer_types=["attention"], mamba_d_state=128, mamba_n_groups=1,
                           mamba_d_conv=4, mamba_expand=2, mamba_n_heads=8, mamba_d_head=64, position_embedding_type="rope"),
    "mixtral": config("Mixtral", "mixtral", num_local_experts=4, num_experts_per_tok=2, tie_word_embeddings=False),
    "llama3": config("Llama", "llama", hidden_size=288, head_dim=64, intermediate_size=400, tie_word_embeddings=False,
                     attention_bias=True, rope_theta=500000.0,
                     rope_scaling={"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                   "original_max_position_embeddings": 512}),
}
SHORT = ["Q8_0", "Q4_K_M", "Q3_K_M", "Q2_K", "IQ4_XS"]


def shapes_of(c):
    """The tensors of a model made by hand, as its family names them."""
    family, h, ff = c["model_type"], c["hidden_size"], c["intermediate_size"]
    dim = c.get("head_dim", h // c["num_attention_heads"])
    q, kv = dim * c["num_attention_heads"], dim * c["num_key_value_heads"]
    v = {"model.embed_tokens.weight": [c["vocab_size"], h], "model.norm.weight": [h]}
    if not c["tie_word_embeddings"]:
        v["lm_head.weight"] = [c["vocab_size"], h]
    for layer in range(c["num_hidden_layers"]):
        at = f"model.layers.{layer}."
        v[at + "input_layernorm.weight"] = v[at + "post_attention_layernorm.weight"] = [h]
        for name, rows in (("q", q), ("k", kv), ("v", kv)):
            v[f"{at}self_attn.{name}_proj.weight"] = [rows, h]
            if family.startswith("qwen2") or c.get("attention_bias"):
                v[f"{at}self_attn.{name}_proj.bias"] = [rows]
        v[at + "self_attn.o_proj.weight"] = [h, q]
        if family == "qwen3_moe":
            v[at + "self_attn.q_norm.weight"] = v[at + "self_attn.k_norm.weight"] = [dim]
        experts = c.get("num_experts", c.get("num_local_experts", 0))
        if family.startswith("granitemoe"):
            if experts:
                v[at + "block_sparse_moe.router.layer.weight"] = [experts, h]
                v[at + "block_sparse_moe.input_linear.weight"] = [experts, 2 * ff, h]
                v[at + "block_sparse_moe.output_linear.weight"] = [experts, h, ff]
            if "shared_intermediate_size" in c:
                v[at + "shared_mlp.input_linear.weight"] = [2 * c["shared_intermediate_size"], h]
                v[at + "shared_mlp.output_linear.weight"] = [h, c["shared_intermediate_size"]]
        elif experts:
            block, gate, up, down, wide = ("block_sparse_moe", "w1", "w3", "w2", ff) if family == "mixtral" else (
                "mlp", "gate_proj", "up_proj", "down_proj", c["moe_intermediate_size"])
            v[f"{at}{block}.gate.weight"] = [experts, h]
            for e in range(experts):
                v[f"{at}{block}.experts.{e}.{gate}.weight"] = v[f"{at}{block}.experts.{e}.{up}.weight"] = [wide, h]
                v[f"{at}{block}.experts.{e}.{down}.weight"] = [h, wide]
            if "shared_expert_intermediate_size" in c:
                wide = c["shared_expert_intermediate_size"]
                v[at + "mlp.shared_expert.gate_proj.weight"] = v[at + "mlp.shared_expert.up_proj.weight"] = [wide, h]
                v[at + "mlp.shared_expert.down_proj.weight"] = [h, wide]
                v[at + "mlp.shared_expert_gate.weight"] = [1, h]
        else:
            v[at + "mlp.gate_proj.weight"] = v[at + "mlp.up_proj.weight"] = [ff, h]
            v[at + "mlp.down_proj.weight"] = [h, ff]
    return [[k, v[k]] for k in sorted(v)]


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
    src = f"{zoo}/{ZOO.get(family, 'base')}"
    for f in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(f"{src}/{f}", dst)
    if family in HAND:
        config = HAND[family]
        shapes = shapes_of(config)
    else:
        config = json.load(open(f"{src}/config.json"))
        with safe_open(f"{src}/model.safetensors", "pt") as f:
            shapes = [[k, list(f.get_slice(k).get_shape())] for k in sorted(f.keys())]
    json.dump(config, open(f"{dst}/config.json", "w"))
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
    return config, shapes


def tensors(path, names=None):
    """[name, dimensions] of each, and "TYPE:half of its hash" in the same order."""
    import gguf

    found = {t.name: t for t in gguf.GGUFReader(path).tensors}
    names = names or [[t.name, [int(d) for d in t.shape]] for t in found.values()]
    assert len(names) == len(found)
    return names, " ".join(
        found[n].tensor_type.name + ":" + xxhash.xxh3_128_hexdigest(np.ascontiguousarray(found[n].data).tobytes())[:16]
        for n, _ in names)


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
        for family in list(ZOO) + list(HAND):
            hf, plain = f"{tmp}/{family}", f"{tmp}/{family}.gguf"
            os.mkdir(hf)
            config, shapes = folder(family, hf)
            subprocess.run([sys.executable, "-c", CONVERT, source, hf, plain], check=True, stdout=subprocess.DEVNULL)
            names, files = tensors(plain)
            of = made[family] = {"config": config, "tensors": shapes, "keys": keys_of(plain), "names": names, "files": {"BF16": files}}
            for t in TYPES if family in ZOO else SHORT:
                subprocess.run([quantize, plain, f"{tmp}/q.gguf", t, "2"], check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                of["files"][t] = tensors(f"{tmp}/q.gguf", names)[1]
            imatrix(f"{tmp}/i.gguf", plain)
            for t in IMATRIX if family in ZOO else IMATRIX[:1]:
                subprocess.run([quantize, "--imatrix", f"{tmp}/i.gguf", plain, f"{tmp}/q.gguf", t, "2"], check=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                of["files"][t + " imatrix"] = tensors(f"{tmp}/q.gguf", names)[1]
    with open(out, "w") as f:
        f.write("{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in made.items()) + "\n}\n")


main()
