#!/usr/bin/env python3
"""Small models, adapters on them, and what peft (0.21) and mlx_lm (0.32) make of both.

    generate.py FOLDER     writes the files that stand beside this script

peft: PeftModel.from_pretrained, merge_and_unload, saved in the model's dtype (bfloat16, but for the
float32 case). Torch sums B A in an order of its own, so a rounding to bfloat16 can fall the other
way where the sum lies on its edge: the test allows one unit in the last place, in few elements.
mlx_lm: LoRALinear.fuse and LoRAEmbedding.fuse on float32 weights."""
import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

out = Path(sys.argv[1] if len(sys.argv) > 1 else ".")


def base(name, model, dtype):
    torch.manual_seed(1)
    for p in model.parameters():
        p.data.normal_(0, 0.05)
    model.to(dtype)
    state = {k: v.contiguous().clone() for k, v in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        state.pop("lm_head.weight", None)
    (out / name).mkdir(parents=True, exist_ok=True)
    save_file(state, out / name / "model.safetensors", {"format": "pt"})
    config = model.config.to_dict()
    keep = ["model_type", "architectures", "hidden_size", "intermediate_size", "num_hidden_layers",
            "num_attention_heads", "num_key_value_heads", "vocab_size", "tie_word_embeddings", "n_embd",
            "n_layer", "n_head", "n_positions"]
    config["architectures"] = [type(model).__name__]
    (out / name / "config.json").write_text(json.dumps({k: config[k] for k in keep if k in config}, indent=1))


def adapter(name, of, dtype, seed, **config):
    model = load(of, dtype)
    torch.manual_seed(seed)
    peft = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **config))
    for k, p in peft.named_parameters():
        if "lora_" in k or "modules_to_save" in k:
            p.data.normal_(0, 0.1)
    peft.save_pretrained(out / name)
    (out / name / "README.md").unlink(missing_ok=True)
    path = out / name / "adapter_config.json"
    j = json.loads(path.read_text())
    j["base_model_name_or_path"] = "owner/" + of
    j.pop("peft_version", None)
    path.write_text(json.dumps(j, indent=1, sort_keys=True))


def load(of, dtype):
    kind = GPT2LMHeadModel if of == "gpt2" else LlamaForCausalLM
    config = kind.config_class(**json.loads((out / of / "config.json").read_text()))
    model = kind(config)
    state = load_file(out / of / "model.safetensors")
    model.load_state_dict(state, strict=False)
    model.tie_weights()
    return model.to(dtype)


def merged(name, of, dtype, adapters):
    model = load(of, dtype)
    for a, scale in adapters:
        peft = PeftModel.from_pretrained(model, out / a)
        if scale != 1:
            for m in peft.modules():
                if hasattr(m, "set_scale"):
                    m.set_scale("default", scale)
        model = peft.merge_and_unload()
        model = model.to(dtype)
    state = {k: v.contiguous().clone() for k, v in model.state_dict().items()}
    if of == "gpt2":
        state.pop("lm_head.weight", None)
    before = load_file(out / of / "model.safetensors")
    changed = {k: v for k, v in state.items() if not torch.equal(v, before[k].to(v.dtype))}
    save_file(changed, out / (name + ".safetensors"))


def mlx():
    import mlx.core as mx
    import mlx.nn as nn
    from mlx_lm.tuner.lora import LoRAEmbedding, LoRALinear

    mx.random.seed(3)
    w = {k: mx.array(v.float().numpy()) for k, v in load_file(out / "llama" / "model.safetensors").items()}
    tensors, want = {}, {}
    for name in ("model.layers.0.self_attn.k_proj", "model.layers.1.mlp.down_proj", "model.embed_tokens"):
        kind, wrap = (nn.Embedding, LoRAEmbedding) if "embed" in name else (nn.Linear, LoRALinear)
        rows, columns = w[name + ".weight"].shape
        plain = nn.Embedding(rows, columns) if "embed" in name else nn.Linear(columns, rows, bias=False)
        plain.weight = w[name + ".weight"]
        lora = wrap.from_base(plain, r=3, scale=7.5)
        lora.lora_a = mx.random.normal(lora.lora_a.shape) * 0.1
        lora.lora_b = mx.random.normal(lora.lora_b.shape) * 0.1
        tensors[name + ".lora_a"], tensors[name + ".lora_b"] = lora.lora_a, lora.lora_b
        want[name + ".weight"] = lora.fuse().weight
    (out / "mlx").mkdir(exist_ok=True)
    mx.save_safetensors(str(out / "mlx" / "adapters.safetensors"), tensors)
    mx.save_safetensors(str(out / "mlx.safetensors"), want)
    (out / "mlx" / "adapter_config.json").write_text(json.dumps({
        "fine_tune_type": "lora", "model": "owner/llama", "num_layers": 2,
        "lora_parameters": {"rank": 3, "dropout": 0.0, "scale": 7.5}}, indent=1))


llama = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
             num_key_value_heads=1, vocab_size=40, tie_word_embeddings=False)
base("llama", LlamaForCausalLM(LlamaConfig(**llama)), torch.bfloat16)
base("gpt2", GPT2LMHeadModel(GPT2Config(n_embd=16, n_layer=1, n_head=2, n_positions=16, vocab_size=40)),
     torch.float32)
linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
adapter("plain", "llama", torch.bfloat16, 11, r=4, lora_alpha=8, target_modules=linear)
adapter("rich", "llama", torch.bfloat16, 12, r=4, lora_alpha=6, use_rslora=True,
        target_modules=["q_proj", "v_proj", "down_proj", "embed_tokens"], modules_to_save=["lm_head"],
        rank_pattern={"layers.1.self_attn.q_proj": 2, r".*\.0\.mlp\.down_proj": 5},
        alpha_pattern={"v_proj": 3})
adapter("conv1d", "gpt2", torch.float32, 13, r=3, lora_alpha=5, target_modules=["c_attn", "c_fc"],
        fan_in_fan_out=True)
merged("plain", "llama", torch.bfloat16, [("plain", 1)])
merged("half", "llama", torch.bfloat16, [("plain", 0.5)])
merged("rich", "llama", torch.bfloat16, [("rich", 1)])
merged("both", "llama", torch.bfloat16, [("plain", 1), ("rich", 1)])
merged("conv1d", "gpt2", torch.float32, [("conv1d", 1)])
mlx()
