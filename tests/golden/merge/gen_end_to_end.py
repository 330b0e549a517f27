#!/usr/bin/env python3
"""Keeps, of a file of merge vectors made with mergekit 0.1.5, three tiny models and whole merges of them.
usage: gen_end_to_end.py merge-vectors.json > end_to_end.json"""
import json
import sys

d = json.load(open(sys.argv[1]))["end_to_end"]
d["runs"] = [r for r in d["runs"] if r["name"] in ("slerp_gradient", "dare_ties_seed42", "passthrough_stack")]
print(json.dumps({"config": d["config"], "models": d["models"],
                  "runs": [{k: r[k] for k in ("name", "yaml", "output")} for r in d["runs"]]},
                 separators=(",", ":")))
