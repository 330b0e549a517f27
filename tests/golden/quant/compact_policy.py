#!/usr/bin/env python3
"""policy.txt from the dry runs of llama-quantize (gen_policy.py's JSON).
Usage: compact_policy.py RUNS.json > policy.txt

	model NAME                     and its tensors in the order of processing:
	t NAME ne0 ne1 ne2 ne3
	r KEY runs                     one character a tensor, in words of repeats: "3a2b" = aaabb;
	                               the letter is the place of the type in `types`; "-" = refused
"""
import json, sys

doc = json.load(open(sys.argv[1]))
letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
assert len(doc["types"]) <= len(letters)
print("types", *doc["types"])
for name, m in doc["models"].items():
    print("model", name)
    for n, *ne in m["tensors"]:
        print("t", n, *ne)
    for key, run in m["runs"].items():
        out, i = "", 0
        while run and i < len(run):
            k = i
            while k < len(run) and run[k] == run[i]:
                k += 1
            out += (str(k - i) if k - i > 1 else "") + letters[run[i]]
            i = k
        print("r", key, out or "-")
