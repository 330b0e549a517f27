#!/usr/bin/env python3
"""Keeps, of a file of merge vectors made with mergekit 0.1.5, the cases of the methods cupel has.
usage: gen_vectors.py merge-vectors.json > vectors.json"""
import json
import sys

METHODS = ["linear", "slerp", "nuslerp", "task_arithmetic", "ties", "dare_linear", "dare_ties",
           "breadcrumbs", "breadcrumbs_ties", "della", "della_linear", "ram", "ramplus_tl", "sce", "nearswap",
           "passthrough", "multislerp", "karcher", "model_stock", "arcee_fusion"]
d = json.load(open(sys.argv[1]))
print('{"cases":[')
cases = []
for c in d["cases"]:
    if c["method"] not in METHODS:
        continue
    # its mask is decided by a softmax in 8 or 11 bits there, and by nothing that can be repeated
    if c["method"] == "arcee_fusion" and c["dtype"] != "float32":
        continue
    c.pop("expected_v014", None)
    c.pop("seed", None)
    if c["id"] == "mini/linear_zero_sum":
        c["expected"] = {"error": True}
    cases.append(json.dumps(c, separators=(",", ":")))
print(",\n".join(cases))
print("]}")
