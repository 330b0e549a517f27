#!/usr/bin/env python3
"""One small model in every form that a merge reads, and what each form decodes to.

    generate.py FOLDER     writes the folders that stand beside this script

base/         bfloat16, the names of a llama
KIND/         the same weights stored as KIND; of gpt-oss its experts
kinds.json    FNV-1a of the float32 values that each tensor of each kind stands for: by gguf-py
              (GGUF), mlx (MLX), and by numpy from the formulas of the formats (FP8,
              compressed-tensors, ModelOpt, gpt-oss)
gptq/ awq/    codes with the shapes and names of those packings, which are named and not decoded
*.gguf        tied and untied heads"""
import json
import sys
from pathlib import Path

import mlx.core as mx
import numpy as np
import torch
from gguf import GGMLQuantizationType as Q
from gguf import GGUFWriter, quants
from safetensors.torch import save_file

out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
H, FF, V, HEADS = 64, 96, 40, 4
config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 1, "hidden_size": H,
          "intermediate_size": FF, "vocab_size": V, "num_attention_heads": HEADS, "num_key_value_heads": HEADS,
          "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "max_position_embeddings": 64, "torch_dtype": "bfloat16"}
LINEAR = {"self_attn.q_proj": (H, H), "self_attn.k_proj": (H, H), "mlp.up_proj": (FF, H), "mlp.down_proj": (H, FF)}
P = "model.layers.0."
torch.manual_seed(5)
base = {P + k + ".weight": torch.randn(s).mul(0.05).to(torch.bfloat16) for k, s in LINEAR.items()}
base |= {P + "input_layernorm.weight": torch.ones(H).to(torch.bfloat16),
         "model.embed_tokens.weight": torch.randn(V, H).mul(0.05).to(torch.bfloat16),
         "model.norm.weight": torch.ones(H).to(torch.bfloat16)}
head = torch.randn(V, H).mul(0.05).to(torch.bfloat16)
linears = [P + k for k in LINEAR]
values = {}
plain = {k: v for k, v in base.items() if k[:-7] not in linears}


def write(name, tensors, **more):
    (out / name).mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in tensors.items()}, out / name / "model.safetensors", {"format": "pt"})
    c = {**config, **more}
    (out / name / "config.json").write_text(json.dumps(c, indent=1))


def fnv(x):
    h = 0xCBF29CE484222325
    for b in np.ascontiguousarray(x, dtype="<f4").tobytes():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def decoded(name, tensors):
    values[name] = {k: fnv(torch.as_tensor(v).float().numpy()) for k, v in sorted(tensors.items())}


def f32(t):
    return t.float().numpy()


E2M1 = np.array([0, .5, 1, 1.5, 2, 3, 4, 6, -0., -.5, -1, -1.5, -2, -3, -4, -6], np.float32)


def fp4(w, scale, group):
    """Nearest codes of w / scale, and their values."""
    x = w.reshape(w.shape[0], -1, group) / scale[..., None]
    c = np.abs(x[..., None] - E2M1).argmin(-1).astype(np.uint8).reshape(w.shape)
    return c[:, 0::2] | c[:, 1::2] << 4, E2M1[c]


def e4m3(x):
    t = torch.as_tensor(x).to(torch.float8_e4m3fn)
    return t, t.float().numpy()


def by_linear(one):
    """Tensors and values of every linear, made by one(name, weight)."""
    t, want = dict(plain), dict(plain)
    for k in linears:
        more, value = one(k, f32(base[k + ".weight"]))
        t |= more
        want[k + ".weight"] = value
    return t, want


def fp8_block(k, w):
    s = np.zeros((-(-w.shape[0] // 64), -(-w.shape[1] // 64)), np.float32)
    full = np.zeros_like(w)
    for i in range(s.shape[0]):
        for j in range(s.shape[1]):
            b = np.s_[64 * i:64 * i + 64, 64 * j:64 * j + 64]
            s[i, j] = np.abs(w[b]).max() / 448
            full[b] = s[i, j]
    t, v = e4m3(w / full)
    return {k + ".weight": t, k + ".weight_scale_inv": torch.tensor(s)}, v * full


def fp8_channel(k, w):
    s = (np.abs(w).max(1, keepdims=True) / 448).astype(np.float32)
    t, v = e4m3(w / s)
    return {k + ".weight": t, k + ".weight_scale": torch.tensor(s), k + ".input_scale": torch.ones(1)}, v * s


def int8(k, w):
    s = torch.tensor(np.abs(w).max(1, keepdims=True) / 127).to(torch.bfloat16)
    q = np.clip(np.rint(w / f32(s)), -128, 127)
    return {k + ".weight": torch.tensor(q).to(torch.int8), k + ".weight_scale": s}, q.astype(np.int32).astype(np.float32) * f32(s)


def int4(k, w, group=32):
    s = torch.tensor(np.abs(w).reshape(w.shape[0], -1, group).max(2) / 7).to(torch.bfloat16)
    full = np.repeat(f32(s), group, 1)
    q = np.clip(np.rint(w / full), -8, 7)
    u = (q + 8).astype(np.uint32).reshape(w.shape[0], -1, 8)
    packed = (u << (4 * np.arange(8, dtype=np.uint32))).sum(2, dtype=np.uint32).view(np.int32)
    return {k + ".weight_packed": torch.tensor(packed), k + ".weight_scale": s,
            k + ".weight_shape": torch.tensor(w.shape)}, q.astype(np.int32).astype(np.float32) * full


def nvfp4(k, w):
    g = np.float32(2688 / np.abs(w).max())
    st, sv = e4m3(np.abs(w).reshape(w.shape[0], -1, 16).max(2) / 6 * g)
    scale = (sv / g).astype(np.float32)
    packed, v = fp4(w, scale, 16)
    return {k + ".weight_packed": torch.tensor(packed), k + ".weight_scale": st,
            k + ".weight_global_scale": torch.tensor([g]), k + ".input_global_scale": torch.ones(1)}, \
        v * np.repeat(scale, 16, 1)


def modelopt(k, w):
    two = np.float32(np.abs(w).max() / 2688)
    st, sv = e4m3(np.abs(w).reshape(w.shape[0], -1, 16).max(2) / 6 / two)
    scale = (sv * two).astype(np.float32)
    packed, v = fp4(w, scale, 16)
    return {k + ".weight": torch.tensor(packed), k + ".weight_scale": st, k + ".weight_scale_2": torch.tensor(two),
            k + ".input_scale": torch.tensor(np.float32(1))}, v * np.repeat(scale, 16, 1)


def kind(name, one, quantization):
    t, want = by_linear(one)
    write(name, t, quantization_config=quantization)
    decoded(name, want)


write("base", base, tie_word_embeddings=True)
write("untied", base | {"lm_head.weight": head}, tie_word_embeddings=False)
kind("fp8", fp8_block, {"quant_method": "fp8", "weight_block_size": [64, 64], "activation_scheme": "dynamic"})
kind("fp8ct", fp8_channel, {"quant_method": "compressed-tensors", "format": "float-quantized"})
kind("int8ct", int8, {"quant_method": "compressed-tensors", "format": "int-quantized"})
kind("int4ct", int4, {"quant_method": "compressed-tensors", "format": "pack-quantized"})
kind("nvfp4ct", nvfp4, {"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"})
kind("modelopt", modelopt, {"quant_method": "modelopt", "quant_algo": "NVFP4"})

# MLX: two modes, the embedding too
q = {"group_size": 32, "bits": 4, "mode": "affine"}
t, want = {}, {}
for k, v in base.items():
    w = mx.array(f32(v)).astype(mx.bfloat16)
    if w.ndim == 1:
        t[k], want[k] = w, f32(v)
        continue
    mode = "mxfp4" if "up_proj" in k else "affine"
    if mode == "mxfp4":
        q[k[:-7]] = {"group_size": 32, "bits": 4, "mode": "mxfp4"}
    parts = mx.quantize(w, group_size=32, bits=4, mode=mode)
    t |= {k[:-7] + e: p for e, p in zip((".weight", ".scales", ".biases"), parts)}
    want[k] = np.array(mx.dequantize(*parts, group_size=32, bits=4, mode=mode, dtype=mx.bfloat16).astype(mx.float32))
(out / "mlx").mkdir(exist_ok=True)
mx.save_safetensors(str(out / "mlx" / "model.safetensors"), t, {"format": "mlx"})
(out / "mlx" / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": True, "quantization": q,
                                                      "quantization_config": q}, indent=1))
decoded("mlx", want)

# gpt-oss: stacked experts in mxfp4
E, R = 2, 64
rng = np.random.default_rng(3)
blocks = rng.integers(0, 256, (E, R, H // 32, 16)).astype(np.uint8)
scales = rng.integers(118, 124, (E, R, H // 32)).astype(np.uint8)
codes = np.stack([blocks & 15, blocks >> 4], -1).reshape(E, R, H)
value = E2M1[codes] * np.repeat(np.exp2(scales.astype(np.float32) - 127), 32, 2).astype(np.float32)
oss = {"model_type": "gpt_oss", "architectures": ["GptOssForCausalLM"], "num_local_experts": E}
g = P + "mlp.experts.gate_up_proj"
write("gptoss", plain | {g + "_blocks": torch.tensor(blocks), g + "_scales": torch.tensor(scales)},
      **oss, quantization_config={"quant_method": "mxfp4"})
decoded("gptoss", plain | {g: value})

# GGUF: q and k with their rows in ggml's order
GGUF = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", P + "input_layernorm": "blk.0.attn_norm",
        P + "self_attn.q_proj": "blk.0.attn_q", P + "self_attn.k_proj": "blk.0.attn_k",
        P + "mlp.up_proj": "blk.0.ffn_up", P + "mlp.down_proj": "blk.0.ffn_down", "lm_head": "output"}


def permute(w, back=False):
    n = w.shape[0] // HEADS
    shape = (HEADS, n // 2, 2, -1) if back else (HEADS, 2, n // 2, -1)
    return w.reshape(shape).swapaxes(1, 2).reshape(w.shape)


def gguf(name, tensors):
    g = GGUFWriter(out / (name + ".gguf"), "llama")
    for k, v in (("block_count", 1), ("embedding_length", H), ("feed_forward_length", FF), ("head_count", HEADS),
                 ("head_count_kv", HEADS), ("context_length", 64), ("vocab_size", V)):
        getattr(g, "add_" + k)(v)
    g.add_layer_norm_rms_eps(1e-5)
    g.add_rope_freq_base(10000.0)
    want = {}
    for k, v in tensors.items():
        w, stem = f32(v), k[:-7]
        turned = "q_proj" in k or "k_proj" in k
        if turned:
            w = permute(w)
        kind = Q.F32 if w.ndim == 1 else Q.Q4_0 if "up_proj" in k else Q.Q8_0
        packed = quants.quantize(w, kind) if w.ndim > 1 else w
        g.add_tensor(GGUF[stem] + ".weight", packed, raw_dtype=kind)
        value = quants.dequantize(packed, kind).reshape(w.shape) if w.ndim > 1 else w
        want[k] = permute(value, True) if turned else value
    g.write_header_to_file()
    g.write_kv_data_to_file()
    g.write_tensors_to_file()
    g.close()
    return want


decoded("gguf", gguf("gguf", base))
gguf("untied", base | {"lm_head.weight": head})

# named only
gptq, awq = dict(plain), dict(plain)
for k, (n, m) in LINEAR.items():
    gptq |= {P + k + ".qweight": torch.zeros(m // 8, n, dtype=torch.int32),
             P + k + ".qzeros": torch.zeros(m // 32, n // 8, dtype=torch.int32),
             P + k + ".scales": torch.ones(m // 32, n, dtype=torch.float16),
             P + k + ".g_idx": torch.arange(m, dtype=torch.int32) // 32}
    awq |= {P + k + ".qweight": torch.zeros(m, n // 8, dtype=torch.int32),
            P + k + ".qzeros": torch.zeros(m // 32, n // 8, dtype=torch.int32),
            P + k + ".scales": torch.ones(m // 32, n, dtype=torch.float16)}
write("gptq", gptq, quantization_config={"quant_method": "gptq", "bits": 4, "group_size": 32, "desc_act": False,
                                         "sym": True})
write("awq", awq, quantization_config={"quant_method": "awq", "bits": 4, "group_size": 32, "version": "gemm",
                                       "zero_point": True})
(out / "kinds.json").write_text(json.dumps(values, indent=1) + "\n")
