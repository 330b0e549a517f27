#!/usr/bin/env python3
"""A small tokenizer.json for each way of cutting text, trained on a paragraph, and the tokens that
the tokenizers library makes of some texts. Needs tokenizers. Usage: gen_tokens.py > tokens.json"""
import json
import random
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import processors, trainers

PARAGRAPH = """It's the year 2026: we'll merge 3 models, they've 4096x1024 weights, I'd say 12345.
La façon dont les poids sont mêlés décide; weil größere Matrizen länger dauern. Привет, мир! 你好，世界。
def f(x):\n    return x**2 + 3.14159  # don't\n\n\tif x != 0: print("yes")\n    else:   pass
ARE YOU SURE? WE'LL SEE... HE'D GO. 1/2 ½ Ⅷ ٣ नमस्ते दुनिया
"""
FAMILY = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
MARKS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+"
         r"[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def split(regex):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(regex), "isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def words():
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)


WAYS = {
    "llama-bpe": lambda: split(FAMILY % "{1,3}"),
    "qwen2": lambda: split(FAMILY % ""),
    "qwen35": lambda: split(MARKS),
    "gpt-2": words,
    "smollm": lambda: pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), words()]),
}
POOL = list("  \n\n\r\t''stmdrevlSTMDREVLLabcXYZ0123456789.,;:!?-_()[]{}#@$%&*+=/\\|~^`\"") + list(
    "éßñЖжΩ中文字日本語한글กำ\u0301\u0308½²Ⅷ٣५\u00a0\u3000\u2009\u2028\u200b\u200d\ufeff🦙🚀")


def main():
    rnd = random.Random(11)
    texts = [PARAGRAPH, "", " ", "\n", "  \n \n\n  x", "a" * 200, "I'LL we'LL it's 'tis", "12345678",
             "<|end|>a<|user|> b <|end|>", "e\u0301 and \u00e9", "x \u00a0 y\u3000z", "tail   "]
    texts += ["".join(rnd.choice(POOL) for _ in range(rnd.randint(1, 60))) for _ in range(25)]
    cases = []
    for name, way in WAYS.items():
        t = Tokenizer(models.BPE(ignore_merges=name == "llama-bpe"))
        t.pre_tokenizer = way()
        t.decoder = decoders.ByteLevel()
        if name == "qwen2":
            t.normalizer = normalizers.NFC()
        t.train_from_iterator([PARAGRAPH] * 3, trainers.BpeTrainer(
            vocab_size=420, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
            special_tokens=["<|end|>"]))
        t.add_tokens([AddedToken("<|user|>", special=False, normalized=False)])
        bos = t.token_to_id("<|end|>") if name == "llama-bpe" else -1
        if bos >= 0:
            t.post_processor = processors.TemplateProcessing(
                single="<|end|> $A", special_tokens=[("<|end|>", bos)])
        want = [dict(text=x, special=t.encode(x, add_special_tokens=False).ids) for x in texts]
        for w in want:
            if "<|end|>" in w["text"]:
                w["plain"] = None  # the library has no such way: the test compares bytes only
            else:
                w["plain"] = w["special"]
        cases.append(dict(name=name, bos=bos, file=json.loads(t.to_str()), texts=want))
    json.dump(cases, sys.stdout, separators=(",", ":"), ensure_ascii=True)
    print()


main()
