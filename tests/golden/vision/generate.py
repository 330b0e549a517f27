#!/usr/bin/env python3
"""Small models that see, in the layouts of three families, and the text models inside them: random
bfloat16 weights under the names that their files have.

    generate.py FOLDER     writes the folders that stand beside this script"""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
H, FF, V, L = 8, 12, 20, 2
TEXT = {"num_hidden_layers": L, "hidden_size": H, "intermediate_size": FF, "vocab_size": V,
        "num_attention_heads": 2, "num_key_value_heads": 1}


def text(prefix, head, tied=False):
    t = {prefix + "embed_tokens.weight": (V, H), prefix + "norm.weight": (H,)}
    for i in range(L):
        p = f"{prefix}layers.{i}."
        t |= {p + "self_attn.q_proj.weight": (H, H), p + "self_attn.k_proj.weight": (H // 2, H),
              p + "mlp.down_proj.weight": (H, FF), p + "input_layernorm.weight": (H,)}
    if not tied:
        t[head + "lm_head.weight"] = (V, H)
    return t


def tower(prefix, projector):
    return {prefix + "patch_embed.proj.weight": (4, 6), prefix + "blocks.0.attn.qkv.weight": (12, 4),
            prefix + "blocks.0.norm1.weight": (4,), projector + ".weight": (H, 4)}


def write(name, seed, config, shapes, **files):
    torch.manual_seed(seed)
    (out / name).mkdir(parents=True, exist_ok=True)
    save_file({k: torch.randn(s).mul(0.1).to(torch.bfloat16) for k, s in shapes.items()},
              out / name / "model.safetensors", {"format": "pt"})
    (out / name / "config.json").write_text(json.dumps(config, indent=1))
    for f, j in files.items():
        (out / name / (f + ".json")).write_text(json.dumps(j))


seen = {"preprocessor_config": {"do_resize": True}, "processor_config": {"processor_class": "P"},
        "chat_template": {"chat_template": "{{ messages }}"}}
write("qwen2vl", 1, {"model_type": "qwen2_vl", "architectures": ["Qwen2VLForConditionalGeneration"], **TEXT,
                     "vision_config": {"depth": 1}}, text("model.", "") | tower("visual.", "visual.merger.mlp.0"), **seen)
write("qwen2", 2, {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], **TEXT}, text("model.", ""))
write("llava", 3, {"model_type": "llava", "architectures": ["LlavaForConditionalGeneration"],
                   "text_config": {"model_type": "llama", **TEXT}, "vision_config": {"hidden_size": 4}},
      text("language_model.model.", "language_model.") | tower("vision_tower.", "multi_modal_projector.linear_1"), **seen)
write("llama", 4, {"model_type": "llama", "architectures": ["LlamaForCausalLM"], **TEXT}, text("model.", ""))
write("gemma3", 5, {"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"],
                    "text_config": {"model_type": "gemma3_text", **TEXT}, "vision_config": {"hidden_size": 4}},
      text("model.language_model.", "", True) | tower("model.vision_tower.", "model.multi_modal_projector.mm"), **seen)
write("gemma3text", 6, {"model_type": "gemma3_text", "architectures": ["Gemma3ForCausalLM"], **TEXT},
      text("model.", "", True))
write("other", 7, {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}, {"h.0.attn.c_attn.weight": (H, H)})
