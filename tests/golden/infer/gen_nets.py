#!/usr/bin/env python3
"""Expected -log p of small networks whose weights are made up by a formula, so that the test can make
them too. The reference is transformers in float64; the files hold no weights.
Needs torch and transformers. Usage: gen_nets.py > nets.json"""
import json
import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np
import torch
import transformers as tf
from transformers import AutoModelForCausalLM


def made_up(name, n):
    """Uniform in [-1, 1): the test has the same in tests/unit/test_net.c."""
    h = np.uint32(2166136261)
    with np.errstate(over="ignore"):
        for b in name.encode():
            h = np.uint32((h ^ np.uint32(b)) * np.uint32(16777619))
        x = h + np.arange(n, dtype=np.uint32) * np.uint32(2654435761)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x7FEB352D)
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x846CA68B)
        x ^= x >> np.uint32(16)
    return ((x >> np.uint32(8)).astype(np.float64) / 8388608 - 1).astype(np.float32)


def scale(name, rank):
    if "norm" in name:
        return 0.3, 1.0
    return (0.3, 0.0) if rank < 2 else (0.2, 0.0)


BASE = dict(vocab_size=96, hidden_size=64, intermediate_size=96, num_hidden_layers=3,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
            pad_token_id=0, bos_token_id=1, eos_token_id=2)
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0,
              high_freq_factor=4.0, original_max_position_embeddings=32)
GRANITE = dict(embedding_multiplier=12.0, attention_multiplier=0.05, residual_multiplier=0.22,
               logits_scaling=0.25)
MAMBA = dict(mamba_n_heads=8, mamba_d_head=16, mamba_expand=2, mamba_n_groups=1, mamba_d_state=16,
             mamba_d_conv=4, mamba_chunk_size=8)
MIXED = ["mamba", "attention", "mamba"]
CASES = [
    ("llama", tf.LlamaConfig(**BASE, tie_word_embeddings=False)),
    ("llama3-rope", tf.LlamaConfig(**BASE, rope_parameters=LLAMA3, tie_word_embeddings=True)),
    ("linear-rope", tf.LlamaConfig(**BASE, rope_parameters=dict(
        rope_type="linear", rope_theta=5000.0, factor=4.0), tie_word_embeddings=True)),
    ("biases", tf.LlamaConfig(**BASE, attention_bias=True, mlp_bias=True)),
    ("mistral", tf.MistralConfig(**BASE, sliding_window=None)),
    ("qwen2", tf.Qwen2Config(**BASE, tie_word_embeddings=True)),
    ("qwen3", tf.Qwen3Config(**BASE, head_dim=32)),
    ("granite", tf.GraniteConfig(**BASE, **GRANITE)),
    ("granitemoe", tf.GraniteMoeConfig(**BASE, **GRANITE, num_local_experts=5,
                                       num_experts_per_tok=2)),
    ("hybrid", tf.GraniteMoeHybridConfig(
        **BASE, **GRANITE, **MAMBA, shared_intermediate_size=48, num_local_experts=4,
        num_experts_per_tok=2, layer_types=MIXED, position_embedding_type="nope")),
    ("hybrid-rope", tf.GraniteMoeHybridConfig(
        **BASE, **GRANITE, **{**MAMBA, "mamba_n_groups": 2}, shared_intermediate_size=48,
        num_local_experts=0, layer_types=MIXED, position_embedding_type="rope")),
]


def stored_names(name, tensors):
    """As save_pretrained writes them."""
    out = {}
    for k, v in tensors.items():
        k = k.replace("block_sparse_moe.experts.gate_up_proj", "block_sparse_moe.input_linear.weight")
        k = k.replace("block_sparse_moe.experts.down_proj", "block_sparse_moe.output_linear.weight")
        k = k.replace("block_sparse_moe.router.weight", "block_sparse_moe.router.layer.weight")
        out[k] = v
    return out


def main():
    cases = []
    tokens = [(7 * i * i + 13 * i + 5) % 96 for i in range(48)]
    for name, config in CASES:
        config._experts_implementation = "eager"  # the others have no float64
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float64).eval()
        tied = bool(config.tie_word_embeddings)
        shapes = []
        with torch.no_grad():
            for (stored, p) in stored_names(name, dict(model.named_parameters())).items():
                a, b = scale(stored, p.ndim)
                # float32 throughout, as the test makes and stores them
                v = made_up(stored, p.numel()) * np.float32(a) + np.float32(b)
                p.copy_(torch.tensor(v.reshape(p.shape), dtype=torch.float64))
                if not (tied and stored == "lm_head.weight"):
                    shapes.append([stored, list(p.shape)])
            logits = model(torch.tensor(tokens)[None]).logits[0]
            logp = torch.log_softmax(logits.double(), -1)
        nll = [-float(logp[i, tokens[i + 1]]) for i in range(len(tokens) - 1)]
        c = {k: v for k, v in config.to_dict().items()
             if isinstance(v, (int, float, str, bool, list, dict)) and not (
                 isinstance(v, float) and not np.isfinite(v))}
        c.pop("time_step_limit", None)
        cases.append(dict(name=name, config=c, tensors=shapes, tokens=tokens, nll=nll))
        print(name, np.mean(nll), file=sys.stderr)
    json.dump(cases, sys.stdout, separators=(",", ":"))
    print()


main()
