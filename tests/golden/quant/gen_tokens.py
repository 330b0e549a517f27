"""Golden data of tokenizers in written GGUF files; never run by `make check`.

    python gen_tokens.py TEXT LLAMA_CPP_SOURCE OUT.json

Small tokenizers of the kinds that models have, trained on TEXT, beside a model of one layer of 32
columns. Records the files and the keys that llama.cpp's converter writes from them (gguf_keys.py).
"""
import base64
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import sentencepiece
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from gguf_keys import keys_of

text, source, out = sys.argv[1:]
CONVERT = r"""
import sys
sys.path.insert(0, sys.argv[1]); sys.path.insert(0, sys.argv[1] + "/gguf-py")
from conversion.base import TextModel
pre = sys.argv[4]
TextModel.get_vocab_base_pre = lambda self, tokenizer: pre
top = sys.argv[1]
sys.argv = ["convert_hf_to_gguf.py", sys.argv[2], "--outtype", "bf16", "--outfile", sys.argv[3]]
import runpy
runpy.run_path(top + "/convert_hf_to_gguf.py", run_name="__main__")
"""
CL = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = CL.replace("{1,3}", "")


def config(vocab, **more):
    c = dict(architectures=["LlamaForCausalLM"], model_type="llama", dtype="bfloat16", hidden_act="silu", hidden_size=32,
             intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=64,
             rms_norm_eps=1e-6, rope_theta=10000.0, tie_word_embeddings=True, vocab_size=vocab)
    c.update(more)
    return c


def shapes_of(c):
    v = {"model.embed_tokens.weight": [c["vocab_size"], 32], "model.norm.weight": [32]}
    at = "model.layers.0."
    v[at + "input_layernorm.weight"] = v[at + "post_attention_layernorm.weight"] = [32]
    for name in "qkvo":
        v[f"{at}self_attn.{name}_proj.weight"] = [32, 32]
        if c["model_type"] == "qwen2" and name != "o":
            v[f"{at}self_attn.{name}_proj.bias"] = [32]
    for name in ("gate", "up", "down"):
        v[f"{at}mlp.{name}_proj.weight"] = [32, 32]
    return [[k, v[k]] for k in sorted(v)]


def bpe(split, whole=False, size=290, special=("<|begin|>", "<|end|>"), added=(), template=True, bytes_too=False):
    t = Tokenizer(models.BPE(ignore_merges=whole))
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not split)
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(__import__("tokenizers").Regex(split), "isolated"), level]) if split else level
    t.decoder = decoders.ByteLevel()
    t.train([text], trainers.BpeTrainer(vocab_size=size, special_tokens=list(special), show_progress=False,
                                        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    t.add_tokens([AddedToken(a, normalized=False) for a in added])
    begin = processors.TemplateProcessing(single=f"{special[0]} $A", pair=f"{special[0]} $A {special[0]} $B",
                                          special_tokens=[(special[0], t.token_to_id(special[0]))])
    level = processors.ByteLevel(trim_offsets=False)
    t.post_processor = processors.Sequence([level, begin]) if template and bytes_too else begin if template else level
    return t.to_str()


def fallback():
    """BPE of characters with bytes to fall back on, as Llama 2's."""
    t = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.train([text], trainers.BpeTrainer(vocab_size=400, show_progress=False, max_token_length=8,
                                        special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]))
    t.add_tokens([AddedToken("▁▁", normalized=False)])
    t.add_special_tokens([AddedToken("<|turn|>")])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return t.to_str()


def pieces(dst, kind):
    sentencepiece.SentencePieceTrainer.train(
        input=text, model_prefix=f"{dst}/tokenizer", vocab_size=340, model_type=kind, byte_fallback=True, character_coverage=0.98,
        user_defined_symbols=["<tool>"], control_symbols=["<ctl>"], normalization_rule_name="identity", remove_extra_whitespaces=False,
        minloglevel=2, num_threads=1, max_sentence_length=100000)
    os.remove(f"{dst}/tokenizer.vocab")


NAMED = {"bos_token": "<|begin|>", "eos_token": {"__type": "AddedToken", "content": "<|end|>"}}
FAST = {"tokenizer_class": "PreTrainedTokenizerFast"}
SPM = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
CASES = {
    "llama-bpe": (config(292), dict(FAST, **NAMED, chat_template="{{ messages[0]['content'] }}" * 4),
                  lambda d: bpe(CL, True, bytes_too=True)),
    "dbrx": (config(300, bos_token_id=0, eos_token_id=1, pad_token_id=1), dict(FAST, add_bos_token=True),
             lambda d: bpe(CL, template=False, added=("<|user|>", "two▁words", "<tool>"))),
    "qwen2": (config(292, architectures=["Qwen2ForCausalLM"], model_type="qwen2"),
              dict(FAST, eos_token="<|end|>", pad_token="<|endoftext|>", add_bos_token=False, bos_token=None, chat_template="{{ x }}"),
              lambda d: bpe(QWEN, template=False, special=("<|endoftext|>", "<|end|>"))),
    "gpt-2": (config(292), None, lambda d: bpe(None)),
    "pieces": (config(352, bos_token_id=1, eos_token_id=2),
               dict(SPM, add_bos_token=True, add_eos_token=False, add_prefix_space=False, added_tokens_decoder={
                   "0": {"content": "<unk>", "special": True}, "1": {"content": "<s>", "special": True},
                   "341": {"content": "a▁b", "special": False}, "342": {"content": "<|x|>", "special": False},
                   "999": {"content": "far", "special": False}}),
               lambda d: pieces(d, "bpe")),
    "unigram": (config(340, bos_token_id=1, eos_token_id=2, architectures=["Qwen2ForCausalLM"], model_type="qwen2"), None,
                lambda d: pieces(d, "unigram")),
    "fallback": (config(401), dict(FAST, **SPM, additional_special_tokens=["<|turn|>"], add_bos_token=True), lambda d: fallback()),
}


def main():
    made = {}
    for name, (c, tc, make) in CASES.items():
        with tempfile.TemporaryDirectory() as tmp:
            d = f"{tmp}/m"
            os.mkdir(d)
            json.dump(c, open(d + "/config.json", "w"))
            if tc:
                json.dump(tc, open(d + "/tokenizer_config.json", "w"))
            if (t := make(d)) is not None:
                open(d + "/tokenizer.json", "w").write(t)
            if name == "pieces":
                json.dump({"<added>": 340, "<far>": 400}, open(d + "/added_tokens.json", "w"))
            header, at = {}, 0
            for n, shape in shapes_of(c):
                size = 2 * int(np.prod(shape))
                header[n] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + size]}
                at += size
            h = json.dumps(header).encode()
            with open(d + "/model.safetensors", "wb") as f:
                f.write(len(h).to_bytes(8, "little") + h + bytes(at))
            subprocess.run([sys.executable, "-c", CONVERT, source, d, tmp + "/x.gguf", name], check=True, stdout=subprocess.DEVNULL)
            files = {}
            for f in ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "added_tokens.json"):
                if os.path.exists(f"{d}/{f}"):
                    raw = open(f"{d}/{f}", "rb").read()
                    files[f] = base64.b64encode(raw).decode() if f == "tokenizer.model" else json.loads(raw)
            made[name] = {"config": c, "tensors": shapes_of(c), "files": files, "keys": keys_of(tmp + "/x.gguf")}
    with open(out, "w") as f:
        f.write("{\n" + ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in made.items()) + "\n}\n")


main()
