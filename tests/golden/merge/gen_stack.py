#!/usr/bin/env python3
"""Stacks of layers as mergekit 0.1.5 makes them: tiny models of 3 and 4 layers, recipes with slices
and modules, every tensor of the outputs (float32, little-endian bytes in hex).
usage: gen_stack.py > stack.json   (needs mergekit 0.1.5, numpy, safetensors)"""
import json
import pathlib
import tempfile

import numpy as np
import safetensors.numpy
import yaml
from mergekit.config import MergeConfiguration
from mergekit.merge import run_merge
from mergekit.options import MergeOptions

CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4,
          "intermediate_size": 6, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 2,
          "vocab_size": 12, "rms_norm_eps": 1e-05, "tie_word_embeddings": False,
          "torch_dtype": "float32", "max_position_embeddings": 64, "hidden_act": "silu"}
LAYERS = {"A": 3, "B": 3, "C": 4}
SHAPES = {"input_layernorm": (4,), "mlp.down_proj": (4, 6), "mlp.gate_proj": (6, 4),
          "mlp.up_proj": (6, 4), "post_attention_layernorm": (4,), "self_attn.k_proj": (2, 4),
          "self_attn.o_proj": (4, 4), "self_attn.q_proj": (4, 4), "self_attn.v_proj": (2, 4)}
RECIPES = {
    "passthrough_three": """
merge_method: passthrough
slices:
- sources: [{model: A, layer_range: [0, 2]}]
- sources:
  - model: C
    layer_range: [1, 4]
    parameters: {scale: [{filter: down_proj, value: 0.5}, {filter: layers.3., value: 0.25}, {value: 1.0}]}
- sources: [{model: B, layer_range: [1, 3]}]
""",
    "slerp_restart": """
merge_method: slerp
base_model: A
parameters: {t: [{filter: self_attn, value: [0, 1]}, {filter: layers.2., value: 0.9}, {value: [0.2, 0.4, 0.8]}]}
slices:
- sources: [{model: A, layer_range: [0, 3]}, {model: C, layer_range: [1, 4]}]
- sources: [{model: A, layer_range: [1, 3]}, {model: C, layer_range: [0, 2]}]
- parameters: {t: 0.75}
  sources: [{model: C, layer_range: [3, 4]}, {model: A, layer_range: [0, 1]}]
""",
    "linear_counts": """
merge_method: linear
parameters: {normalize: false}
slices:
- sources:
  - {model: A, layer_range: [0, 2], parameters: {weight: [0.25, 1.5]}}
  - {model: B, layer_range: [1, 3], parameters: {weight: 0.5}}
- sources:
  - {model: B, layer_range: [0, 1], parameters: {weight: [0.1, 0.2]}}
  - {model: C, layer_range: [3, 4], parameters: {weight: [{filter: layers.3., value: 2.0}, {value: 0.125}]}}
  - {model: A, layer_range: [2, 3], parameters: {weight: 1.0}}
""",
    "bases_of_slices": """
merge_method: task_arithmetic
parameters: {weight: 0.5, lambda: 1.25}
slices:
- base_model: A
  sources:
  - {model: B, layer_range: [0, 2]}
  - {model: A, layer_range: [0, 2]}
  - {model: C, layer_range: [2, 4], parameters: {weight: [1.0, -0.5]}}
- base_model: C
  parameters: {weight: [0.1, 0.9]}
  sources: [{model: C, layer_range: [1, 3]}, {model: A, layer_range: [1, 3]}, {model: B, layer_range: [0, 2]}]
""",
    "ties_density": """
merge_method: ties
base_model: A
parameters: {weight: 1.0, density: [{filter: mlp, value: [0.5, 1.0]}, {value: 0.75}]}
slices:
- sources: [{model: A, layer_range: [0, 1]}, {model: B, layer_range: [0, 1]}, {model: C, layer_range: [0, 1]}]
- sources: [{model: A, layer_range: [1, 3]}, {model: B, layer_range: [1, 3]}, {model: C, layer_range: [2, 4]}]
""",
    "module_parameters": """
merge_method: nearswap
base_model: B
parameters: {t: 0.5}
modules:
  default:
    parameters: {t: [0.002, 0.01]}
    slices:
    - sources: [{model: B, layer_range: [0, 3]}, {model: C, layer_range: [1, 4]}]
    - parameters: {t: [{filter: layers.4.mlp, value: 0.001}]}
      sources: [{model: B, layer_range: [0, 2]}, {model: A, layer_range: [0, 2]}]
""",
    "one_layer_slices": """
merge_method: nuslerp
slices:
- sources: [{model: C, layer_range: [3, 4], parameters: {weight: [1.0, 3.0]}}, {model: A, layer_range: [0, 1], parameters: {weight: 1.0}}]
- sources: [{model: A, layer_range: [0, 1], parameters: {weight: [4.0, 1.0]}}, {model: C, layer_range: [3, 4], parameters: {weight: 1.0}}]
- sources: [{model: C, layer_range: [0, 1], parameters: {weight: [1.0, 9.0]}}, {model: B, layer_range: [2, 3], parameters: {weight: 2.0}}]
""",
}


def make(dir, name, layers, seed):
    rng = np.random.default_rng(seed)
    shapes = {"model.embed_tokens": (12, 4), "model.norm": (4,), "lm_head": (12, 4)}
    for i in range(layers):
        shapes.update({f"model.layers.{i}.{k}": v for k, v in SHAPES.items()})
    tensors = {f"{k}.weight": (rng.standard_normal(v) * 0.1).astype(np.float32) for k, v in sorted(shapes.items())}
    (dir / name).mkdir()
    (dir / name / "config.json").write_text(json.dumps({**CONFIG, "num_hidden_layers": layers}))
    safetensors.numpy.save_file(tensors, dir / name / "model.safetensors", {"format": "pt"})
    return tensors


def pack(tensors):
    return {k: {"shape": list(v.shape), "hex": v.astype("<f4").tobytes().hex()}
            for k, v in sorted(tensors.items())}


def named(node, dir):
    """A, B and C as paths."""
    if isinstance(node, dict):
        return {k: str(dir / v) if k in ("model", "base_model") else named(v, dir) for k, v in node.items()}
    return [named(v, dir) for v in node] if isinstance(node, list) else node


def main():
    with tempfile.TemporaryDirectory() as tmp:
        dir = pathlib.Path(tmp)
        models = {name: make(dir, name, layers, i) for i, (name, layers) in enumerate(LAYERS.items())}
        out = {"config": CONFIG, "layers": LAYERS, "models": {k: pack(v) for k, v in models.items()}, "runs": []}
        for name, text in RECIPES.items():
            config = MergeConfiguration.model_validate(named(yaml.safe_load(text), dir))
            run_merge(config, str(dir / name), MergeOptions(copy_tokenizer=False, write_model_card=False, quiet=True))
            made = json.loads((dir / name / "config.json").read_text())
            out["runs"].append({"name": name, "yaml": text.lstrip(), "layers": made["num_hidden_layers"],
                                "output": pack(safetensors.numpy.load_file(dir / name / "model.safetensors"))})
        print(json.dumps(out, separators=(",", ":")))


main()
